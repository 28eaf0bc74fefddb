output "address" {
  value       = aws_eip.this.public_ip
  description = "Where SSH and the web answer"
}

output "private_address" {
  value = aws_instance.this.private_ip
}
