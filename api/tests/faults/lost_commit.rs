//! PostgreSQL does what it is asked, and its answer is lost: the client is told that nobody knows, and finds the truth by
//! asking again.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    parts::both,
    process::Installation,
    wait::{SOON, until},
};

/// How much of the line is cut.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// The one connection; others work, and new ones can be made.
    One,
    /// All, until the line is repaired.
    All,
}

/// Stands between the service and PostgreSQL, and cuts the line at a moment of the test's choice.
#[derive(Clone)]
struct Line {
    /// What a message to the server has in it after whose answer the line is cut.
    cut_after: Arc<Mutex<Option<(&'static str, Cut)>>>,
    is_down: watch::Sender<bool>,
}

impl Line {
    fn new() -> Self {
        Self { cut_after: Arc::default(), is_down: watch::Sender::new(false) }
    }

    /// Gives the port at which it stands.
    async fn to(&self, server: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let port = listener.local_addr().expect("bound").port();
        let line = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !line.is_down() {
                    tokio::spawn(line.clone().carry(client, server));
                }
            }
        });
        port
    }

    fn is_down(&self) -> bool {
        *self.is_down.borrow()
    }

    fn repair(&self) {
        self.is_down.send_replace(false);
    }

    fn cut(&self, how: Cut, words: &'static str) {
        *self.cut_after.lock().expect("no holder panics") = Some((words, how));
    }

    /// How the line is cut after this message, if it is; only once.
    fn cut_by(&self, message: &[u8]) -> Option<Cut> {
        let mut cut = self.cut_after.lock().expect("no holder panics");
        let has = |words: &str| message.windows(words.len()).any(|w| w == words.as_bytes());
        cut.take_if(|(words, _)| has(words)).map(|(_, how)| how)
    }

    async fn carry(self, mut client: TcpStream, server: u16) {
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
        let mut down = self.is_down.subscribe();
        let (mut asked, mut answered) = ([0; 16_384], [0; 16_384]);
        loop {
            tokio::select! {
                biased;
                () = async { drop(down.wait_for(|down| *down).await) } => return,
                read = client.read(&mut asked) => {
                    let Ok(length @ 1..) = read else { return };
                    if self.is_down() || server.write_all(&asked[..length]).await.is_err() {
                        return;
                    }
                    if let Some(how) = self.cut_by(&asked[..length]) {
                        // It has been done once it answers.
                        let _ = server.read(&mut answered).await;
                        self.is_down.send_replace(how == Cut::All);
                        return;
                    }
                }
                read = server.read(&mut answered) => {
                    let Ok(length @ 1..) = read else { return };
                    if client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_is_lost_is_told_as_unknown_and_found_by_its_key() {
    let Some((postgres, redis)) = both().await else { return };
    let line = Line::new();
    let installation = Installation::on(&postgres, &redis).seeded();
    let url = postgres.url_at(line.to(postgres.port()).await, "wayfare");
    let server = installation.set("WAYFARE_DATABASE_URL", url).serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    line.cut(Cut::All, "the-answer-to-this-is-lost");
    let lost = customer.send(customer.order("the-answer-to-this-is-lost")).await.expect("an answer");
    assert_eq!((lost.status, &lost.body["code"]), (503, &"outcome_unknown".into()), "{:#}", lost.body);
    assert!(lost.header("retry-after").is_some());
    line.repair();
    until("the service is ready again", SOON, async || server.is_ready().await.then_some(())).await;
    let again = customer.send(customer.order("the-answer-to-this-is-lost")).await.expect("an answer");
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{:#}", again.body);
    let orders = customer.get("/api/orders").await.expect(200);
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_is_lost_is_looked_for_where_that_can_be_done() {
    let Some((postgres, redis)) = both().await else { return };
    let line = Line::new();
    let installation = Installation::on(&postgres, &redis).seeded();
    let url = postgres.url_at(line.to(postgres.port()).await, "wayfare");
    let server = installation.set("WAYFARE_DATABASE_URL", url).serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    line.cut(Cut::One, "the-answer-to-this-is-lost");
    let found = customer.send(customer.order("the-answer-to-this-is-lost")).await.expect("an answer");
    assert_eq!(found.header("idempotency-replayed"), Some("true"), "{:#}", found.body);
    found.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_told_as_unknown_and_was_done() {
    let Some((postgres, redis)) = both().await else { return };
    let line = Line::new();
    let installation = Installation::on(&postgres, &redis).seeded();
    let url = postgres.url_at(line.to(postgres.port()).await, "wayfare");
    let server = installation.set("WAYFARE_DATABASE_URL", url).set("WAYFARE_EMBEDDED_WORKER", "false").serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    let order = customer.place("an-order-to-cancel").await;
    line.cut(Cut::One, "COMMIT");
    let lost = customer.advance(&order, "cancelled").await;
    assert_eq!((lost.status, &lost.body["code"]), (503, &"outcome_unknown".into()), "{:#}", lost.body);
    let order = customer.get(&format!("/api/orders/{order}")).await.expect(200);
    assert_eq!(order["state"], "cancelled");
}
