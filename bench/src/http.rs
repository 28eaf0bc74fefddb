//! A blocking HTTP/1.1 client for loopback: keep-alive, Content-Length. No chunks, redirects, TLS or time-outs per phase.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

pub struct Connection {
    to: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Connection {
    /// Refuses every address that isn't this machine: a load generator must not be able to reach anybody else.
    pub fn new(to: SocketAddr) -> Result<Self> {
        ensure!(to.ip().is_loopback(), "{to} isn't a loopback address; the bench loads only this machine");
        Ok(Self { to, stream: None })
    }

    /// Sends a request that was put together beforehand and reads the whole answer.
    pub fn send(&mut self, request: &[u8]) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::with_capacity(32 * 1024, connect(self.to)?),
        };
        stream.get_mut().write_all(request)?;
        let (answer, keeps) = read(&mut stream)?;
        if keeps {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// One request on a connection of its own.
pub fn once(to: SocketAddr, request: &[u8]) -> Result<Answer> {
    Connection::new(to)?.send(request)
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").into_bytes()
}

/// A POST of JSON; `headers` are whole lines, each ended by CRLF.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Type: application/json\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

fn connect(to: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

fn read(stream: &mut impl BufRead) -> Result<(Answer, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).context("the server closed the connection")?.parse()?;
    let (mut length, mut keeps, mut content_type) = (None, true, String::new());
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>()?);
        } else if name.eq_ignore_ascii_case("content-type") {
            content_type = value.to_owned();
        } else if name.eq_ignore_ascii_case("connection") {
            keeps = !value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("chunked answers aren't expected here");
        }
    }
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok((Answer { status, content_type, body }, keeps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_length_and_no_further() {
        let mut bytes = &b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nContent-Type: a/b\r\n\r\nokHTTP/1.1"[..];
        let (answer, keeps) = read(&mut bytes).unwrap();
        assert_eq!((answer.status, answer.content_type.as_str(), &answer.body[..]), (201, "a/b", &b"ok"[..]));
        assert!(keeps);
        assert_eq!(bytes, b"HTTP/1.1");
    }

    #[test]
    fn another_machine_is_refused() {
        assert!(Connection::new("192.0.2.1:80".parse().unwrap()).is_err());
    }
}
