variable "account" {
  type        = string
  description = "The AWS account"
}

variable "region" {
  type        = string
  description = "The AWS region"
}

variable "state_bucket" {
  type        = string
  description = "Its name, unique in all of S3"
}

variable "owner" {
  type        = string
  description = "Who pays and is asked"
}

variable "cost_centre" {
  type        = string
  description = "As a tag on everything"
}
