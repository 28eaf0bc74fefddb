variable "name" {
  type        = string
  description = "Of the environment, as in every name"
}

variable "domain" {
  type        = string
  description = "The zone"
}

variable "owner_mail" {
  type        = string
  description = "Who hears of a certificate that was refused"
}

variable "delegated" {
  type        = bool
  description = "Whether the parent zone points here already: until then nobody can prove the name"
}
