//! The line to a registry, which breaks or goes quiet once so many bytes were sent.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    Breaks,
    GoesQuiet,
}

pub struct Line {
    pub port: u16,
    sent: Arc<AtomicUsize>,
    most: usize,
}

impl Line {
    /// To the registry at that port; of what is sent to it `most` bytes arrive.
    pub fn to(registry: u16, most: usize, fault: Fault) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (port, sent) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = sent.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, registry)) else { continue };
                let (back_from, back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let counted = counted.clone();
                thread::spawn(move || forth(client, server, &counted, most, fault));
                thread::spawn(move || back(back_from, back_to));
            }
        });
        Line { port, sent, most }
    }

    pub fn is_used_up(&self) -> bool {
        self.sent.load(Ordering::SeqCst) > self.most
    }
}

fn forth(mut client: TcpStream, mut server: TcpStream, sent: &AtomicUsize, most: usize, fault: Fault) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        if sent.fetch_add(length, Ordering::SeqCst) + length > most {
            if fault == Fault::GoesQuiet {
                thread::park();
            }
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
            return;
        }
        if server.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

fn back(mut server: TcpStream, mut client: TcpStream) {
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}
