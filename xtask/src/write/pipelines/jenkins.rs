//! All pipelines as one declarative Jenkinsfile: Jenkins reads one file for a branch, and what started it chooses.
//!
//! No agent is occupied while an approval is pending: each job has its own. Evidence goes from job to job as a stash.

use super::list::{Given, Handover, Host, IMAGE, Job, Line, Pipeline, Runner, Starts};

pub const PATH: &str = "pipelines/Jenkinsfile";

pub fn file(pipelines: &[Pipeline]) -> String {
    let blocks: Vec<_> = pipelines.iter().map(block).collect();
    format!(
        "// {}
// An agent is a Linux machine with Rust, Docker, Python and git: `cargo xtask doctor` says what else it could use.
pipeline {{
    agent none
    options {{
        buildDiscarder(logRotator(numToKeepStr: '50'))
        disableConcurrentBuilds(abortPrevious: true)
    }}
    triggers {{ cron(env.BRANCH_NAME == 'main' ? 'H 2 * * *' : '') }}
    environment {{ CI = 'true' }}
    stages {{
{}    }}
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
    let (name, why) = (pipeline.name, pipeline.why);
    let jobs: String = pipeline.jobs.iter().map(|one| job(one, name)).collect();
    let after = pipeline.tells.as_ref().map(|line| tells(line, pipeline)).unwrap_or_default();
    format!(
        "        // {name}: {why}.
        stage('{name}') {{
            when {{ {when} }}
            stages {{
{jobs}            }}
{after}        }}
"
    )
}

fn job(job: &Job, pipeline: &str) -> String {
    let (telling, doing): (Vec<_>, Vec<_>) = job.lines.iter().partition(|line| line.tells);
    let stages: String = doing.iter().map(|line| stage(line, job.keeps_going)).collect();
    let after: String = telling.iter().map(|line| post(line)).collect();
    let (taken, left) = handover(job, pipeline);
    let (name, host) = (&job.name, host(job));
    format!(
        "                stage('{pipeline}: {name}') {{
{host}                    stages {{
{taken}{stages}{left}                    }}
                    post {{
                        always {{
{after}                            archiveArtifacts artifacts: 'target/evidence/**,target/reports/**,target/xtask/logs/**', allowEmptyArchive: true
                            junit testResults: 'target/reports/junit/*.xml', allowEmptyResults: true
                            stash name: '{pipeline}-{name}', includes: 'target/evidence/**,target/reports/**', allowEmpty: true
                        }}
                    }}
                }}
"
    )
}

/// Stages before and behind the job's own: the image comes as it was judged, and goes on so.
fn handover(job: &Job, pipeline: &str) -> (String, String) {
    let stage = |name: &str, step: &str| {
        format!(
            "                        stage('{name}') {{\n                            steps {{ {step} }}\n                        }}\n"
        )
    };
    let paths =
        IMAGE.map(|path| if path.contains('.') { format!("target/{path}") } else { format!("target/{path}/**") });
    match job.image {
        Some(Handover::Takes) => {
            (stage("the image that was built", &format!("unstash '{pipeline}-image'")), String::new())
        }
        Some(Handover::Leaves) => {
            let stash = format!("stash name: '{pipeline}-image', includes: '{}'", paths.join(","));
            (String::new(), stage("hand over the image", &stash))
        }
        None => (String::new(), String::new()),
    }
}

/// The machine; a protected environment's is allocated only after the approval.
fn host(job: &Job) -> String {
    let minutes = job.minutes();
    let within = format!("                    options {{ timeout(time: {minutes}, unit: 'MINUTES') }}\n");
    match &job.host {
        Host::Usual => format!("                    agent {{ label 'wayfare' }}\n{within}"),
        Host::Runner(Runner { variable, protected: false, .. }) => {
            format!("                    agent {{ label env.{variable} ?: 'wayfare' }}\n{within}")
        }
        Host::Runner(Runner { environment, variable, protected: true }) => format!(
            "                    when {{
                        beforeInput true
                        expression {{ env.{variable} }}
                    }}
                    options {{ timeout(time: 3, unit: 'DAYS') }}
                    input {{
                        message 'To {environment}?'
                        ok 'Deploy'
                    }}
                    agent {{ label env.{variable} }}
"
        ),
    }
}

fn stage(line: &Line, keeps_going: bool) -> String {
    let command = given(line, format!("sh '{}'", line.command()));
    let steps = match keeps_going {
        true => format!("catchError(stageResult: 'FAILURE') {{ {command} }}"),
        false => command,
    };
    let (name, minutes) = (&line.name, line.minutes);
    format!(
        "                        stage('{name}') {{
                            options {{ timeout(time: {minutes}, unit: 'MINUTES') }}
                            steps {{ {steps} }}
                        }}
"
    )
}

/// Notifications run whatever failed before, and independently of each other.
fn post(line: &Line) -> String {
    let (command, minutes) = (given(line, format!("sh '{}'", line.command())), line.minutes);
    format!(
        "                            catchError {{
                                timeout(time: {minutes}, unit: 'MINUTES') {{ {command} }}
                            }}
"
    )
}

/// Whatever the jobs did: from what they left of it. One that didn't run left nothing.
fn tells(line: &Line, pipeline: &Pipeline) -> String {
    let (command, minutes) = (given(line, format!("sh '{}'", line.command())), line.minutes + 15);
    let left = |job: &Job| {
        let (pipeline, name) = (pipeline.name, &job.name);
        format!(
            "                            catchError(buildResult: 'SUCCESS', stageResult: 'SUCCESS') {{ unstash '{pipeline}-{name}' }}\n"
        )
    };
    let left: String = pipeline.jobs.iter().map(left).collect();
    format!(
        "            post {{
                always {{
                    node('wayfare') {{
                        timeout(time: {minutes}, unit: 'MINUTES') {{
                            checkout scm
                            dir('target/evidence') {{ deleteDir() }}
{left}                            {command}
                        }}
                    }}
                }}
            }}
"
    )
}

/// By the credentials that Jenkins keeps under these names.
fn given(line: &Line, command: String) -> String {
    let bindings: Vec<_> = line.given.iter().filter_map(bindings).collect();
    match bindings.is_empty() {
        true => command,
        false => format!("withCredentials([{}]) {{ {command} }}", bindings.join(", ")),
    }
}

fn bindings(given: &Given) -> Option<&'static str> {
    Some(match given {
        Given::Registry | Given::Reader => {
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
        // Every agent has it in its environment.
        Given::Runner(_) => return None,
    })
}
