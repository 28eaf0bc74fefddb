//! What makes a record worthless. One sentence for each fault; no fault means that the stage happened.

use anyhow::{Context, Result};

use crate::evidence::{Record, SCHEMA, StepRecord, digest};
use crate::exit::Exit;
use crate::machine::Machine;

/// Whether the stage passed on exactly what is checked out; with uncommitted changes that is unknown.
pub fn holds(machine: &Machine, stage: &str) -> bool {
    machine.commit().is_some_and(|now| !now.1 && faults(machine, stage, &now).is_empty())
}

/// What there is of the stages that were asked for.
pub struct Found {
    pub stages: Vec<(String, Option<Record>)>,
    /// Each with its stage before it.
    pub faults: Vec<String>,
}

pub fn examine(machine: &Machine, stages: &[String]) -> Result<Found> {
    let now = machine.commit().context("this isn't a clone with a commit, so no record can be verified")?;
    let mut found = Found { stages: Vec::new(), faults: Vec::new() };
    for stage in stages {
        found.faults.extend(faults(machine, stage, &now).into_iter().map(|fault| format!("{stage}: {fault}")));
        found.stages.push((stage.clone(), Record::load(&machine.evidence().join(format!("{stage}.json"))).ok()));
    }
    Ok(found)
}

fn faults(machine: &Machine, stage: &str, now: &(String, bool)) -> Vec<String> {
    let file = machine.evidence().join(format!("{stage}.json"));
    if !file.exists() {
        return vec!["there is no record".into()];
    }
    match Record::load(&file) {
        Ok(record) => in_record(&record, now).into_iter().chain(in_files(machine, &record)).collect(),
        Err(error) => vec![format!("{error:#}")],
    }
}

fn in_record(record: &Record, (commit, dirty): &(String, bool)) -> Vec<String> {
    let ran: Vec<_> = record.steps.iter().filter(|step| step.result.is_some()).collect();
    let empty = |step: &&StepRecord| step.tests.is_some_and(|tests| tests.ran() == 0);
    let claims = [
        (record.schema == SCHEMA, "it was written by another version of xtask".to_owned()),
        (record.result == Exit::Ok, format!("it says `{}`", record.result.word())),
        (record.commit.as_ref() == Some(commit), "it is of another commit".to_owned()),
        (record.dirty == *dirty, "files were changed or deleted since".to_owned()),
        (!ran.is_empty(), "it is empty: no step ran".to_owned()),
        (!ran.iter().any(empty), "it is empty: no test ran".to_owned()),
        (ran.iter().all(|step| step.result == Some(Exit::Ok)), "a step of it failed".to_owned()),
    ];
    claims.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault).collect()
}

/// What it says that it made has to be there, unchanged.
fn in_files(machine: &Machine, record: &Record) -> Vec<String> {
    let outputs = record.steps.iter().flat_map(|step| &step.outputs);
    let differs = |(path, expected): (&String, &String)| match digest(&machine.root.join(path)) {
        Ok(found) if found == *expected => None,
        Ok(_) => Some(format!("{path} is no longer what it made")),
        Err(_) => Some(format!("{path}, which it made, is gone")),
    };
    outputs.filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Tests;

    fn now() -> (String, bool) {
        (Record::sample().commit.unwrap(), false)
    }

    #[test]
    fn a_record_of_this_commit_that_passed_has_no_fault() {
        assert_eq!(in_record(&Record::sample(), &now()), Vec::<String>::new());
    }

    #[test]
    fn each_way_to_be_worthless_is_told() {
        let fault = |spoil: fn(&mut Record)| {
            let mut record = Record::sample();
            spoil(&mut record);
            in_record(&record, &now()).join("; ")
        };
        assert_eq!(fault(|record| record.commit = Some("other".into())), "it is of another commit");
        assert_eq!(fault(|record| record.commit = None), "it is of another commit");
        assert_eq!(fault(|record| record.dirty = true), "files were changed or deleted since");
        assert_eq!(fault(|record| record.steps.clear()), "it is empty: no step ran");
        assert_eq!(fault(|record| record.result = Exit::Failed), "it says `failed`");
        assert_eq!(fault(|record| record.steps[0].result = Some(Exit::Failed)), "a step of it failed");
        assert_eq!(fault(|record| record.steps[0].tests = Some(Tests::default())), "it is empty: no test ran");
        assert_eq!(fault(|record| record.schema = 0), "it was written by another version of xtask");
    }

    #[test]
    fn a_file_that_changed_or_went_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut machine = Machine::pretend(&[]);
        machine.root = folder.path().to_owned();
        std::fs::write(folder.path().join("made"), "1").unwrap();
        let mut record = Record::sample();
        record.steps[0].outputs = [("made".to_owned(), digest(&folder.path().join("made")).unwrap())].into();
        assert_eq!(in_files(&machine, &record), Vec::<String>::new());
        std::fs::write(folder.path().join("made"), "2").unwrap();
        assert_eq!(in_files(&machine, &record), ["made is no longer what it made"]);
        std::fs::remove_file(folder.path().join("made")).unwrap();
        assert_eq!(in_files(&machine, &record), ["made, which it made, is gone"]);
    }
}
