# The environment's zone, the certificate of its load balancer, and the right to answer Let's Encrypt's questions.

resource "aws_route53_zone" "this" {
  name    = var.domain
  comment = "Wayfare: ${var.name}"
}

resource "aws_route53_record" "caa" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\"", "0 issue \"letsencrypt.org\"", "0 iodef \"mailto:${var.owner_mail}\""]
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"
  key_algorithm             = "EC_prime256v1"
  lifecycle {
    create_before_destroy = true
  }
}

# The wildcard is proven by the same record as the name itself.
resource "aws_route53_record" "proof" {
  for_each = toset([var.domain])
  zone_id  = aws_route53_zone.this.zone_id
  name     = one([for each_option in aws_acm_certificate.this.domain_validation_options : each_option.resource_record_name if each_option.domain_name == each.key])
  type     = one([for each_option in aws_acm_certificate.this.domain_validation_options : each_option.resource_record_type if each_option.domain_name == each.key])
  records  = [for each_option in aws_acm_certificate.this.domain_validation_options : each_option.resource_record_value if each_option.domain_name == each.key]
  ttl      = 300
}

resource "aws_acm_certificate_validation" "this" {
  count                   = var.delegated ? 1 : 0
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.proof : record.fqdn]
}

locals {
  # For cert-manager and external-dns: this zone and no other.
  writer = {
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]
        Resource = aws_route53_zone.this.arn
      },
      { Effect = "Allow", Action = "route53:GetChange", Resource = "arn:aws:route53:::change/*" },
    ]
  }
}
