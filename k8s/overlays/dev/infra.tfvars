# One virtual machine: the host profile. `cargo xtask infra plan --env dev` reads it; docs/infrastructure.md explains it.
environment  = "dev"
account      = "000000000000"
region       = "eu-central-1"
state_bucket = "wayfare-states-000000000000"
owner        = "platform@wayfare.example"
cost_centre  = "platform"
expires      = "2027-01-31"
domain       = "dev.wayfare.example"

network = {
  cidr  = "10.20.0.0/16"
  zones = ["eu-central-1a", "eu-central-1b"]
  nat   = "none"
}

machine = {
  instance_type  = "t3.medium"
  ssh_from       = ["192.0.2.0/24"]
  ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA replace-me"
}
