# One key for each kind of data, so that who may read logs can't read backups.

resource "aws_kms_key" "this" {
  for_each                = var.purposes
  description             = "${var.name}: ${each.value}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.account_owns], each.key == "logs" ? [local.logs_write] : [])
  })
  tags = { data = each.key }
}

resource "aws_kms_alias" "this" {
  for_each      = var.purposes
  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}

locals {
  # Whoever may use it is decided by IAM policies, which name a key and never all of them.
  account_owns = {
    Sid       = "TheAccountDecides"
    Effect    = "Allow"
    Principal = { AWS = "arn:aws:iam::${var.account}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
  logs_write = {
    Sid       = "CloudWatchWrites"
    Effect    = "Allow"
    Principal = { Service = "logs.${var.region}.amazonaws.com" }
    Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    Resource  = "*"
    Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${var.account}:*" } }
  }
}
