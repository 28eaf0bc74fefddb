mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name           = "wayfare-test"
  vpc_id         = "vpc-1"
  subnet_id      = "subnet-1"
  ami            = null
  instance_type  = "t3.medium"
  disk_gb        = 40
  ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
  ssh_from       = ["192.0.2.0/24"]
  zone_id        = "Z0"
  domain         = "dev.example.org"
  protected      = true
  key_arn        = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
  backup_policy  = "{}"
  log_days       = 365
  log_key_arn    = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
  owner_mail     = "owner@example.org"
}

run "the_machine_lets_in_the_web_and_ssh_from_named_networks" {
  command = apply
  module {
    source = "../modules/machine"
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.ssh : rule.cidr_ipv4]) == toset(var.ssh_from)
    error_message = "SSH is open to networks that weren't named."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.web : rule.from_port]) == toset([80, 443]) && alltrue([for rule in aws_vpc_security_group_ingress_rule.web : rule.from_port == rule.to_port])
    error_message = "More than the web is open to everyone."
  }
  assert {
    condition     = aws_instance.this.root_block_device[0].encrypted && aws_instance.this.root_block_device[0].kms_key_id == var.key_arn
    error_message = "The machine's disk isn't encrypted by a key of ours."
  }
  assert {
    condition     = aws_instance.this.metadata_options[0].http_tokens == "required"
    error_message = "Whoever makes the machine fetch an address gets its credentials."
  }
  assert {
    condition     = aws_instance.this.disable_api_termination
    error_message = "A protected machine can be terminated."
  }
}

run "ssh_for_the_whole_internet_is_refused" {
  command = plan
  module {
    source = "../modules/machine"
  }
  variables {
    ssh_from = ["0.0.0.0/0"]
  }
  expect_failures = [var.ssh_from]
}

run "a_disk_that_is_too_small_is_refused" {
  command = plan
  module {
    source = "../modules/machine"
  }
  variables {
    disk_gb = 8
  }
  expect_failures = [var.disk_gb]
}

run "the_firewall_counts_requests_and_knows_the_usual_attacks" {
  command = apply
  module {
    source = "../modules/firewall"
  }
  variables {
    requests_in_five_minutes = 2000
  }
  assert {
    condition     = jsondecode(aws_wafv2_web_acl.this.rule_json)[0].Statement.RateBasedStatement.Limit == 2000
    error_message = "Nothing stops a flood."
  }
  assert {
    condition = alltrue([for group in ["CommonRuleSet", "KnownBadInputsRuleSet", "SQLiRuleSet"] :
      contains([for rule in jsondecode(aws_wafv2_web_acl.this.rule_json) : rule.Name], "AWSManagedRules${group}")
    ])
    error_message = "A usual attack isn't looked for."
  }
  assert {
    condition     = alltrue([for rule in jsondecode(aws_wafv2_web_acl.this.rule_json) : try(rule.OverrideAction, { None = {} }) == { None = {} }])
    error_message = "A rule only counts what it should block."
  }
  assert {
    condition     = toset([for one in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : one.single_header[0].name]) == toset(["authorization", "cookie"])
    error_message = "Tokens are in the firewall's log."
  }
}

run "only_named_authorities_issue_certificates" {
  command = apply
  module {
    source = "../modules/dns"
  }
  variables {
    delegated = true
  }
  assert {
    condition     = aws_route53_record.caa.type == "CAA" && length(aws_route53_record.caa.records) == 3
    error_message = "Any authority may issue a certificate for this name."
  }
  assert {
    condition     = !strcontains(output.writer_policy, "hostedzone/*")
    error_message = "cert-manager may write to every zone."
  }
}
