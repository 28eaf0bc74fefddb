output "endpoint" {
  value       = aws_db_instance.this.endpoint
  description = "Host and port"
}

output "secret_arn" {
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
  description = "The owner's password, in Secrets Manager: RDS makes and rotates it, and it is in no state"
}
