variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "vpc_id" {
  type        = string
  description = "The network"
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Where it may run"
}

variable "clients" {
  type        = map(string)
  description = "Security groups that may connect, by what they are"
}

variable "node_type" {
  type        = string
  description = "cache.t4g.small and up"
}

variable "replicas" {
  type        = number
  description = "Beside the primary; none: no failover"
}

variable "key_arn" {
  type        = string
  description = "The KMS key of its data"
}

variable "auth_token" {
  type        = string
  sensitive   = true
  description = "Its password, 16 to 128 characters"
  validation {
    condition     = var.auth_token != null && length(coalesce(var.auth_token, "-")) >= 16
    error_message = "Redis needs a password of at least 16 characters: TF_VAR_redis_auth_token."
  }
}
