output "zone_id" {
  value = aws_route53_zone.this.zone_id
}

output "name_servers" {
  value       = aws_route53_zone.this.name_servers
  description = "For the parent zone"
}

output "certificate_arn" {
  value = aws_acm_certificate.this.arn
}

output "writer_policy" {
  value = jsonencode(local.writer)
}
