mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment  = "test"
  account      = "000000000000"
  region       = "eu-central-1"
  state_bucket = "wayfare-state"
  owner        = "owner@example.org"
  cost_centre  = "platform"
  expires      = "2027-01-31"
  domain       = "dev.example.org"
  network      = { cidr = "10.20.0.0/16", zones = ["eu-central-1a", "eu-central-1b"] }
}

run "a_cluster_with_everything_beside_it_is_one_plan" {
  command = apply
  variables {
    cluster = {
      version     = "1.34"
      node_groups = { usual = { instance_types = ["t3.large"], least = 2, most = 4 } }
    }
    database         = { instance_class = "db.t4g.medium" }
    redis            = { node_type = "cache.t4g.small" }
    redis_auth_token = "not-a-secret-but-long-enough"
  }
  assert {
    condition     = output.contract.cluster.name != "" && output.contract.database.endpoint != "" && output.contract.redis.endpoint != ""
    error_message = "The contract lacks a part."
  }
  assert {
    condition     = output.contract.machines == []
    error_message = "There is a machine that wasn't asked for."
  }
}

run "one_machine_is_a_plan_without_a_cluster" {
  command = apply
  variables {
    machine = {
      instance_type  = "t3.medium"
      ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      ssh_from       = ["192.0.2.0/24"]
    }
  }
  assert {
    condition     = length(output.contract.machines) == 1 && output.contract.cluster == null
    error_message = "The contract isn't that of one machine."
  }
}

run "everything_says_whose_it_is_and_when_it_may_go" {
  command = plan
  assert {
    condition     = alltrue([for key in ["project", "environment", "owner", "cost-centre", "ttl"] : try(local.tags[key], "") != ""])
    error_message = "A tag is missing."
  }
}

run "a_day_that_is_none_is_refused" {
  command = plan
  variables {
    expires = "soon"
  }
  expect_failures = [var.expires]
}

run "logs_are_kept_for_ninety_days_at_least" {
  command = plan
  variables {
    log_days = 30
  }
  expect_failures = [var.log_days]
}
