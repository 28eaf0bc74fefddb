mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name        = "wayfare-test"
  region      = "eu-central-1"
  cidr        = "10.20.0.0/16"
  zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat         = "each"
  log_days    = 365
  log_key_arn = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
}

run "private_subnets_have_no_way_in_and_nothing_gets_a_public_address_by_itself" {
  command = apply
  module {
    source = "../modules/network"
  }
  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.private), values(aws_subnet.public)) : !subnet.map_public_ip_on_launch])
    error_message = "A subnet gives public addresses to whatever starts in it."
  }
  assert {
    condition     = alltrue([for route in aws_route.by_nat : route.gateway_id == null && route.nat_gateway_id != null])
    error_message = "A private subnet has a route to the internet that works both ways."
  }
  assert {
    condition     = alltrue([for zone, one in aws_route_table_association.private : one.route_table_id == aws_route_table.private[zone].id])
    error_message = "A private subnet uses a table that isn't private."
  }
  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "The default security group lets something pass."
  }
  assert {
    condition     = length(distinct([for subnet in concat(values(aws_subnet.private), values(aws_subnet.public)) : subnet.cidr_block])) == 6
    error_message = "Two subnets share their addresses."
  }
}

run "all_traffic_is_logged_and_the_log_is_encrypted_and_kept" {
  command = apply
  module {
    source = "../modules/network"
  }
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL"
    error_message = "Flow logs leave something out."
  }
  assert {
    condition     = aws_cloudwatch_log_group.flow.kms_key_id == var.log_key_arn && aws_cloudwatch_log_group.flow.retention_in_days >= 90
    error_message = "Flow logs aren't encrypted, or not kept for 90 days."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.flow.policy, "\"Resource\":\"*\"")
    error_message = "The role of the flow logs may write to every log."
  }
}

run "with_one_nat_gateway_every_zone_still_reaches_the_internet" {
  command = apply
  module {
    source = "../modules/network"
  }
  variables {
    nat = "one"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.by_nat) == 3
    error_message = "A zone has no way out."
  }
}

run "a_network_of_one_machine_pays_for_no_gateway" {
  command = apply
  module {
    source = "../modules/network"
  }
  variables {
    nat = "none"
  }
  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_route.by_nat) == 0
    error_message = "There is a NAT gateway that wasn't asked for."
  }
}

run "one_zone_is_not_enough" {
  command = plan
  module {
    source = "../modules/network"
  }
  variables {
    zones = ["eu-central-1a"]
  }
  expect_failures = [var.zones]
}
