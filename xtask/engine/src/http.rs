//! Requests to a service on this machine, each on a connection of its own. What needs TLS goes by curl, as `notify` does:
//! a TLS library would double what `cargo xtask` is compiled from.

use std::time::Duration;

use anyhow::Result;
use ureq::http::Response;
use ureq::{Agent, Body};

const PATIENCE: Duration = Duration::from_secs(5);

pub struct Answer {
    pub status: u16,
    pub body: String,
}

pub fn get(port: u16, path: &str) -> Result<Answer> {
    read(agent().get(address(port, path)).header("Connection", "close").call()?)
}

/// `authorization` is the whole value of the header.
pub fn get_as(port: u16, path: &str, authorization: &str) -> Result<Answer> {
    let request = agent().get(address(port, path)).header("Connection", "close");
    read(request.header("Authorization", authorization).call()?)
}

pub fn post_json(port: u16, path: &str, body: &str) -> Result<Answer> {
    let request = agent().post(address(port, path)).header("Connection", "close");
    read(request.header("Content-Type", "application/json").send(body)?)
}

fn address(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}{path}")
}

/// A status is an answer, whatever it says, and so is a redirect; no proxy stands between this machine and itself.
fn agent() -> Agent {
    let config = Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_recv_body(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None);
    config.build().into()
}

fn read(mut response: Response<Body>) -> Result<Answer> {
    let bytes = response.body_mut().read_to_vec()?;
    Ok(Answer { status: response.status().as_u16(), body: String::from_utf8_lossy(&bytes).into_owned() })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What a client makes of a server that says this, whatever it is asked.
    fn answered(with: &'static str) -> Result<Answer> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(with.as_bytes()).unwrap();
        });
        let answer = get(port, "/readyz");
        server.join().unwrap();
        answer
    }

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let text = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 19\r\n\r\n{\"code\":\"draining\"}";
        let answer = answered(text).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "{\"code\":\"draining\"}"));
        assert!(answered("SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }

    #[test]
    fn a_body_in_chunks_is_read_as_one() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n";
        assert_eq!(answered(text).unwrap().body, "{\"a\":1}");
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let text = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answered(text).unwrap().status, 302);
    }
}
