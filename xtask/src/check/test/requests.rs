//! Clients that ask without a pause, and remember each request that had no good answer. What they ask for may be asked
//! twice; how fast they are answered is not their business: `cargo xtask load` judges that.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use stages::http;

const PATHS: [&str; 4] = ["/api/shops", "/api/menu-items?limit=20", "/api/city", "/"];

pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    answered: AtomicUsize,
    rest: Mutex<Rest>,
}

#[derive(Clone, Default)]
struct Rest {
    failed: Vec<String>,
    slowest: Duration,
}

pub struct Told {
    pub answered: usize,
    pub failed: Vec<String>,
    pub slowest: Duration,
}

impl Load {
    pub fn start(port: u16, clients: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let client = |number: usize| {
            let shared = shared.clone();
            thread::spawn(move || shared.ask(port, number))
        };
        Load { clients: (0..clients).map(client).collect(), shared }
    }

    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::Relaxed)
    }

    pub fn end(mut self) -> Told {
        self.stop();
        let rest = self.shared.rest.lock().expect("a client never panics").clone();
        Told { answered: self.answered(), failed: rest.failed, slowest: rest.slowest }
    }

    fn stop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            let _ = client.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn ask(&self, port: u16, number: usize) {
        for path in PATHS.iter().cycle().skip(number) {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let start = Instant::now();
            let fault = match http::get(port, path) {
                Ok(answer) if answer.status == 200 => None,
                Ok(answer) => Some(format!("{path} was answered with {}", answer.status)),
                Err(error) => Some(format!("{path}: {error:#}")),
            };
            let mut rest = self.rest.lock().expect("a client never panics");
            rest.slowest = rest.slowest.max(start.elapsed());
            match fault {
                None => drop(self.answered.fetch_add(1, Ordering::Relaxed)),
                Some(fault) => rest.failed.push(fault),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_error_and_a_lost_connection_are_failures_and_the_rest_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let load = Load::start(listener.local_addr().unwrap().port(), 8);
        let answers = ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n", ""];
        for answer in answers.iter().cycle().take(30) {
            let (stream, _) = listener.accept().unwrap();
            let mut request = BufReader::new(stream);
            // Whoever closes with something unread loses what was answered.
            while request.by_ref().lines().next().is_some_and(|line| !line.unwrap().is_empty()) {}
            request.get_mut().write_all(answer.as_bytes()).unwrap();
        }
        // Nobody listens any more, so every client gets to its end.
        drop(listener);
        let told = load.end();
        assert_eq!(told.answered, 10);
        assert!(told.failed.iter().filter(|fault| fault.contains("answered with 502")).count() == 10);
        assert!(told.failed.iter().any(|fault| fault.contains("Peer disconnected")), "{:?}", told.failed);
    }
}
