//! Connections whose client takes too long: one that doesn't finish its headers, and one on which
//! nothing happens.
//!
//! The server's own library closes what is idle and what is half sent after one and the same time.
//! That time would be too long for the one or too short for the other: a load balancer keeps idle
//! connections for a minute and must find them open.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use prometheus::IntCounter;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// How long nothing may happen on a connection: longer than load balancers keep theirs, and than
/// event streams are silent.
const IDLE: Duration = Duration::from_secs(75);
/// With this begins HTTP/2, whose frames are no lines: on it only the long time counts.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n";
/// What a client is told that asks before it sends a large body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 ";

/// Accepts connections that are closed when their client is too slow.
pub struct Patient<A> {
    acceptor: A,
    headers: Duration,
    closed: IntCounter,
}

impl<A> Patient<A> {
    pub fn new(acceptor: A, headers: Duration, closed: IntCounter) -> Self {
        Self { acceptor, headers, closed }
    }
}

impl<A: Acceptor> Acceptor for Patient<A> {
    type Io = Timed<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.acceptor.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (io, local, remote, scheme) = self.acceptor.accept().await?;
        let timed = Timed {
            io,
            phase: Phase::Waiting,
            deadline: Box::pin(sleep(IDLE)),
            headers: self.headers,
            closed: self.closed.clone(),
        };
        Ok((timed, local, remote, scheme))
    }
}

/// Where a connection is between two answers.
#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    /// For the first byte of a request.
    #[default]
    Waiting,
    /// Headers have begun; the last bytes so far, up to three, which may be half of their end.
    Headers {
        tail: Vec<u8>,
    },
    /// Headers are complete: the request's own time limits count.
    Asked,
    Http2,
}

impl Phase {
    /// After these bytes were read.
    fn read(self, bytes: &[u8]) -> Self {
        let mut tail = match self {
            Self::Waiting if bytes.starts_with(HTTP2) => return Self::Http2,
            Self::Waiting => Vec::new(),
            Self::Headers { tail } => tail,
            after @ (Self::Asked | Self::Http2) => return after,
        };
        tail.extend_from_slice(bytes);
        if tail.windows(4).any(|four| four == b"\r\n\r\n") || tail.windows(2).any(|two| two == b"\n\n") {
            return Self::Asked;
        }
        tail.drain(..tail.len().saturating_sub(3));
        Self::Headers { tail }
    }

    fn is_headers(&self) -> bool {
        matches!(self, Self::Headers { .. })
    }

    /// After these bytes were written.
    fn written(self, bytes: &[u8]) -> Self {
        match self {
            Self::Http2 => Self::Http2,
            // Now the body comes.
            Self::Asked if bytes.starts_with(CONTINUE) => Self::Asked,
            _ => Self::Waiting,
        }
    }
}

pub struct Timed<T> {
    io: T,
    phase: Phase,
    deadline: Pin<Box<Sleep>>,
    headers: Duration,
    closed: IntCounter,
}

impl<T> Timed<T> {
    /// Something was read or written. Headers have one deadline, however slowly they go on.
    fn advance(&mut self, next: impl FnOnce(Phase) -> Phase) {
        let was_in_headers = self.phase.is_headers();
        self.phase = next(std::mem::take(&mut self.phase));
        let time = match (was_in_headers, self.phase.is_headers()) {
            (true, true) => return,
            (false, true) => self.headers,
            (_, false) => IDLE,
        };
        self.deadline.as_mut().reset(Instant::now() + time);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Timed<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if let Poll::Ready(done) = Pin::new(&mut this.io).poll_read(context, buffer) {
            if done.is_ok() && buffer.filled().len() > before {
                this.advance(|phase| phase.read(&buffer.filled()[before..]));
            }
            return Poll::Ready(done);
        }
        ready!(this.deadline.as_mut().poll(context));
        if this.phase.is_headers() {
            this.closed.inc();
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Timed<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write(context, bytes));
        this.advance(|phase| phase.written(bytes));
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write_vectored(context, slices));
        let first = slices.iter().find(|slice| !slice.is_empty());
        this.advance(|phase| phase.written(first.map_or(&[], |slice| slice)));
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pieces: &[&[u8]]) -> Phase {
        pieces.iter().fold(Phase::Waiting, |phase, bytes| phase.read(bytes))
    }

    #[test]
    fn headers_end_with_an_empty_line_wherever_they_are_cut() {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for cut in 1..request.len() {
            let (start, end) = request.split_at(cut);
            assert!(after(&[start]).is_headers(), "{cut}");
            assert_eq!(after(&[start, end]), Phase::Asked, "{cut}");
        }
        let one_by_one: Vec<&[u8]> = request.chunks(1).collect();
        assert_eq!(after(&one_by_one), Phase::Asked);
        assert_eq!(after(&[b"GET / HTTP/1.1\nHost: a\n", b"\n"]), Phase::Asked);
    }

    #[test]
    fn after_an_answer_the_next_request_may_take_its_time_to_begin() {
        let asked = after(&[b"GET / HTTP/1.1\r\n\r\n"]);
        assert_eq!(asked.written(b"HTTP/1.1 200 OK\r\n"), Phase::Waiting);
    }

    #[test]
    fn a_body_that_was_asked_for_is_not_taken_for_headers() {
        let asked = after(&[b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n"]);
        let body = asked.written(b"HTTP/1.1 100 Continue\r\n\r\n").read(b"half of a picture");
        assert_eq!(body, Phase::Asked);
    }

    #[test]
    fn frames_of_http_2_are_not_taken_for_headers_that_never_end() {
        let open = after(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]).written(b"\0\0\x06\x04");
        assert_eq!(open.read(b"\0\0\x04\x08"), Phase::Http2);
    }
}
