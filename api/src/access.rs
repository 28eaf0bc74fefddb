//! The access log: a line for each request, written by hand since it is written for each.

use std::{cell::RefCell, fmt::Write as _, io::Write as _, net::IpAddr};

use chrono::SecondsFormat;

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
}

impl Access<'_> {
    fn json(&self, line: &mut Vec<u8>) {
        let Self { at, method, path, route, status, micros, ip, request_id, trace_id } = self;
        let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        // Writing to memory succeeds.
        let _ = write!(line, r#"{{"timestamp":"{at}","level":"INFO","target":"access","method":"{method}","path":"#);
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
