terraform {
  # 1.11: the lock of a state in S3 is a file beside it, and no DynamoDB table.
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
  # Bucket, key and region are said by `cargo xtask infra`, from the environment's infra.tfvars.
  backend "s3" {
    use_lockfile = true
    encrypt      = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
  default_tags {
    tags = local.tags
  }
}
