//! What proxies say of the client: `X-Forwarded-For` and `X-Forwarded-Proto`, or `Forwarded` (RFC 7239) where those are
//! missing. Whether a proxy is believed at all is a setting.
//!
//! `X-Forwarded-For` comes first because most proxies write it and pass on a `Forwarded` that the client made up.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use poem::http::HeaderMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

/// The client's address: the peer's, or what trusted proxies say. The list is read from its end, so that what a client
/// wrote there itself is never reached, and up to what can't be read, because nobody vouches for what stands before it.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut client = peer;
    if !is_proxy(&client) {
        return client;
    }
    for hop in hops(headers).into_iter().rev() {
        let Some(ip) = hop else { return client };
        client = ip;
        if !is_proxy(&client) {
            return client;
        }
    }
    client
}

/// How the client came to the first proxy.
pub fn scheme(headers: &HeaderMap) -> Option<Scheme> {
    let mut given = headers.get_all("x-forwarded-proto").iter().filter_map(|value| value.to_str().ok());
    let first = given.find_map(|value| value.split(',').map(str::trim).find(|s| !s.is_empty()));
    let word = match first {
        Some(word) => word.to_owned(),
        None => elements(headers).into_iter().flatten().find_map(|element| parameter(&element, "proto"))?,
    };
    match word.to_ascii_lowercase().as_str() {
        "https" => Some(Scheme::Https),
        "http" => Some(Scheme::Http),
        _ => None,
    }
}

/// Client first, nearest proxy last; nothing for what is no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if !headers.contains_key("x-forwarded-for") {
        let address = |element: Option<String>| element.and_then(|e| node(&parameter(&e, "for")?));
        return elements(headers).into_iter().map(address).collect();
    }
    let mut hops = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        match value.to_str() {
            Ok(text) => hops.extend(text.split(',').map(str::trim).filter(|hop| !hop.is_empty()).map(node)),
            Err(_) => hops.push(None),
        }
    }
    hops
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`; nothing for `unknown` and
/// for names that hide an address.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches('"');
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        return if port.is_empty() || port.starts_with(':') { address_of(address) } else { None };
    }
    if let Some(address) = address_of(text) {
        return Some(address);
    }
    let (address, _port) = text.split_once(':')?;
    address.parse::<Ipv4Addr>().ok().map(IpAddr::from)
}

fn address_of(text: &str) -> Option<IpAddr> {
    let without_zone = text.split_once('%').map_or(text, |(address, _)| address);
    without_zone.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// The elements of all `Forwarded` headers; nothing in place of a header that is no text.
fn elements(headers: &HeaderMap) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for value in headers.get_all("forwarded") {
        match value.to_str() {
            Ok(text) => found.extend(unquoted(text, ',').into_iter().filter(|e| !e.is_empty()).map(Some)),
            Err(_) => found.push(None),
        }
    }
    found
}

fn parameter(element: &str, name: &str) -> Option<String> {
    let pairs = unquoted(element, ';');
    let mut pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    let value = value.trim();
    match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
        Some(quoted) => Some(quoted.replace('\\', "")),
        None => Some(value.to_owned()),
    }
}

/// Splits where the separator stands outside of quotes.
fn unquoted(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut escaped = false;
    for letter in text.chars() {
        if letter == separator && !quoted {
            parts.push(String::new());
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = quoted && letter == '\\' && !escaped;
        parts.last_mut().expect("there is a part from the start").push(letter);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a value"));
        }
        headers
    }

    fn client_of(pairs: &[(&'static str, &'static str)]) -> String {
        let trusted = ["127.0.0.0/8".parse().expect("a network"), "fd00::/8".parse().expect("a network")];
        client([127, 0, 0, 1].into(), &headers(pairs), &trusted).to_string()
    }

    #[test]
    fn an_address_is_read_in_each_form_that_proxies_write() {
        for (written, client) in [
            ("198.51.100.7", "198.51.100.7"),
            ("198.51.100.7:51001", "198.51.100.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:51001", "2001:db8::7"),
            ("\"[2001:db8::7]:51001\"", "2001:db8::7"),
            ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
            ("fe80::7%eth0", "fe80::7"),
            ("198.51.100.7:51001, 127.0.0.2:80", "198.51.100.7"),
            ("198.51.100.7, , ", "198.51.100.7"),
            ("198.51.100.7, unknown", "127.0.0.1"),
            ("198.51.100.7, unknown, 198.51.100.8", "198.51.100.8"),
            ("198.51.100.7:", "198.51.100.7"),
            ("[2001:db8::7]x", "127.0.0.1"),
            ("_hidden", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(client_of(&[("x-forwarded-for", written)]), client, "{written}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_standard_has_it() {
        for (written, client) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("for=192.0.2.43;by=\"a,b;c\", for=127.0.0.9", "192.0.2.43"),
            ("for=192.0.2.43, for=unknown", "127.0.0.1"),
            ("for=192.0.2.43, for=_gazonk", "127.0.0.1"),
            ("proto=https", "127.0.0.1"),
        ] {
            assert_eq!(client_of(&[("forwarded", written)]), client, "{written}");
        }
        let two = [("forwarded", "for=192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        assert_eq!(client_of(&two), "192.0.2.2");
    }

    #[test]
    fn a_forwarded_that_the_client_made_up_does_not_stand_against_the_proxys_header() {
        let both = [("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.2")];
        assert_eq!(client_of(&both), "192.0.2.2");
    }

    #[test]
    fn the_first_of_several_schemes_is_the_clients() {
        for (written, found) in [
            ("https", Some(Scheme::Https)),
            ("HTTPS", Some(Scheme::Https)),
            ("https,http", Some(Scheme::Https)),
            ("https, https", Some(Scheme::Https)),
            ("http,http", Some(Scheme::Http)),
            ("http, https", Some(Scheme::Http)),
            (", https", Some(Scheme::Https)),
            ("gopher", None),
        ] {
            assert_eq!(scheme(&headers(&[("x-forwarded-proto", written)])), found, "{written}");
        }
        assert_eq!(scheme(&headers(&[("forwarded", "for=192.0.2.1;Proto=\"https\"")])), Some(Scheme::Https));
        assert_eq!(scheme(&headers(&[])), None);
    }
}
