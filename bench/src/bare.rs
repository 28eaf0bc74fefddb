//! The floor: poem with one handler that sends the same bytes under the same content type, and nothing else on.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use poem::{EndpointExt, Response, Route, Server, get, handler, listener::TcpListener, web::Data};

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    body: PathBuf,
    #[arg(long)]
    content_type: String,
}

#[handler]
fn same(Data(body): Data<&&'static [u8]>, Data(content_type): Data<&&'static str>) -> Response {
    Response::builder().content_type(content_type).body(*body)
}

pub fn run(args: &Args) -> Result<()> {
    // Leaked once for the life of the process: the floor shouldn't pay for a reference count either.
    let body: &'static [u8] = std::fs::read(&args.body)?.leak();
    let content_type: &'static str = args.content_type.clone().leak();
    let app = Route::new().at("/api/menu-items", get(same)).data(body).data(content_type);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(Server::new(TcpListener::bind(args.listen)).run(app))?;
    Ok(())
}
