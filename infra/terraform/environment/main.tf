# One environment in AWS: what its infra.tfvars asks for, and nothing that isn't in these modules.

locals {
  name = "wayfare-${var.environment}"
  tags = {
    project       = "wayfare"
    environment   = var.environment
    owner         = var.owner
    "cost-centre" = var.cost_centre
    ttl           = var.expires
  }
  clients = var.cluster == null ? {} : { cluster = module.cluster[0].security_group_id }
}

module "keys" {
  source  = "../modules/keys"
  name    = local.name
  account = var.account
  region  = var.region
  purposes = {
    data    = "databases, disks and images"
    secrets = "Kubernetes' secrets"
    backups = "backups"
    logs    = "logs, traces and metrics"
  }
}

module "network" {
  source      = "../modules/network"
  name        = local.name
  region      = var.region
  cidr        = var.network.cidr
  zones       = var.network.zones
  nat         = var.network.nat
  log_days    = var.log_days
  log_key_arn = module.keys.arns["logs"]
}

module "observability" {
  source    = "../modules/observability"
  name      = local.name
  account   = var.account
  kept_days = var.signals_kept_days
  key_arn   = module.keys.arns["logs"]
}

module "backups" {
  source     = "../modules/backups"
  name       = local.name
  account    = var.account
  days       = var.backup_days
  key_arn    = module.keys.arns["backups"]
  log_bucket = module.observability.access_log_bucket
}

module "registry" {
  source       = "../modules/registry"
  name         = local.name
  repositories = ["wayfare", "wayfare-web"]
  key_arn      = module.keys.arns["data"]
}

module "dns" {
  source     = "../modules/dns"
  name       = local.name
  domain     = var.domain
  owner_mail = var.owner
  delegated  = var.domain_delegated
}

module "firewall" {
  source                   = "../modules/firewall"
  count                    = var.cluster == null ? 0 : 1
  name                     = local.name
  requests_in_five_minutes = var.requests_in_five_minutes
  log_days                 = var.log_days
  log_key_arn              = module.keys.arns["logs"]
}

module "cluster" {
  source             = "../modules/cluster"
  count              = var.cluster == null ? 0 : 1
  name               = local.name
  kubernetes_version = var.cluster.version
  private_subnet_ids = module.network.private_subnet_ids
  api_from           = var.cluster.api_from
  access             = var.cluster.access
  node_groups        = var.cluster.node_groups
  disk_gb            = var.cluster.disk_gb
  protected          = var.protected
  log_days           = var.log_days
  log_key_arn        = module.keys.arns["logs"]
  disk_key_arn       = module.keys.arns["data"]
  secrets_key_arn    = module.keys.arns["secrets"]
  pods = {
    backups = {
      namespace       = local.name
      service_account = "wayfare-postgres"
      policy          = module.backups.writer_policy
    }
    signals = {
      namespace       = "monitoring"
      service_account = "signals"
      policy          = module.observability.writer_policy
    }
    cert-manager = {
      namespace       = "cert-manager"
      service_account = "cert-manager"
      policy          = module.dns.writer_policy
    }
  }
}

module "database" {
  source             = "../modules/database"
  count              = var.database == null ? 0 : 1
  name               = local.name
  vpc_id             = module.network.vpc_id
  private_subnet_ids = module.network.private_subnet_ids
  clients            = local.clients
  postgres_version   = var.database.postgres_version
  instance_class     = var.database.instance_class
  storage_gb         = var.database.storage_gb
  multi_az           = var.database.multi_az
  backup_days        = var.database.backup_days
  protected          = var.protected
  key_arn            = module.keys.arns["data"]
}

module "redis" {
  source             = "../modules/redis"
  count              = var.redis == null ? 0 : 1
  name               = local.name
  vpc_id             = module.network.vpc_id
  private_subnet_ids = module.network.private_subnet_ids
  clients            = local.clients
  node_type          = var.redis.node_type
  replicas           = var.redis.replicas
  auth_token         = var.redis_auth_token
  key_arn            = module.keys.arns["data"]
}

module "machine" {
  source         = "../modules/machine"
  count          = var.machine == null ? 0 : 1
  name           = local.name
  vpc_id         = module.network.vpc_id
  subnet_id      = module.network.public_subnet_ids[0]
  ami            = var.machine.ami
  instance_type  = var.machine.instance_type
  disk_gb        = var.machine.disk_gb
  ssh_public_key = var.machine.ssh_public_key
  ssh_from       = var.machine.ssh_from
  zone_id        = module.dns.zone_id
  domain         = var.domain
  protected      = var.protected
  key_arn        = module.keys.arns["data"]
  backup_policy  = module.backups.writer_policy
}
