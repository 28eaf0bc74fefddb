output "arn" {
  value       = aws_wafv2_web_acl.this.arn
  description = "For the load balancer's annotation"
}
