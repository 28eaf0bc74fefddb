# What AWS would answer, in the form that the provider insists on.

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::000000000000:role/mock" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::mock", id = "mock" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-central-1:000000000000:log-group:mock" }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = { arn = "arn:aws:wafv2:eu-central-1:000000000000:regional/webacl/mock/0" }
}

mock_resource "aws_route53_zone" {
  defaults = { arn = "arn:aws:route53:::hostedzone/Z0", zone_id = "Z0" }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:eu-central-1:000000000000:certificate/0"
    domain_validation_options = [{
      domain_name           = "dev.example.org"
      resource_record_name  = "_proof.dev.example.org"
      resource_record_type  = "CNAME"
      resource_record_value = "_value.acm-validations.aws"
    }]
  }
}

mock_resource "aws_launch_template" {
  defaults = { id = "lt-00000000000000000", latest_version = 1 }
}

mock_resource "aws_eks_cluster" {
  defaults = { certificate_authority = [{ data = "bW9jaw==" }] }
}

mock_resource "aws_eip" {
  defaults = { public_ip = "192.0.2.10" }
}

mock_resource "aws_db_instance" {
  defaults = {
    endpoint           = "wayfare.example.org:5432"
    master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:mock" }]
  }
}
