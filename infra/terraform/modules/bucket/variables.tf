variable "name" {
  type        = string
  description = "Unique in all of S3"
}

variable "data" {
  type        = string
  description = "What is in it, as a tag: `infra apply` refuses to remove a bucket unless it is told to"
}

variable "key_arn" {
  type        = string
  description = "The KMS key that encrypts it"
}

variable "locked_days" {
  type        = number
  default     = 0
  description = "For so long no one, the root account included, can delete what was written; 0: no object lock"
}

variable "kept_days" {
  type        = number
  default     = 0
  description = "Objects are deleted after so many days; 0: never"
  validation {
    condition     = var.kept_days == 0 || var.kept_days >= var.locked_days
    error_message = "Nothing can be deleted before its lock ends: kept_days is shorter than locked_days."
  }
}

variable "log_bucket" {
  # An object, since whether there is one has to be known before its name is.
  type        = object({ name = string })
  default     = null
  description = "The bucket that gets its access log"
}
