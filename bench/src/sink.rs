//! A place for traces: takes them, counts the deliveries, keeps nothing.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::Result;
use poem::{Route, Server, get, handler, listener::TcpListener, post};

static DELIVERIES: AtomicU64 = AtomicU64::new(0);

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    listen: SocketAddr,
}

#[handler]
async fn take(_body: Vec<u8>) {
    DELIVERIES.fetch_add(1, Ordering::Relaxed);
}

#[handler]
fn count() -> String {
    DELIVERIES.load(Ordering::Relaxed).to_string()
}

pub fn run(args: &Args) -> Result<()> {
    let app = Route::new().at("/v1/traces", post(take)).at("/count", get(count));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Server::new(TcpListener::bind(args.listen)).run(app))?;
    Ok(())
}
