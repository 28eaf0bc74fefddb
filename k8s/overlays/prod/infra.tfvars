# Three zones, each with its own way out, and nothing that AWS deletes without being told twice.
environment  = "prod"
account      = "000000000000"
region       = "eu-central-1"
state_bucket = "wayfare-states-000000000000"
owner        = "platform@wayfare.example"
cost_centre  = "operations"
expires      = "never"
protected    = true
domain       = "wayfare.example"

network = {
  cidr  = "10.22.0.0/16"
  zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat   = "each"
}

cluster = {
  version = "1.34"
  disk_gb = 100
  access = {
    "arn:aws:iam::000000000000:role/wayfare-deployer" = { role = "deployer", namespaces = ["wayfare-prod"] }
  }
  node_groups = {
    usual = { instance_types = ["m6i.large"], least = 3, most = 9 }
  }
}
