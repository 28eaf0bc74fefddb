# What `infra configure` and deployments read; infra/outputs.schema.json is its form, and nothing else leaves here.

output "contract" {
  value = {
    version     = 1
    environment = var.environment
    region      = var.region
    account     = var.account
    domain      = var.domain
    tags        = local.tags
    machines = [for machine in module.machine : {
      name            = local.name
      address         = machine.address
      private_address = machine.private_address
      ssh_user        = var.machine.ssh_user
    }]
    cluster = one([for cluster in module.cluster : {
      name     = cluster.name
      endpoint = cluster.endpoint
      firewall = module.firewall[0].arn
    }])
    database = one([for database in module.database : {
      endpoint  = database.endpoint
      owner_arn = database.secret_arn
    }])
    redis    = one([for redis in module.redis : { endpoint = redis.endpoint }])
    registry = module.registry.urls
    backups  = { bucket = module.backups.bucket, region = var.region, days = var.backup_days }
    signals  = module.observability.buckets
    dns      = { zone = module.dns.zone_id, name_servers = module.dns.name_servers, certificate = module.dns.certificate_arn }
  }
}
