//! `notify` with the real curl and a listener of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::clone::{Clone, Ran, is_dead, line_in, start, until};

const GIT: &str = "case $1 in rev-parse) echo 0123abc;; esac";

fn clone(curl: &str) -> Clone {
    let clone = Clone::bare().with("git", GIT).with("curl", curl);
    clone.with("cargo", "echo 'test result: ok. 7 passed; 0 failed; 0 ignored'")
}

/// The head and the body of one request, which is answered with that status.
fn receive(listener: &TcpListener, status: u16) -> (String, String) {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(reader.get_mut(), "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn a_webhook_is_told_what_passed_and_what_is_missing_under_a_signature() {
    let clone = clone("exec curl \"$@\"");
    assert_eq!(clone.run("test").code, Some(0));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook/of-ours", listener.local_addr().unwrap());
    let received = thread::spawn(move || receive(&listener, 204));
    let mut notify = clone.xtask("notify test build --pipeline release");
    notify.env("WAYFARE_NOTIFY_URL", address).env("WAYFARE_NOTIFY_SECRET", "whsec_c2VjcmV0");
    let ran = Ran::of(start(notify).wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (head, body) = received.join().unwrap();
    assert!(head.starts_with("POST /hook/of-ours ") && head.contains("webhook-signature: v1,"), "{head}");
    let message: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((message["pipeline"].as_str(), message["result"].as_str()), (Some("release"), Some("failed")));
    assert_eq!(message["stages"][0]["tests"]["passed"], 7);
    assert_eq!(message["faults"][0], "build: there is no record");
    assert!(!clone.path("target/xtask/notify/request").exists());
}

#[test]
fn a_receiver_that_refuses_is_a_place_that_cannot_be_reached() {
    let clone = clone("exec curl \"$@\"");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let received = thread::spawn(move || receive(&listener, 401));
    let mut notify = clone.xtask("notify test");
    notify.env("WAYFARE_NOTIFY_URL", address).env("WAYFARE_NOTIFY_SECRET", "key");
    let ran = Ran::of(start(notify).wait_with_output().unwrap());
    received.join().unwrap();
    assert_eq!(ran.code, Some(4), "{}", ran.err);
}

#[test]
fn without_an_address_nobody_is_told_and_without_a_key_nothing_is_sent() {
    let clone = clone("exit 1");
    let steps = clone.run("notify test --dry-run --json").json()["steps"].clone();
    assert_eq!(steps[1]["skipped"], "WAYFARE_NOTIFY_URL isn't set: no notification is sent");
    let mut notify = clone.xtask("notify test");
    notify.env("WAYFARE_NOTIFY_URL", "https://example.org");
    let ran = Ran::of(start(notify).wait_with_output().unwrap());
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("WAYFARE_NOTIFY_SECRET isn't set"), "{}", ran.err);
}

#[test]
fn ctrl_c_while_it_is_sent_takes_the_address_away_too() {
    let clone = clone("sleep 600 & echo $! > child; wait");
    let mut notify = clone.xtask("notify test");
    notify.env("WAYFARE_NOTIFY_URL", "https://example.org/secret").env("WAYFARE_NOTIFY_SECRET", "key");
    let running = start(notify);
    let child = line_in(&clone.path("child"));
    let request = clone.path("target/xtask/notify/request");
    assert!(std::fs::read_to_string(&request).unwrap().contains("example.org/secret"));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let ran = Ran::of(running.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    until("the child is dead", || is_dead(&child).then_some(()));
    assert!(!request.exists());
}
