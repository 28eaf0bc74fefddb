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

variable "postgres_version" {
  type        = string
  description = "Major, or major and minor"
}

variable "instance_class" {
  type        = string
  description = "db.t4g.medium and up"
}

variable "storage_gb" {
  type        = number
  description = "At the start; it grows to four times that by itself"
}

variable "multi_az" {
  type        = bool
  description = "A standby in another zone"
}

variable "backup_days" {
  type        = number
  description = "Point-in-time recovery reaches so far back"
  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "RDS keeps 7 to 35 days; 0 would switch point-in-time recovery off."
  }
}

variable "protected" {
  type        = bool
  description = "Whether RDS refuses to delete it"
}

variable "key_arn" {
  type        = string
  description = "The KMS key of its data"
}
