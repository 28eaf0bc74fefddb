variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "region" {
  type        = string
  description = "The AWS region"
}

variable "cidr" {
  type        = string
  description = "The network's addresses, a /16"
  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "The network is a /16, such as 10.20.0.0/16."
  }
}

variable "zones" {
  type        = list(string)
  description = "Availability zones: two at least, since one may fail"
  validation {
    condition     = length(distinct(var.zones)) >= 2 && length(var.zones) <= 8
    error_message = "Name two to eight different availability zones."
  }
}

variable "nat" {
  type        = string
  description = "How private subnets reach the internet: `none`, `one` NAT gateway for all, or one for `each` zone"
  validation {
    condition     = contains(["none", "one", "each"], var.nat)
    error_message = "`nat` is none, one or each."
  }
}

variable "log_days" {
  type        = number
  description = "Days that flow logs are kept"
}

variable "log_key_arn" {
  type        = string
  description = "The KMS key of the logs"
}
