variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "account" {
  type        = string
  description = "The AWS account: a bucket's name is unique in all of S3"
}

variable "kept_days" {
  type        = map(number)
  description = "For each signal a bucket, and how many days it keeps"
  validation {
    condition     = alltrue([for days in var.kept_days : days > 0])
    error_message = "Signals are deleted some day: they hold people's addresses."
  }
}

variable "key_arn" {
  type        = string
  description = "The KMS key of the signals"
}
