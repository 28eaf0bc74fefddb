//! What an alert passes on its way: a stand-in for other exporters, and a receiver that notes what it is sent.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Result;
use serde_json::Value;

/// What was received of each alert last, and whether messages are refused.
#[derive(Default)]
pub struct Received {
    pub last: Mutex<BTreeMap<String, String>>,
    pub refuses: AtomicBool,
}

/// What other exporters say: that all is well, or that nothing is.
#[derive(Default)]
pub struct Exporters {
    pub are_unwell: AtomicBool,
    pub are_away: AtomicBool,
    scrapes: AtomicU64,
}

/// # Errors
/// No port is free.
pub fn receive(received: Arc<Received>) -> Result<u16> {
    serve(move |request| {
        let body: Value =
            request.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default();
        if received.refuses.load(SeqCst) {
            return ("400 Bad Request", String::new());
        }
        let mut last = received.last.lock().expect("no holder panics");
        // Of one that fires here and has ended there, it fires.
        for status in ["resolved", "firing"] {
            let of_it = body["alerts"].as_array().into_iter().flatten().filter(|alert| alert["status"] == status);
            let names = of_it.filter_map(|alert| alert["labels"]["alertname"].as_str());
            last.extend(names.map(|name| (name.to_owned(), status.to_owned())));
        }
        ("200 OK", String::new())
    })
}

/// # Errors
/// No port is free.
pub fn export(exporters: Arc<Exporters>) -> Result<u16> {
    serve(move |_| {
        let status = if exporters.are_away.load(SeqCst) { "503 Service Unavailable" } else { "200 OK" };
        (status, exporters.text())
    })
}

impl Exporters {
    fn text(&self) -> String {
        let is_unwell = self.are_unwell.load(SeqCst);
        let scrapes = self.scrapes.fetch_add(1, SeqCst);
        let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let pick = |well: u64, unwell: u64| if is_unwell { unwell } else { well };
        let (day, count) = (86_400, if is_unwell { 0 } else { scrapes });
        format!(
            "node_filesystem_avail_bytes{{device=\"a\",fstype=\"ext4\",mountpoint=\"/\"}} {}
node_filesystem_size_bytes{{device=\"a\",fstype=\"ext4\",mountpoint=\"/\"}} 100
node_memory_MemAvailable_bytes {}
node_memory_MemTotal_bytes 100
node_cpu_seconds_total{{cpu=\"0\",mode=\"idle\"}} {count}
pg_up {}
pg_stat_activity_count{{datname=\"a\",state=\"idle\"}} {}
pg_settings_max_connections 100
redis_memory_used_bytes {}
redis_memory_max_bytes 100
backup_last_success_timestamp_seconds{{repo=\"s3\",type=\"incr\"}} {}
backup_last_drill_success_timestamp_seconds {}
probe_ssl_earliest_cert_expiry {}
prometheus_rule_evaluation_failures_total{{rule_group=\"a\"}} {}
",
            pick(50, 5),
            pick(50, 5),
            pick(1, 0),
            pick(10, 90),
            pick(10, 95),
            now - pick(day / 2, 2 * day),
            now - pick(day, 9 * day),
            now + pick(90 * day, 5 * day),
            if is_unwell { scrapes } else { 0 },
        )
    }
}

/// Answers on a port of its own for as long as the program runs.
fn serve(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is none of our business.
            let _ = respond(stream, &answer);
        }
    });
    Ok(port)
}

fn respond(mut stream: TcpStream, answer: &impl Fn(&str) -> (&'static str, String)) -> Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..count]);
        if count == 0 || is_whole(&request) {
            break;
        }
    }
    let (status, body) = answer(&String::from_utf8_lossy(&request));
    let head = "Content-Type: text/plain; version=0.0.4\r\nConnection: close";
    write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
    Ok(())
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}
