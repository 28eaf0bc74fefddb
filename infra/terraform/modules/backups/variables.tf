variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "account" {
  type        = string
  description = "The AWS account: a bucket's name is unique in all of S3"
}

variable "days" {
  type        = number
  description = "Days that a backup can't be deleted"
  validation {
    condition     = var.days >= 30
    error_message = "Backups in S3 are kept for 30 days at least (P13)."
  }
}

variable "key_arn" {
  type        = string
  description = "The KMS key of the backups"
}

variable "log_bucket" {
  type        = string
  description = "The bucket that gets its access log"
}
