variable "environment" {
  type        = string
  description = "Whose backups they are"
}

variable "owner" {
  type        = string
  description = "Who pays and is asked"
}

variable "cost_centre" {
  type        = string
  description = "As a tag on everything"
}

variable "from" {
  type        = list(string)
  description = "Public addresses from which copies are written"
}

variable "locked" {
  type        = bool
  default     = false
  description = "Make retention final: from then on nobody, you included, can shorten it"
}

variable "azure" {
  type = object({
    subscription    = string
    location        = string
    storage_account = string
    days            = optional(number, 90)
  })
  description = "The second copy: 90 days"
  validation {
    condition     = var.azure.days >= 90
    error_message = "Backups in Azure are kept for 90 days at least (P13)."
  }
}

variable "google" {
  type = object({
    project  = string
    region   = string
    location = string
    years    = optional(number, 7)
  })
  description = "The third copy: 7 years"
  validation {
    condition     = var.google.years >= 7
    error_message = "Backups in Google's storage are kept for 7 years at least (P13)."
  }
}
