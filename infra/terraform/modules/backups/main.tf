# pgBackRest's first repository: 30 days, and for as long nobody can delete what is in it.

module "bucket" {
  source      = "../bucket"
  name        = "${var.name}-${var.account}-backups"
  data        = "backups"
  key_arn     = var.key_arn
  locked_days = var.days
  # pgBackRest itself removes what has expired; what it removes stays as an old version until the lock ends.
  kept_days  = 0
  log_bucket = { name = var.log_bucket }
}

locals {
  writer = {
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketLocation"], Resource = module.bucket.arn },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"]
        Resource = "${module.bucket.arn}/*"
      },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.key_arn },
    ]
  }
}
