//! The least of HTTP/1.1: one request to this machine, one answer. No TLS, no redirects, no chunked bodies kept apart.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

const PATIENCE: Duration = Duration::from_secs(5);

pub struct Answer {
    pub status: u16,
    pub body: String,
}

pub fn get(port: u16, path: &str) -> Result<Answer> {
    ask(port, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// `authorization` is the whole value of the header.
pub fn get_as(port: u16, path: &str, authorization: &str) -> Result<Answer> {
    ask(port, &format!("GET {path} HTTP/1.1\r\nAuthorization: {authorization}\r\n"), "")
}

pub fn post_json(port: u16, path: &str, body: &str) -> Result<Answer> {
    ask(port, &format!("POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n"), body)
}

fn ask(port: u16, start: &str, body: &str) -> Result<Answer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(stream, "{start}Host: localhost:{port}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    read(&String::from_utf8_lossy(&bytes))
}

fn read(text: &str) -> Result<Answer> {
    let (head, body) = text.split_once("\r\n\r\n").context("no HTTP answer")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP status")?;
    Ok(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = read("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n{\"code\":\"draining\"}").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "{\"code\":\"draining\"}"));
        assert!(read("SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }
}
