//! All pipelines as one declarative Jenkinsfile: Jenkins reads one file for a branch, and what started it chooses.

use super::list::{Line, Pipeline, Starts};

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
            archiveArtifacts artifacts: 'target/evidence/**,target/xtask/logs/**', allowEmptyArchive: true
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
        Starts::OnChange => "not { triggeredBy 'TimerTrigger' }",
        Starts::AtNight => "triggeredBy 'TimerTrigger'",
    };
    let stages: String = pipeline.lines.iter().map(|line| stage(line, pipeline.keeps_going)).collect();
    let name = pipeline.name;
    format!(
        "        // {name}: {}.
        stage('{name}') {{
            when {{ {when} }}
            stages {{
{stages}            }}
        }}
",
        pipeline.why
    )
}

fn stage(line: &Line, keeps_going: bool) -> String {
    let command = format!("sh '{}'", line.command());
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
