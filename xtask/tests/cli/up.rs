//! `up` with a stand-in for `wayfare`: a tiny server in this very test program, started through `--exact`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use crate::clone::{Clone, line_in, start};

/// Not a test: what the stand-in for `wayfare serve` runs. It answers until it is asked to stop, and says that it was.
#[test]
#[ignore = "the body of the stand-in"]
fn stand_in() {
    let Some(address) = std::env::var_os("WAYFARE_LISTEN") else {
        return;
    };
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, stop.clone()).unwrap();
    let listener = TcpListener::bind(address.to_str().unwrap()).unwrap();
    listener.set_nonblocking(true).unwrap();
    while !stop.load(Ordering::Relaxed) {
        let Ok((mut stream, _)) = listener.accept() else {
            std::thread::yield_now();
            continue;
        };
        stream.set_nonblocking(false).unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    }
    std::fs::write("stopped", "politely\n").unwrap();
}

fn clone() -> Clone {
    let program = std::env::current_exe().unwrap();
    let serve = format!("exec {} --ignored --exact up::stand_in", program.display());
    let wayfare = format!("echo $1 >> order\ncase $1 in serve) {serve};; esac");
    Clone::bare().with("cargo", "case $1 in build) echo build >> order;; esac").with_built("wayfare", &wayfare)
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn lines_until(running: &mut Child, wanted: &str) -> String {
    let mut text = String::new();
    for line in BufReader::new(running.stdout.as_mut().unwrap()).lines() {
        text += &(line.unwrap() + "\n");
        if text.contains(wanted) {
            return text;
        }
    }
    panic!("never `{wanted}`: {text}");
}

#[test]
fn up_builds_fills_serves_and_ends_politely_on_ctrl_c() {
    let (clone, port) = (clone(), free_port());
    let mut running = start(clone.xtask(&format!("up --port {port}")));
    let said = lines_until(&mut running, "Ctrl-C ends it.");
    for expected in [&format!("http://127.0.0.1:{port}/docs"), "admin@wayfare.example", "wayfare-demo-1"] {
        assert!(said.contains(expected), "{said}");
    }
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert_eq!(line_in(&clone.path("stopped")), "politely");
    assert_eq!(std::fs::read_to_string(clone.path("order")).unwrap(), "build\nmigrate\nseed\nserve\n");
}

#[test]
fn up_tells_machines_when_it_is_ready() {
    let (clone, port) = (clone(), free_port());
    let mut running = start(clone.xtask(&format!("up --json --port {port}")));
    let ready: serde_json::Value = serde_json::from_str(&lines_until(&mut running, "\n")).unwrap();
    assert_eq!(ready["event"], "ready");
    assert_eq!(ready["addresses"]["api"], format!("http://127.0.0.1:{port}/api"));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
}

#[test]
fn a_password_that_somebody_chose_is_not_printed() {
    let (clone, port) = (clone(), free_port());
    let mut up = clone.xtask(&format!("up --port {port}"));
    up.env("WAYFARE_SEED_PASSWORD", "my-own-secret");
    let mut running = start(up);
    let said = lines_until(&mut running, "Ctrl-C ends it.");
    assert!(!said.contains("my-own-secret") && said.contains("WAYFARE_SEED_PASSWORD"), "{said}");
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    running.wait().unwrap();
}

#[test]
fn a_taken_port_is_told_before_the_build() {
    let (clone, taken) = (clone(), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let port = taken.local_addr().unwrap().port();
    let ran = clone.run(&format!("up --port {port}"));
    assert_eq!(ran.code, Some(4));
    assert!(ran.err.contains(&format!("port {port} is taken")) && ran.err.contains("--port"), "{}", ran.err);
    assert!(!clone.path("order").exists());
}

#[test]
fn a_data_folder_that_cannot_be_written_is_told_before_the_build() {
    let clone = clone();
    std::fs::write(clone.path("file"), "").unwrap();
    let ran = clone.run(&format!("up --port {} --data-dir file/data", free_port()));
    assert_eq!(ran.code, Some(4));
    assert!(ran.err.contains("file/data isn't writable") && !clone.path("order").exists(), "{}", ran.err);
}

#[test]
fn a_reset_of_a_folder_of_somebody_else_is_refused() {
    let clone = clone();
    std::fs::create_dir(clone.path("photos")).unwrap();
    std::fs::write(clone.path("photos/1.png"), "").unwrap();
    let ran = clone.run(&format!("up --port {} --data-dir photos --reset", free_port()));
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(clone.path("photos/1.png").exists() && !clone.path("photos/.wayfare-data").exists());
}

#[test]
fn a_server_that_dies_ends_the_wait_with_its_last_lines() {
    let clone = Clone::bare().with("cargo", "");
    let clone = clone.with_built("wayfare", "case $1 in serve) echo no such key >&2; exit 9;; esac");
    let ran = clone.run(&format!("up --port {}", free_port()));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("no such key") && ran.err.contains("serve ended by itself with 9"), "{}", ran.err);
}
