mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "wayfare-test"
  vpc_id             = "vpc-1"
  private_subnet_ids = ["subnet-1", "subnet-2"]
  clients            = { cluster = "sg-1" }
  key_arn            = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
}

run "the_database_is_encrypted_private_and_recoverable" {
  command = apply
  module {
    source = "../modules/database"
  }
  variables {
    postgres_version = "17"
    instance_class   = "db.t4g.medium"
    storage_gb       = 50
    multi_az         = true
    backup_days      = 14
    protected        = true
  }
  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.key_arn
    error_message = "The database isn't encrypted by a key of ours."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_subnet_group.this.subnet_ids == toset(var.private_subnet_ids)
    error_message = "The database can be reached from outside."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "The owner's password is in the state."
  }
  assert {
    condition     = aws_db_instance.this.backup_retention_period >= 7 && !aws_db_instance.this.skip_final_snapshot
    error_message = "The database can be lost."
  }
  assert {
    condition     = aws_db_instance.this.deletion_protection
    error_message = "A protected database can be deleted."
  }
  assert {
    condition     = one([for one in aws_db_parameter_group.this.parameter : one.value if one.name == "rds.force_ssl"]) == "1"
    error_message = "The database answers without TLS."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.referenced_security_group_id == "sg-1" && rule.from_port == 5432 && rule.to_port == 5432])
    error_message = "Others than the cluster reach the database."
  }
}

run "redis_is_encrypted_at_rest_and_on_the_way_and_loses_no_event" {
  command = apply
  module {
    source = "../modules/redis"
  }
  variables {
    node_type  = "cache.t4g.small"
    replicas   = 1
    auth_token = "not-a-secret-but-long-enough"
  }
  assert {
    condition     = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled) && aws_elasticache_replication_group.this.kms_key_id == var.key_arn
    error_message = "Redis isn't encrypted at rest by a key of ours."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    error_message = "Redis answers without TLS."
  }
  assert {
    condition     = one([for one in aws_elasticache_parameter_group.this.parameter : one.value if one.name == "maxmemory-policy"]) == "noeviction"
    error_message = "A full Redis drops order events."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.cidr_ipv4 == null && rule.from_port == 6379])
    error_message = "Others than the cluster reach Redis."
  }
}

run "redis_without_a_password_is_refused" {
  command = plan
  module {
    source = "../modules/redis"
  }
  variables {
    node_type  = "cache.t4g.small"
    replicas   = 0
    auth_token = null
  }
  expect_failures = [var.auth_token]
}

run "keys_rotate_and_are_given_to_the_account_alone" {
  command = apply
  module {
    source = "../modules/keys"
  }
  variables {
    account  = "000000000000"
    region   = "eu-central-1"
    purposes = { data = "data", logs = "logs" }
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "A key doesn't rotate, or is gone before anyone notices."
  }
  assert {
    condition = alltrue(flatten([for key in aws_kms_key.this : [
      for statement in jsondecode(key.policy).Statement :
      statement.Principal != "*" && try(statement.Principal.AWS, "arn:aws:iam::000000000000:root") == "arn:aws:iam::000000000000:root"
    ]]))
    error_message = "A key is for others than this account."
  }
}

run "an_image_tag_is_written_once" {
  command = apply
  module {
    source = "../modules/registry"
  }
  variables {
    repositories = ["wayfare"]
  }
  assert {
    condition = alltrue([for one in aws_ecr_repository.this :
      one.image_tag_mutability == "IMMUTABLE" && one.image_scanning_configuration[0].scan_on_push
      && one.encryption_configuration[0].encryption_type == "KMS" && !one.force_delete
    ])
    error_message = "An image can be replaced under its tag, isn't scanned, or isn't encrypted."
  }
}

run "signals_are_deleted_some_day" {
  command = plan
  module {
    source = "../modules/observability"
  }
  variables {
    account   = "000000000000"
    kept_days = { logs = 0 }
  }
  expect_failures = [var.kept_days]
}
