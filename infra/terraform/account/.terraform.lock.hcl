# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/aws" {
  version     = "6.69.1"
  constraints = "~> 6.0"
  hashes = [
    "h1:8pK53zt971VkfqoWJty1DsYZNp5zcxemwmAWUjpZqYQ=",
  ]
}
