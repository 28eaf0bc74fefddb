variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "requests_in_five_minutes" {
  type        = number
  description = "From one address, before it gets 429"
}

variable "log_days" {
  type        = number
  description = "Days that its log is kept"
}

variable "log_key_arn" {
  type        = string
  description = "The KMS key of the logs"
}
