//! Mistakes that somebody could make in infra/terraform: for each of them a test of Terraform's has to fail.

use crate::Clone;

/// The file, what stands there, what stands there by mistake, and what the test has to say.
const MISTAKES: [(&str, &str, &str, &str); 14] = [
    (
        "bucket/main.tf",
        "block_public_policy     = true",
        "block_public_policy = false",
        "A bucket is open to the public.",
    ),
    ("bucket/main.tf", "\"aws:kms\"", "\"AES256\"", "A bucket isn't encrypted by a key of ours."),
    ("bucket/main.tf", "\"COMPLIANCE\"", "\"GOVERNANCE\"", "The lock can be bypassed."),
    (
        "backups/main.tf",
        "\"s3:DeleteObject\"",
        "\"s3:DeleteObjectVersion\"",
        "Who writes backups may destroy them, too.",
    ),
    ("machine/main.tf", "cidr_ipv4         = each.key", "cidr_ipv4 = \"0.0.0.0/0\"", "SSH is open to networks that"),
    (
        "machine/main.tf",
        "encrypted   = true",
        "encrypted = false",
        "The machine's disk isn't encrypted by a key of ours.",
    ),
    ("machine/main.tf", "toset([\"80\", \"443\"])", "toset([\"80\", \"443\", \"5432\"])", "More than the web is open"),
    (
        "database/main.tf",
        "storage_encrypted                   = true",
        "storage_encrypted = false",
        "The database isn't encrypted by a key of ours.",
    ),
    (
        "database/main.tf",
        "publicly_accessible                 = false",
        "publicly_accessible = true",
        "The database can be reached from outside.",
    ),
    ("redis/main.tf", "\"required\"", "\"preferred\"", "Redis answers without TLS."),
    ("keys/main.tf", "enable_key_rotation     = true", "enable_key_rotation = false", "A key doesn't rotate"),
    ("cluster/roles.tf", "Resource = var.disk_key_arn", "Resource = \"*\"", "A role may do anything, or to anything."),
    (
        "cluster/main.tf",
        "endpoint_public_access  = length(var.api_from) > 0",
        "endpoint_public_access = true",
        "The API server answers the internet.",
    ),
    (
        "network/main.tf",
        "map_public_ip_on_launch = false",
        "map_public_ip_on_launch = true",
        "A subnet gives public addresses to whatever starts in it.",
    ),
];

#[test]
fn every_file_is_formatted_and_every_root_is_valid_by_the_providers_schemas() {
    let clone = Clone::new();
    let (code, text) = clone.terraform(".", &["fmt", "-recursive", "-check"]);
    assert_eq!(code, 0, "terraform fmt -recursive infra/terraform: {text}");
    for root in ["environment", "account", "state", "copies"] {
        let (code, text) = clone.terraform(root, &["init", "-backend=false", "-input=false"]);
        assert_eq!(code, 0, "{root}: {text}");
        let (code, text) = clone.terraform(root, &["validate"]);
        assert_eq!(code, 0, "{root}: {text}");
    }
}

#[test]
fn an_argument_that_the_provider_does_not_have_is_refused() {
    let clone = Clone::new();
    clone.edit("infra/terraform/modules/keys/main.tf", "enable_key_rotation ", "enable_key_rotations ");
    clone.terraform("environment", &["init", "-backend=false", "-input=false"]);
    let (code, text) = clone.terraform("environment", &["validate"]);
    assert!(code == 1 && text.contains("enable_key_rotations"), "{text}");
}

#[test]
fn its_own_tests_pass_and_each_planted_mistake_fails_one() {
    let clone = Clone::new();
    clone.terraform("environment", &["init", "-backend=false", "-input=false"]);
    let (code, text) = clone.terraform("environment", &["test"]);
    assert!(code == 0 && text.contains(" passed, 0 failed."), "{text}");

    for (file, from, to, _) in MISTAKES {
        clone.edit(&format!("infra/terraform/modules/{file}"), from, to);
    }
    let (code, text) = clone.terraform("environment", &["test"]);
    // Terraform breaks its lines where the terminal would end.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let unseen: Vec<_> = MISTAKES.iter().filter(|(.., sentence)| !text.contains(sentence)).collect();
    assert!(code == 1 && unseen.is_empty(), "not seen: {unseen:?}\n{text}");
}
