//! What Terraform's and AWS's words mean: an exit code, a sentence, the next thing to do.

use stages::exit::{Exit, Failure};

/// Words that it prints, how the run ends, the sentence, and the next step.
type Meaning = (&'static [&'static str], Exit, &'static str, &'static str);

const MEANINGS: [Meaning; 12] = [
    (
        &["Error acquiring the state lock", "Error locking state"],
        Exit::Refused,
        "another run holds the lock of the state",
        "wait for it; if it is dead, `terraform force-unlock ID` with the id above",
    ),
    (
        &["No valid credential sources", "no EC2 IMDS role found", "Unable to find credentials"],
        Exit::Unreachable,
        "no credentials for AWS were found",
        "aws sso login, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    (
        &["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "security token included in the request"],
        Exit::Unreachable,
        "AWS doesn't accept these credentials: expired or wrong",
        "aws sso login; `aws sts get-caller-identity` shows who they are",
    ),
    (
        &["AWS account ID not allowed", "Allowed account"],
        Exit::Refused,
        "the credentials are of another account than infra.tfvars states",
        "AWS_PROFILE of the right account, or `account` in infra.tfvars",
    ),
    (
        &["AccessDenied", "UnauthorizedOperation", "not authorized to perform"],
        Exit::Refused,
        "the credentials don't allow this",
        "docs/infrastructure.md lists what the role needs",
    ),
    (
        &["NoSuchBucket", "S3 bucket does not exist", "requested bucket", "S3 bucket \""],
        Exit::Unreachable,
        "the bucket of the states isn't there, or isn't yours",
        "cargo xtask infra bootstrap --env …",
    ),
    (
        &["Invalid AWS Region", "invalid AWS Region", "not a valid region", "InvalidRegion"],
        Exit::Usage,
        "AWS has no such region",
        "`region` in infra.tfvars",
    ),
    (
        &["Saved plan is stale"],
        Exit::Refused,
        "something was applied since this plan was made",
        "cargo xtask infra plan --env …, and read it again",
    ),
    (
        &["Failed to query available provider packages", "could not connect to registry"],
        Exit::Unreachable,
        "Terraform's registry can't be reached, so there is no provider",
        "the network; --offline rehearses without it",
    ),
    (
        &["Invalid value for variable", "No value for required variable"],
        Exit::Usage,
        "infra.tfvars states something that can't be: see above",
        "k8s/overlays/…/infra.tfvars; infra/terraform/environment/variables.tf explains each",
    ),
    (
        &["BucketNotEmpty", "RepositoryNotEmptyException"],
        Exit::Refused,
        "a bucket or a registry still holds data, which Terraform doesn't delete",
        "empty it by hand; a backup under object lock stays until its lock ends",
    ),
    (
        &["no such host", "connection refused", "i/o timeout", "RequestError: send request failed"],
        Exit::Unreachable,
        "AWS can't be reached",
        "the network, a proxy, the region's name",
    ),
];

pub fn explain(_: i32, text: &str) -> Option<Failure> {
    let found = MEANINGS.iter().find(|(words, ..)| words.iter().any(|word| text.contains(word)))?;
    let (_, exit, sentence, next) = found;
    let own = own_words(text).map(|words| format!(" ({words})")).unwrap_or_default();
    Some(Failure::new(*exit, format!("{sentence}{own}")).next(*next))
}

/// The details that help: whose lock it is, what the validation says.
fn own_words(text: &str) -> Option<String> {
    let of_lock = ["ID:", "Who:", "Created:"].map(|key| {
        let line = text.lines().find_map(|line| line.trim_start_matches(['│', ' ']).strip_prefix(key))?;
        Some(format!("{} {}", key, line.trim()))
    });
    let lock: Vec<_> = of_lock.into_iter().flatten().collect();
    if !lock.is_empty() {
        return Some(lock.join(", "));
    }
    let after = text.lines().skip_while(|line| !line.contains("Invalid value for variable"));
    let own = after.map(|line| line.trim_start_matches(['│', ' ', '╷']).trim_end());
    let sentence = |line: &&str| line.ends_with('.') && !line.contains("This was checked by");
    own.skip(1).find(sentence).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_usual_failure_has_its_code_and_a_next_step() {
        let cases = [
            ("Error: No valid credential sources found", Exit::Unreachable),
            ("api error ExpiredToken: The security token included in the request is expired", Exit::Unreachable),
            ("Error: AWS account ID not allowed: 123456789012", Exit::Refused),
            ("Error: Saved plan is stale", Exit::Refused),
            ("Error: invalid AWS Region: moon-1", Exit::Usage),
            ("Error: S3 bucket \"wayfare\" does not exist.", Exit::Unreachable),
            ("dial tcp: lookup sts.eu-central-1.amazonaws.com: no such host", Exit::Unreachable),
            ("Error: deleting S3 Bucket (x): BucketNotEmpty: The bucket", Exit::Refused),
        ];
        for (text, exit) in cases {
            let failure = explain(1, text).unwrap();
            assert_eq!(failure.exit, exit, "{text}");
            assert!(failure.next.is_some(), "{text}");
        }
        assert!(explain(1, "Error: something new").is_none());
    }

    #[test]
    fn a_lock_names_its_holder() {
        let text = "│ Error: Error acquiring the state lock\n│ Lock Info:\n│   ID:        4d6f\n│   Who:       ann@laptop\n\
                    │   Created:   2026-11-28 10:00:00 UTC\n";
        let message = explain(1, text).unwrap().message;
        assert!(message.ends_with("(ID: 4d6f, Who: ann@laptop, Created: 2026-11-28 10:00:00 UTC)"), "{message}");
    }

    #[test]
    fn a_refused_value_comes_with_the_variables_own_sentence() {
        let text = "│ Error: Invalid value for variable\n│ \n│   on infra.tfvars line 6:\n│    6: expires = \"soon\"\n│ \n\
                    │ `expires` is a day such as 2027-01-31, or `never`.\n│ \n│ This was checked by the validation rule.\n";
        assert!(explain(1, text).unwrap().message.ends_with("(`expires` is a day such as 2027-01-31, or `never`.)"));
    }
}
