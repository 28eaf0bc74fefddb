//! Addresses that aren't the public internet's: who makes us send a request there reaches our own network, our cloud's
//! metadata, or nothing.
//!
//! From IANA's IPv4 and IPv6 Special-Purpose Address Registries, as they stood on 9 October 2025, with what isn't in them
//! and is no host of the internet either: multicast, unassigned IPv6, deprecated site-local and IPv4-compatible addresses.
//! Blocks that the registries call globally reachable are here too when nothing that takes webhooks can live in them
//! (AS112, AMT, anycast of protocols).
//!
//! <https://www.iana.org/assignments/iana-ipv4-special-registry> ·
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use ipnet::{Ipv4Net, Ipv6Net};

type Blocks<N> = LazyLock<Vec<(N, &'static str)>>;

static IPV4: Blocks<Ipv4Net> = LazyLock::new(|| {
    read(&[
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private use"),
        ("100.64.0.0/10", "shared address space of carriers and clouds"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, where clouds keep their metadata"),
        ("172.16.0.0/12", "private use"),
        ("192.0.0.0/24", "IETF protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "deprecated 6to4 relays"),
        ("192.168.0.0/16", "private use"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        // Not in the registry: an ordinary public block of Microsoft's, and in Azure every machine's own host.
        ("168.63.129.16/32", "Azure's platform address"),
    ])
});

static IPV6: Blocks<Ipv6Net> = LazyLock::new(|| {
    read(&[
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("::/96", "deprecated IPv4-compatible"),
        ("64:ff9b:1::/48", "translation to IPv4 within a network"),
        ("100::/64", "discard-only"),
        ("100:0:0:1::/64", "dummy prefix"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "IETF protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "unique local, private use"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "deprecated site-local"),
        ("ff00::/8", "multicast"),
    ])
});

/// What IANA has given out for hosts of the internet so far.
static GLOBAL: LazyLock<Ipv6Net> = LazyLock::new(|| "2000::/3".parse().expect("a network"));

fn read<N: std::str::FromStr>(blocks: &[(&str, &'static str)]) -> Vec<(N, &'static str)> {
    let network = |text: &str| text.parse().unwrap_or_else(|_| panic!("{text} is a network"));
    blocks.iter().map(|(text, name)| (network(text), *name)).collect()
}

/// What kind of special address it is; nothing for one of the public internet.
pub fn special(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => v4(ip),
        IpAddr::V6(ip) => embedded(ip).map_or_else(|| v6(ip), v4),
    }
}

fn v4(ip: Ipv4Addr) -> Option<&'static str> {
    IPV4.iter().find(|(block, _)| block.contains(&ip)).map(|(_, name)| *name)
}

fn v6(ip: Ipv6Addr) -> Option<&'static str> {
    let named = IPV6.iter().find(|(block, _)| block.contains(&ip)).map(|(_, name)| *name);
    named.or_else(|| (!GLOBAL.contains(&ip)).then_some("unassigned")).or_else(|| isatap(ip).and_then(v4))
}

/// The IPv4 address that a packet to this one is sent to in the end, where that may be a public one: mapped, NAT64, 6to4.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(of(g, h)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// The IPv4 address of an ISATAP interface: a router within that network takes the packet there.
fn isatap(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., e, f, g, h] = ip.segments();
    (matches!(e, 0 | 0x0200) && f == 0x5efe).then(|| Ipv4Addr::from(u32::from(g) << 16 | u32::from(h)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        special(text.parse().unwrap_or_else(|_| panic!("{text} is an address")))
    }

    #[test]
    fn the_first_and_last_address_of_each_block_are_special_and_their_neighbours_outside_are_not() {
        for (block, name) in IPV4.iter() {
            assert!(v4(block.network()).is_some() && v4(block.broadcast()).is_some(), "{block} {name}");
        }
        for (block, name) in IPV6.iter() {
            assert!(v6(block.network()).is_some() && v6(block.broadcast()).is_some(), "{block} {name}");
        }
        for public in ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255"] {
            assert_eq!(of(public), None, "{public}");
        }
        for public in ["172.32.0.0", "192.0.1.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17"] {
            assert_eq!(of(public), None, "{public}");
        }
        for public in ["2606:4700:4700::1111", "2001:200::1", "2001:db7::1", "2a00:1450::1", "3ffe::1"] {
            assert_eq!(of(public), None, "{public}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_address_is_looked_into() {
        let private = ["::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1"];
        let tunnels = ["2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "2a00::5efe:10.0.0.1"];
        let never = ["::127.0.0.1", "::8.8.8.8", "64:ff9b:1::8.8.8.8", "2001:0:4136:e378:8000:63bf:3fff:fdd2"];
        for address in private.into_iter().chain(tunnels).chain(never) {
            assert!(of(address).is_some(), "{address}");
        }
        for address in ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn the_fixed_addresses_of_clouds_are_special() {
        let metadata = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"];
        for address in metadata.into_iter().chain(["fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe"]) {
            assert!(of(address).is_some(), "{address}");
        }
    }
}
