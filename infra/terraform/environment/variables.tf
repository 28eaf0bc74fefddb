# What an environment's infra.tfvars states. What it may leave out has a default.

variable "environment" {
  type        = string
  description = "Its name, and the beginning of every name in the account"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}$", var.environment))
    error_message = "An environment's name is 2 to 15 small letters, digits and dashes: AWS bounds what is made of it."
  }
}

variable "account" {
  type        = string
  description = "The AWS account; with credentials of another one nothing is touched"
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account is a number of 12 digits."
  }
}

variable "region" {
  type        = string
  description = "The AWS region"
}

variable "state_bucket" {
  type        = string
  description = "The bucket of the Terraform state, which is made before: docs/infrastructure.md"
}

variable "owner" {
  type        = string
  description = "Who pays and is asked: a mail address, as a tag on everything"
  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.owner))
    error_message = "The owner is a mail address."
  }
}

variable "cost_centre" {
  type        = string
  description = "As a tag on everything"
}

variable "expires" {
  type        = string
  description = "The day after which it may be removed, as a tag on everything: 2027-01-31, or `never`"
  validation {
    condition     = var.expires == "never" || can(formatdate("YYYY", "${var.expires}T00:00:00Z"))
    error_message = "`expires` is a day such as 2027-01-31, or `never`."
  }
}

variable "protected" {
  type        = bool
  default     = false
  description = "Whether AWS itself refuses to delete cluster, database and machine"
}

variable "domain" {
  type        = string
  description = "The name that clients use; its zone is made here"
}

variable "domain_delegated" {
  type        = bool
  default     = false
  description = "Whether the parent zone points to this one already; the first apply prints its name servers"
}

variable "network" {
  type = object({
    cidr  = string
    zones = list(string)
    nat   = optional(string, "one")
  })
  description = "Addresses and availability zones"
}

variable "log_days" {
  type        = number
  default     = 365
  description = "Days that logs of the network, the control plane and the firewall are kept"
  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "CloudWatch keeps logs for 90, 120, 150, 180, 365, 400, 545 or 731 days; less than 90 is too few to look into a break-in."
  }
}

variable "signals_kept_days" {
  type        = map(number)
  default     = { logs = 90, traces = 14, metrics = 400 }
  description = "Buckets for what Loki, Tempo and Thanos keep"
}

variable "backup_days" {
  type        = number
  default     = 30
  description = "Days that no one can delete a backup"
}

variable "requests_in_five_minutes" {
  type        = number
  default     = 2000
  description = "From one address, before the firewall answers 429"
}

variable "cluster" {
  type = object({
    version  = string
    api_from = optional(list(string), [])
    access   = optional(map(object({ role = string, namespaces = optional(list(string), []) })), {})
    disk_gb  = optional(number, 50)
    node_groups = map(object({
      instance_types = list(string)
      least          = number
      most           = number
      spot           = optional(bool, false)
    }))
  })
  default     = null
  description = "Kubernetes; null: none"
}

variable "database" {
  type = object({
    postgres_version = optional(string, "17")
    instance_class   = string
    storage_gb       = optional(number, 50)
    multi_az         = optional(bool, false)
    backup_days      = optional(number, 14)
  })
  default     = null
  description = "RDS; null: the operator's PostgreSQL in the cluster, or the machine's own"
}

variable "redis" {
  type = object({
    node_type = string
    replicas  = optional(number, 1)
  })
  default     = null
  description = "ElastiCache; null: the one in the cluster, or the machine's own"
}

variable "redis_auth_token" {
  type        = string
  default     = null
  sensitive   = true
  description = "From TF_VAR_redis_auth_token, never from a file"
}

variable "machine" {
  type = object({
    ami            = optional(string)
    instance_type  = string
    disk_gb        = optional(number, 40)
    ssh_user       = optional(string, "admin")
    ssh_public_key = string
    ssh_from       = list(string)
  })
  default     = null
  description = "One virtual machine with everything on it; null: none"
}
