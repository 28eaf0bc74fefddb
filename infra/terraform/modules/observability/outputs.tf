output "buckets" {
  value       = { for signal, bucket in module.signals : signal => bucket.name }
  description = "By signal"
}

output "access_log_bucket" {
  value = module.access.name
}

output "writer_policy" {
  value = jsonencode(local.writer)
}
