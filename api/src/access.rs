//! The access log: a line for each request, written by hand since it is written for each.

use std::{cell::RefCell, fmt::Write as _, io::Write as _, net::IpAddr};

use crate::{clock::Instant, config::LogFormat, log::Lines};

/// Where access lines go, and in which form.
#[derive(Clone)]
pub struct AccessLog {
    pub lines: Lines,
    pub format: LogFormat,
}

/// What is told of a request.
pub struct Access<'a> {
    pub at: Instant,
    pub method: &'a str,
    /// Without the query: that may hold what people look for.
    pub path: &'a str,
    pub route: &'a str,
    pub status: u16,
    pub micros: u128,
    pub ip: IpAddr,
    pub request_id: &'a str,
    pub trace_id: Option<&'a str>,
}

impl AccessLog {
    /// Writes a line, when the log filter lets `access` through.
    pub fn write(&self, access: &Access) {
        if !tracing::enabled!(target: "access", tracing::Level::INFO) {
            return;
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            match self.format {
                LogFormat::Json => access.json(line),
                LogFormat::Text => access.text(line),
            }
            self.lines.add(line, false);
        });
    }
}

thread_local! {
    static LINE: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(512));
    /// The second that was written last, and how it reads: most lines share theirs.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// As RFC 3339 has it, in microseconds.
fn stamp(line: &mut Vec<u8>, at: Instant) {
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != at.timestamp() {
            (*second, *text) = (at.timestamp(), at.format("%Y-%m-%dT%H:%M:%S").to_string());
        }
        line.extend_from_slice(text.as_bytes());
    });
    let _ = write!(line, ".{:06}Z", at.timestamp_subsec_micros());
}

impl Access<'_> {
    fn json(&self, line: &mut Vec<u8>) {
        let Self { at, method, path, route, status, micros, ip, request_id, trace_id } = self;
        line.extend_from_slice(br#"{"timestamp":""#);
        stamp(line, *at);
        // Writing to memory succeeds.
        let _ = write!(line, r#"","level":"INFO","target":"access","method":"{method}","path":"#);
        let _ = serde_json::to_writer(&mut *line, path);
        let _ = write!(
            line,
            r#","route":"{route}","status":{status},"micros":{micros},"ip":"{ip}","request_id":"{request_id}""#
        );
        if let Some(trace) = trace_id {
            let _ = write!(line, r#","trace_id":"{trace}""#);
        }
        line.extend_from_slice(b"}\n");
    }

    fn text(&self, line: &mut Vec<u8>) {
        let Self { at, method, path, route, status, micros, ip, request_id, trace_id: _ } = self;
        let mut text = String::with_capacity(200);
        let time = at.format("%H:%M:%S%.3f");
        let path: String = path.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(
            text,
            "{time}  {status} {method:6} {path} ({route}) {:.1} ms  {ip}  {request_id}",
            *micros as f64 / 1000.0
        );
        line.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};

    use super::*;

    #[test]
    fn times_read_as_rfc_3339_within_a_second_and_across() {
        for micros in [0, 999_999, 1_000_000, 1_795_000_000_000_042, 1_795_000_000_999_999, 1_795_000_001_000_000] {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let mut line = Vec::new();
            stamp(&mut line, at);
            assert_eq!(String::from_utf8(line).unwrap(), at.to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }
}
