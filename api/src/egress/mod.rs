//! Requests to addresses that clients name, such as a shop's webhook: they leave for the public internet alone.
//!
//! An address is looked at when it is set, so that its owner hears what is wrong with it, and again at each connection: a
//! name may lead elsewhere by then. No proxy is used unless the configuration names one, whatever `HTTP_PROXY` says: a
//! proxy resolves names by itself, where nothing of this is asked.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use reqwest::{Client, Proxy, Url, dns, redirect::Policy};

mod special;

pub use special::special;

use crate::config::Config;

/// How a name's addresses are found.
pub trait Lookup: Clone + Send + Sync + 'static {
    fn addresses(&self, name: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The machine's own resolver.
#[derive(Clone, Copy)]
pub struct System;

impl Lookup for System {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Whether requests may be sent to an address. A name that can't be resolved now may be tomorrow.
///
/// # Errors
/// Why not, in words for whoever gave the address; no address of ours is in them.
pub async fn allowed(url: &Url, lookup: &impl Lookup) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not have a user or a password in it".to_owned());
    }
    if let Some(ip) = literal(url) {
        return special(ip).map_or(Ok(()), |kind| Err(format!("it isn't on the public internet ({kind})")));
    }
    let name = url.host_str().ok_or("it has no host")?;
    match lookup.addresses(name).await.map(public) {
        Ok(Err(why)) => Err(why),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// The address that is written in place of a name: no resolver is asked for it.
pub fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// The public ones of a name's addresses.
fn public(found: Vec<IpAddr>) -> Result<Vec<IpAddr>, String> {
    let kind = found.first().and_then(|ip| special(*ip)).unwrap_or("no address");
    let public: Vec<_> = found.into_iter().filter(|ip| special(*ip).is_none()).collect();
    if public.is_empty() {
        return Err(format!("its name doesn't lead to the public internet ({kind})"));
    }
    Ok(public)
}

/// The client for such requests: redirects are not followed, and names lead to public addresses alone unless
/// `webhooks_to_private` is set.
///
/// # Errors
/// A proxy's address that can't be read.
pub fn client(config: &Config, patience: Duration) -> anyhow::Result<Client> {
    let builder = Client::builder()
        .timeout(patience)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("wayfare/", env!("CARGO_PKG_VERSION")));
    let builder = match &config.webhook_proxy {
        Some(url) => builder.proxy(proxy(url.expose())?),
        None if config.webhooks_to_private => builder,
        None => builder.dns_resolver(PublicOnly(System)),
    };
    Ok(builder.build()?)
}

/// What is wrong with the settings of what leaves for other hosts.
pub fn problems(config: &Config) -> Vec<String> {
    let proxy = config.webhook_proxy.as_ref().and_then(|url| proxy(url.expose()).err());
    proxy.map(|problem| format!("WAYFARE_WEBHOOK_PROXY: {problem}")).into_iter().collect()
}

/// # Errors
/// What is wrong with it, in words that don't repeat it: it may have a password in it.
pub fn proxy(url: &str) -> anyhow::Result<Proxy> {
    Proxy::all(url).ok().context("the proxy's address can't be read: begin it with http:// or https://")
}

/// Resolves names to public addresses alone: a name that leads into our own network leads nowhere.
#[derive(Clone)]
struct PublicOnly<L>(L);

impl<L: Lookup> dns::Resolve for PublicOnly<L> {
    fn resolve(&self, name: dns::Name) -> dns::Resolving {
        let lookup = self.0.clone();
        Box::pin(async move {
            let found = public(lookup.addresses(name.as_str()).await?)?;
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as dns::Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::dns::Resolve;

    use super::*;

    /// Knows some names and asks nobody.
    #[derive(Clone)]
    struct Double(&'static [(&'static str, &'static [&'static str])]);

    impl Lookup for Double {
        async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
            let found = self.0.iter().find(|(known, _)| *known == name).ok_or(io::ErrorKind::NotFound)?;
            Ok(found.1.iter().map(|ip| ip.parse().unwrap()).collect())
        }
    }

    const NAMES: Double = Double(&[
        ("shop.example", &["93.184.216.34", "2606:2800:220:1::1"]),
        ("inside.example", &["10.0.0.7"]),
        ("metadata.example", &["169.254.169.254", "fd00:ec2::254"]),
        ("both.example", &["10.0.0.7", "93.184.216.34"]),
        ("translated.example", &["64:ff9b::a00:1"]),
        ("nothing.example", &[]),
    ]);

    async fn at_put(url: &str) -> Result<(), String> {
        allowed(&Url::parse(url).unwrap(), &NAMES).await
    }

    async fn at_sending(name: &str) -> Vec<String> {
        let found = PublicOnly(NAMES).resolve(name.parse().unwrap()).await;
        found.map(|addresses| addresses.map(|a| a.ip().to_string()).collect()).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_name_leads_to_its_public_addresses_and_nowhere_else() {
        assert_eq!(at_sending("shop.example").await, ["93.184.216.34", "2606:2800:220:1::1"]);
        assert_eq!(at_sending("both.example").await, ["93.184.216.34"]);
        for name in ["inside.example", "metadata.example", "translated.example", "nothing.example", "unknown.example"] {
            assert_eq!(at_sending(name).await, Vec::<String>::new(), "{name}");
        }
    }

    #[tokio::test]
    async fn an_address_that_leads_into_a_network_is_refused_with_the_reason_and_without_the_address() {
        for url in ["https://shop.example/hook", "http://both.example", "https://93.184.216.34", "https://new.example"]
        {
            assert_eq!(at_put(url).await, Ok(()), "{url}");
        }
        let names = ["http://inside.example", "https://metadata.example/latest", "http://translated.example"];
        let literals =
            ["http://127.1/", "http://0x7f000001", "http://[::1]/", "http://[64:ff9b::10.0.0.1]/", "http://240.0.0.1"];
        for url in names.into_iter().chain(literals).chain(["https://u:p@shop.example", "http://nothing.example"]) {
            let why = at_put(url).await.expect_err(url);
            assert!(!why.contains("10.0.0") && !why.contains("169.254"), "{why}");
        }
    }
}
