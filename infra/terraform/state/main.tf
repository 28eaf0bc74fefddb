# The bucket of the states, made once for an account: `infra bootstrap`. Its own state stays on the machine that made it;
# what is lost with that can be imported again.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
  default_tags {
    tags = { project = "wayfare", owner = var.owner, "cost-centre" = var.cost_centre, ttl = "never" }
  }
}

module "keys" {
  source   = "../modules/keys"
  name     = var.state_bucket
  account  = var.account
  region   = var.region
  purposes = { states = "Terraform's states, which hold passwords" }
}

module "bucket" {
  source  = "../modules/bucket"
  name    = var.state_bucket
  data    = "states"
  key_arn = module.keys.arns["states"]
}

output "bucket" {
  value = module.bucket.name
}
