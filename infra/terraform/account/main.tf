# Questions to the account, which change nothing: `infra doctor` before the first plan, `infra destroy` after the last step.

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
  region = var.region
}

variable "region" {
  type        = string
  description = "The AWS region"
}

variable "environment" {
  type        = string
  description = "Whose resources are looked for"
}

variable "quotas" {
  type        = map(object({ service = string, code = string, needed = number }))
  default     = {}
  description = "What the plan needs of each quota"
}

data "aws_caller_identity" "this" {}

data "aws_resourcegroupstaggingapi_resources" "this" {
  tag_filter {
    key    = "project"
    values = ["wayfare"]
  }
  tag_filter {
    key    = "environment"
    values = [var.environment]
  }
}

data "aws_servicequotas_service_quota" "this" {
  for_each     = var.quotas
  service_code = each.value.service
  quota_code   = each.value.code
}

output "account" {
  value = data.aws_caller_identity.this.account_id
}

output "resources" {
  value       = sort([for one in data.aws_resourcegroupstaggingapi_resources.this.resource_tag_mapping_list : one.resource_arn])
  description = "By its tags, what there is of the environment"
}

output "quotas" {
  value       = { for name, quota in data.aws_servicequotas_service_quota.this : name => { limit = quota.value, needed = var.quotas[name].needed } }
  description = "By name, what the account may have and what the plan needs"
}
