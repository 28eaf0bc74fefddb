//! The WAL in the repositories: which segments are there, what is missing between them, and how far they are behind the
//! database. The list of what is there is our own: a gap has to be named, whatever a tool's `verify` says.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use stages::machine::Machine;

use super::host::Host;
use super::pgbackrest;

const SEGMENTS_OF_A_LOG: u64 = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    pub timeline: u32,
    /// Counted from the first one there could be.
    pub number: u64,
}

impl Segment {
    /// The name of a file of 24 digits: `000000010000000000000005`.
    pub fn parse(name: &str) -> Option<Self> {
        let part = |from: usize| u64::from_str_radix(name.get(from..from + 8)?, 16).ok();
        let (timeline, log, segment) = (part(0)?, part(8)?, part(16)?);
        Some(Segment { timeline: u32::try_from(timeline).ok()?, number: log * SEGMENTS_OF_A_LOG + segment })
    }

    pub fn name(self) -> String {
        let Segment { timeline, number } = self;
        format!("{timeline:08X}{:08X}{:08X}", number / SEGMENTS_OF_A_LOG, number % SEGMENTS_OF_A_LOG)
    }
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: String,
    time: Option<u64>,
}

/// The segments of a repository, by number, with the second of their arrival.
pub fn segments(host: &Host, repository: usize, machine: &Machine) -> Result<BTreeMap<Segment, u64>> {
    let path = format!("archive/{}", host.stanza);
    let ls = host.pgbackrest(machine).arg(format!("--repo={repository}"));
    let text = pgbackrest::run(ls.args(["repo-ls", "--recurse", "--output=json", &path]))?;
    listed(&text)
}

fn listed(json: &str) -> Result<BTreeMap<Segment, u64>> {
    let all: BTreeMap<String, Listed> = serde_json::from_str(json).context("pgBackRest's list isn't what it was")?;
    let segment = |(path, it): (&String, &Listed)| {
        let name = path.rsplit('/').next()?;
        // A segment has its digest behind a dash; the notes on backups and timelines haven't.
        let (name, _) = name.split_once('-').filter(|(name, _)| name.len() == 24)?;
        (it.kind == "file").then_some((Segment::parse(name)?, it.time.unwrap_or(0)))
    };
    Ok(all.iter().filter_map(segment).collect())
}

/// Names of segments that are missing between two that are there, on one timeline.
pub fn gaps<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> Vec<String> {
    let mut missing = Vec::new();
    let mut before: Option<&Segment> = None;
    for segment in segments {
        if let Some(before) = before.filter(|before| before.timeline == segment.timeline) {
            let between = before.number + 1..segment.number;
            missing.extend(between.map(|number| Segment { number, ..*segment }.name()));
        }
        before = Some(segment);
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(names: &[&str]) -> Vec<Segment> {
        names.iter().map(|name| Segment::parse(name).unwrap()).collect()
    }

    #[test]
    fn a_segment_that_is_missing_in_the_middle_is_named_also_where_a_log_ends() {
        let whole = parsed(&["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]);
        assert!(gaps(&whole).is_empty());
        let torn = [whole[0], whole[2]];
        assert_eq!(gaps(&torn), ["0000000100000000000000FF"]);
        let next_timeline = parsed(&["000000010000000000000003", "000000020000000000000005"]);
        assert!(gaps(&next_timeline).is_empty());
        assert_eq!(whole[2].name(), "000000010000000100000000");
    }

    #[test]
    fn segments_are_told_from_notes_on_backups_and_on_timelines() {
        let json = r#"{".":{"type":"path"},"15-1/0000000100000000":{"type":"path"},
            "15-1/0000000100000000/000000010000000000000002-867693bf.zst":{"type":"file","size":704,"time":7},
            "15-1/0000000100000000/000000010000000000000002.00000028.backup":{"type":"file","size":4,"time":9},
            "15-1/00000002.history":{"type":"file","size":41,"time":9},"archive.info":{"type":"file","size":1,"time":1}}"#;
        let found = listed(json).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(Segment { timeline: 1, number: 2 }, 7)]);
    }
}
