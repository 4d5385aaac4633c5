//! Who really sent a request that came through proxies.
//!
//! Owns the walk through `X-Forwarded-For`. Leaves headers and limits to the API, and who is trusted to the
//! configuration.
//! **Invariant:** only what a trusted proxy wrote is believed: whatever a client puts in front of it changes
//! nothing.

use std::net::{IpAddr, Ipv6Addr};

/// Hops that are looked at; a longer way is nobody's.
const MAX_HOPS: usize = 32;
/// The bits of an IPv6 address that one subscriber's addresses share.
const FIRST_HALF: u128 = u128::MAX << 64;

/// Who sent a request: the peer, or, if that is a proxy that is trusted, the last hop before it that is not.
/// `forwarded` are the lines of `X-Forwarded-For`, in order.
pub fn client_of<'a>(
    peer: IpAddr,
    forwarded: impl IntoIterator<Item = &'a str>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let hops: Vec<&str> = forwarded
        .into_iter()
        .flat_map(|line| line.split(','))
        .collect();
    for hop in hops.into_iter().rev().take(MAX_HOPS) {
        // What cannot be read was not written by a proxy of ours: whoever passed it on is the last that is known.
        let Some(address) = address_of(hop.trim()) else {
            break;
        };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// The address that stands for a client: of IPv6 the first half, of which one subscriber has all.
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & FIRST_HALF)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// An address, with or without a port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let address = hop
        .parse::<IpAddr>()
        .or_else(|_no_address| {
            hop.parse::<std::net::SocketAddr>()
                .map(|socket| socket.ip())
        })
        .or_else(|_no_socket| hop.trim_start_matches('[').trim_end_matches(']').parse());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A proxy of ours.
    fn trusted(address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_not_trusted() {
        let client = |peer: &str, forwarded: &[&str]| {
            client_of(ip(peer), forwarded.iter().copied(), trusted)
        };
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), ip("203.0.113.9"));
        assert_eq!(
            client("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.2"]),
            ip("203.0.113.9")
        );
        assert_eq!(
            client("10.0.0.1", &["198.51.100.1", "203.0.113.9"]),
            ip("203.0.113.9")
        );
        assert_eq!(client("10.0.0.1", &["203.0.113.9:4711"]), ip("203.0.113.9"));
        assert_eq!(
            client("10.0.0.1", &["[2001:db8::1]:4711"]),
            ip("2001:db8::1")
        );
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]"]), ip("2001:db8::1"));
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), ip("10.0.0.3"));
    }

    #[test]
    fn what_cannot_be_read_ends_the_way_at_who_passed_it_on() {
        let client = |forwarded| client_of(ip("10.0.0.1"), [forwarded], trusted);
        assert_eq!(client("203.0.113.9, unknown, 10.0.0.2"), ip("10.0.0.2"));
        assert_eq!(client(""), ip("10.0.0.1"));
        assert_eq!(client("203.0.113.9,"), ip("10.0.0.1"));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_half_an_address() {
        assert_eq!(subscriber(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(subscriber(ip("::ffff:1.2.3.4")), ip("1.2.3.4"));
    }

    proptest! {
        #[test]
        fn a_stranger_is_who_they_are_whatever_they_claim(peer in any::<u32>(), claims in proptest::collection::vec("\\PC{0,40}", 0..4)) {
            let peer = IpAddr::from(peer.to_be_bytes());
            prop_assert_eq!(client_of(peer, claims.iter().map(String::as_str), |_| false), peer);
        }

        #[test]
        fn what_stands_in_front_of_a_proxys_word_changes_nothing(claim in "\\PC{0,60}", client in any::<[u8; 4]>()) {
                let client = IpAddr::from(client);
            prop_assume!(!trusted(client));
            let line = format!("{claim}, {client}");
            prop_assert_eq!(client_of(ip("10.0.0.1"), [line.as_str()], trusted), client);
            let lines = [claim.as_str(), &client.to_string()];
            prop_assert_eq!(client_of(ip("10.0.0.1"), lines, trusted), client);
        }
    }
}
