# A small cluster, with PostgreSQL and Redis in it as in production.
environment  = "staging"
account      = "000000000000"
region       = "eu-central-1"
state_bucket = "wayfare-states-000000000000"
owner        = "platform@wayfare.example"
cost_centre  = "platform"
expires      = "never"
domain       = "staging.wayfare.example"

network = {
  cidr  = "10.21.0.0/16"
  zones = ["eu-central-1a", "eu-central-1b"]
}

cluster = {
  version = "1.34"
  access = {
    "arn:aws:iam::000000000000:role/wayfare-deployer" = { role = "deployer", namespaces = ["wayfare-staging"] }
  }
  node_groups = {
    usual = { instance_types = ["t3.large"], least = 2, most = 4, spot = true }
  }
}
