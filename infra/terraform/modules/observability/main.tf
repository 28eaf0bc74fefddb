# Where Loki, Tempo and Thanos (or their like) put what is too old for a disk, and the access logs of the other buckets.

module "signals" {
  source     = "../bucket"
  for_each   = var.kept_days
  name       = "${var.name}-${var.account}-${each.key}"
  data       = each.key
  key_arn    = var.key_arn
  kept_days  = each.value
  log_bucket = { name = module.access.name }
}

module "access" {
  source    = "../bucket"
  name      = "${var.name}-${var.account}-access-logs"
  data      = "access-logs"
  key_arn   = var.key_arn
  kept_days = 90
}

locals {
  arns = [for bucket in module.signals : bucket.arn]
  writer = {
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.arns },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = [for arn in local.arns : "${arn}/*"]
      },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.key_arn },
    ]
  }
}
