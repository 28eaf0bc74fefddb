# The web application firewall in front of the load balancer. The web tier has ModSecurity with the OWASP rules besides:
# this one stops floods and known attackers before they cost anything.

resource "aws_wafv2_web_acl" "this" {
  name        = var.name
  description = "In front of Wayfare"
  scope       = "REGIONAL"
  default_action {
    allow {}
  }
  rule_json = jsonencode(concat([local.rate], local.managed))
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = true
  }
}

locals {
  rate = {
    Name     = "too-many-requests"
    Priority = 0
    Action   = { Block = { CustomResponse = { ResponseCode = 429 } } }
    Statement = { RateBasedStatement = {
      Limit               = var.requests_in_five_minutes
      EvaluationWindowSec = 300
      AggregateKeyType    = "IP"
    } }
    VisibilityConfig = merge(local.visible, { MetricName = "${var.name}-rate" })
  }
  managed = [for index, group in local.groups : {
    Name             = group
    Priority         = index + 1
    OverrideAction   = { None = {} }
    Statement        = { ManagedRuleGroupStatement = { VendorName = "AWS", Name = group } }
    VisibilityConfig = merge(local.visible, { MetricName = "${var.name}-${group}" })
  }]
  visible = { CloudWatchMetricsEnabled = true, SampledRequestsEnabled = true }
  groups = [
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  # The service accepts no other beginning of the name.
  name              = "aws-waf-logs-${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key_arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}
