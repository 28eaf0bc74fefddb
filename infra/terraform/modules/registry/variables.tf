variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "repositories" {
  type        = list(string)
  description = "One for each image"
}

variable "key_arn" {
  type        = string
  description = "The KMS key that encrypts images"
}
