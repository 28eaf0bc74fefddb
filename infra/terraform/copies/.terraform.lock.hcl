# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/azurerm" {
  version     = "5.10.0"
  constraints = "~> 5.0"
  hashes = [
    "h1:GY5oFgnNOtfjLFJEZ0NVjJeca/VnGebO7j2Hg4Yu7lk=",
  ]
}

provider "registry.terraform.io/hashicorp/google" {
  version     = "8.7.0"
  constraints = "~> 8.0"
  hashes = [
    "h1:S6KXp73g+mHDUgPhzZC+7CrBI/PXyQO6D6L3Jd/oi1k=",
  ]
}
