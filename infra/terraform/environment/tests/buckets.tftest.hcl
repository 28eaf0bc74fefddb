mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  key_arn = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
}

run "no_bucket_is_public_and_every_bucket_is_encrypted" {
  command = apply
  module {
    source = "../modules/bucket"
  }
  variables {
    name = "wayfare-test"
    data = "test"
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "A bucket is open to the public."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "A bucket isn't encrypted by a key of ours."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.key_arn
    error_message = "A bucket is encrypted by another key than the one that it was given."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "A bucket keeps no versions."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Objects in a bucket can have access lists of their own."
  }
  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "A bucket goes with what is in it."
  }
  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
    ])
    error_message = "A bucket answers without TLS."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Effect == "Deny"])
    error_message = "A bucket's own policy allows something: roles do that."
  }
}

run "a_backup_cannot_be_deleted_for_thirty_days" {
  command = apply
  module {
    source = "../modules/bucket"
  }
  variables {
    name        = "wayfare-test-backups"
    data        = "backups"
    locked_days = 30
  }
  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled
    error_message = "The bucket of backups has no object lock."
  }
  assert {
    condition     = aws_s3_bucket_object_lock_configuration.this[0].rule[0].default_retention[0].mode == "COMPLIANCE"
    error_message = "The lock can be bypassed."
  }
  assert {
    condition     = aws_s3_bucket_object_lock_configuration.this[0].rule[0].default_retention[0].days == 30
    error_message = "The lock ends before 30 days."
  }
  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.this.rule).noncurrent_version_expiration).noncurrent_days >= 30
    error_message = "Old versions go before 30 days."
  }
}

run "nothing_expires_before_its_lock" {
  command = plan
  module {
    source = "../modules/bucket"
  }
  variables {
    name        = "wayfare-test"
    data        = "test"
    locked_days = 30
    kept_days   = 7
  }
  expect_failures = [var.kept_days]
}

run "backups_are_kept_for_thirty_days_at_least" {
  command = plan
  module {
    source = "../modules/backups"
  }
  variables {
    name       = "wayfare-test"
    account    = "000000000000"
    days       = 29
    log_bucket = "logs"
  }
  expect_failures = [var.days]
}

run "who_writes_backups_may_not_unlock_or_destroy_them" {
  command = apply
  module {
    source = "../modules/backups"
  }
  variables {
    name       = "wayfare-test"
    account    = "000000000000"
    days       = 30
    log_bucket = "logs"
  }
  assert {
    condition = length(setintersection(
      flatten([for statement in jsondecode(output.writer_policy).Statement : flatten([statement.Action])]),
      ["*", "s3:*", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:PutObjectRetention", "s3:PutBucketPolicy", "s3:DeleteBucket", "kms:*"],
    )) == 0
    error_message = "Who writes backups may destroy them, too."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(output.writer_policy).Statement : !contains(flatten([statement.Resource]), "*")])
    error_message = "Who writes backups may write elsewhere, too."
  }
}
