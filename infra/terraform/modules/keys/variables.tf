variable "name" {
  type        = string
  description = "Beginning of the aliases"
}

variable "account" {
  type        = string
  description = "The AWS account"
}

variable "region" {
  type        = string
  description = "The AWS region"
}

variable "purposes" {
  type        = map(string)
  description = "For each key its purpose in a sentence"
}
