variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "kubernetes_version" {
  type        = string
  description = "Major and minor"
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Of control plane and nodes"
}

variable "api_from" {
  type        = list(string)
  description = "Networks outside from which the API server may be asked; none: only from inside"
  validation {
    condition     = !contains(var.api_from, "0.0.0.0/0")
    error_message = "The API server isn't for the whole internet: name your networks in api_from."
  }
}

variable "access" {
  type = map(object({
    role       = string
    namespaces = optional(list(string), [])
  }))
  description = "By the ARN of an IAM role: admin, deployer or reader, the latter two of some namespaces"
  validation {
    condition     = alltrue([for one in var.access : contains(["admin", "deployer", "reader"], one.role)])
    error_message = "A role in the cluster is admin, deployer or reader."
  }
  validation {
    condition     = alltrue([for one in var.access : one.role == "admin" || length(one.namespaces) > 0])
    error_message = "A deployer or reader needs its namespaces."
  }
}

variable "node_groups" {
  type = map(object({
    instance_types = list(string)
    least          = number
    most           = number
    spot           = bool
  }))
  description = "By name"
}

variable "disk_gb" {
  type        = number
  description = "Of each node"
}

variable "pods" {
  type = map(object({
    namespace       = string
    service_account = string
    policy          = string
  }))
  description = "Service accounts that may do something in AWS, with their policies"
  validation {
    condition = alltrue(flatten([for pod in var.pods : [
      for statement in jsondecode(pod.policy).Statement :
      statement.Effect != "Allow" || !contains(flatten([statement.Action]), "*") && !contains(flatten([statement.Resource]), "*")
    ]]))
    error_message = "A pod's policy names its actions and its resources: `*` alone is neither."
  }
}

variable "protected" {
  type        = bool
  description = "Whether EKS refuses to delete it"
}

variable "log_days" {
  type        = number
  description = "Days that the control plane's logs are kept"
}

variable "log_key_arn" {
  type        = string
  description = "The KMS key of the logs"
}

variable "disk_key_arn" {
  type        = string
  description = "The KMS key of the disks"
}

variable "secrets_key_arn" {
  type        = string
  description = "The KMS key of Kubernetes' secrets"
}
