variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "vpc_id" {
  type        = string
  description = "The network"
}

variable "subnet_id" {
  type        = string
  description = "A public one: it is its own way in"
}

variable "ami" {
  type        = string
  description = "An image of yours made from Debian 12; null: Debian's newest"
  nullable    = true
}

variable "instance_type" {
  type        = string
  description = "t3.medium and up: 4 GB"
}

variable "disk_gb" {
  type        = number
  description = "System, database and a day of WAL"
  validation {
    condition     = var.disk_gb >= 30
    error_message = "The host profile needs a disk of at least 30 GB."
  }
}

variable "ssh_public_key" {
  type        = string
  description = "Whose private half `infra configure` has"
}

variable "ssh_from" {
  type        = list(string)
  description = "Networks from which SSH is accepted"
  validation {
    condition     = length(var.ssh_from) > 0 && alltrue([for net in var.ssh_from : tonumber(split("/", net)[1]) >= 24])
    error_message = "SSH isn't for the whole internet: name networks of /24 or smaller in ssh_from."
  }
}

variable "zone_id" {
  type        = string
  description = "The DNS zone"
}

variable "domain" {
  type        = string
  description = "The name that clients use"
}

variable "protected" {
  type        = bool
  description = "Whether EC2 refuses to terminate it"
}

variable "key_arn" {
  type        = string
  description = "The KMS key of its disk"
}

variable "backup_policy" {
  type        = string
  description = "What pgBackRest may do"
}
