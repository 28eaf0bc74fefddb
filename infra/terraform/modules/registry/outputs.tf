output "urls" {
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
  description = "By image"
}

output "arns" {
  value = [for repository in aws_ecr_repository.this : repository.arn]
}
