output "bucket" {
  value = module.bucket.name
}

output "writer_policy" {
  value       = jsonencode(local.writer)
  description = "For the role under which pgBackRest runs: without a right to delete versions or to bypass the lock"
}
