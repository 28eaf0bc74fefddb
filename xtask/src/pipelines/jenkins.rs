//! All pipelines as one declarative Jenkinsfile: Jenkins reads one file for a branch, and what started it chooses.

use super::list::{Given, Line, Pipeline, Starts};

pub const PATH: &str = "pipelines/Jenkinsfile";

pub fn file(pipelines: &[Pipeline]) -> String {
    let blocks: Vec<_> = pipelines.iter().map(block).collect();
    let minutes = pipelines.iter().map(Pipeline::minutes).max().unwrap_or_default();
    format!(
        "// {}
// The agent is a Linux machine with Rust, Docker, Python and git: `cargo xtask doctor` says what else it could use.
pipeline {{
    agent {{ label 'wayfare' }}
    options {{
        buildDiscarder(logRotator(numToKeepStr: '50'))
        disableConcurrentBuilds(abortPrevious: true)
        timeout(time: {minutes}, unit: 'MINUTES')
    }}
    triggers {{ cron(env.BRANCH_NAME == 'main' ? 'H 2 * * *' : '') }}
    environment {{ CI = 'true' }}
    stages {{
{}    }}
    post {{
        always {{
            archiveArtifacts artifacts: 'target/evidence/**,target/reports/**,target/xtask/logs/**', allowEmptyArchive: true
            junit testResults: 'target/reports/junit/*.xml', allowEmptyResults: true
        }}
    }}
}}
",
        super::HEADER,
        blocks.concat()
    )
}

fn block(pipeline: &Pipeline) -> String {
    let when = match pipeline.starts {
        Starts::OnChange => "not { anyOf { triggeredBy 'TimerTrigger'; buildingTag() } }",
        Starts::AtNight => "triggeredBy 'TimerTrigger'",
        Starts::OnTag => "tag 'v*'",
    };
    let (telling, doing): (Vec<_>, Vec<_>) = pipeline.lines.iter().partition(|line| line.tells);
    let stages: String = doing.iter().map(|line| stage(line, pipeline.keeps_going)).collect();
    let after: String = telling.iter().map(|line| post(line)).collect();
    let name = pipeline.name;
    format!(
        "        // {name}: {}.
        stage('{name}') {{
            when {{ {when} }}
            stages {{
{stages}            }}
            post {{
                always {{
{after}                }}
            }}
        }}
",
        pipeline.why
    )
}

fn stage(line: &Line, keeps_going: bool) -> String {
    let command = given(line, format!("sh '{}'", line.command()));
    let steps = match keeps_going {
        true => format!("catchError(stageResult: 'FAILURE') {{ {command} }}"),
        false => command,
    };
    let (name, minutes) = (&line.name, line.minutes);
    format!(
        "                stage('{name}') {{
                    options {{ timeout(time: {minutes}, unit: 'MINUTES') }}
                    steps {{ {steps} }}
                }}
"
    )
}

/// What tells is asked whatever failed before, and the one whatever the other said.
fn post(line: &Line) -> String {
    let (command, minutes) = (given(line, format!("sh '{}'", line.command())), line.minutes);
    format!(
        "                    catchError {{
                        timeout(time: {minutes}, unit: 'MINUTES') {{ {command} }}
                    }}
"
    )
}

/// By the credentials that Jenkins keeps under these names.
fn given(line: &Line, command: String) -> String {
    let bindings: Vec<_> = line.given.iter().map(|given| bindings(*given)).collect();
    match bindings.is_empty() {
        true => command,
        false => format!("withCredentials([{}]) {{ {command} }}", bindings.join(", ")),
    }
}

fn bindings(given: Given) -> &'static str {
    match given {
        Given::Registry => {
            "usernamePassword(credentialsId: 'wayfare-registry', usernameVariable: 'WAYFARE_REGISTRY_USER', \
             passwordVariable: 'WAYFARE_REGISTRY_PASSWORD')"
        }
        Given::SigningKey => {
            "file(credentialsId: 'wayfare-cosign-key', variable: 'WAYFARE_COSIGN_KEY'), \
             string(credentialsId: 'wayfare-cosign-password', variable: 'COSIGN_PASSWORD')"
        }
        Given::VerifyingKey => {
            "file(credentialsId: 'wayfare-cosign-public-key', variable: 'WAYFARE_COSIGN_PUBLIC_KEY')"
        }
        Given::Webhook => {
            "string(credentialsId: 'wayfare-notify-url', variable: 'WAYFARE_NOTIFY_URL'), \
             string(credentialsId: 'wayfare-notify-secret', variable: 'WAYFARE_NOTIFY_SECRET')"
        }
    }
}
