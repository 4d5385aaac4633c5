//! Networks, and who really sent a request that came through proxies.
//!
//! Owns reading `address/length`, what is inside of it, and the walk through `X-Forwarded-For`. Leaves headers
//! and limits to the API.
//! **Invariant:** only what a trusted proxy wrote is believed: whatever a client puts in front of it changes
//! nothing.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Hops that are looked at; a longer way is nobody's.
const MAX_HOPS: usize = 32;

/// All addresses with the same first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: u128,
    bits: u8,
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network such as 10.0.0.0/8 or fd00::/8")]
pub struct InvalidNetwork;

impl Network {
    /// Whether the address is inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (number, family) = numbered(address);
        family == self.family && masked(number, self.bits) == self.base
    }
}

/// `10.0.0.0/8`, `fd00::/8`, or one address. Bits behind the length do not count.
impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().or(Err(InvalidNetwork))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(width), plain_number)?;
        if length > width {
            return Err(InvalidNetwork);
        }
        let (number, family) = match address {
            IpAddr::V4(_) => numbered(address),
            // As written: its length counts the bits of an IPv6 address.
            IpAddr::V6(v6) => (v6.to_bits(), Family::V6),
        };
        // An IPv4 address is counted from the left of its 32 bits.
        let bits = if family == Family::V4 {
            length + 96
        } else {
            length
        };
        Ok(Self {
            base: masked(number, bits),
            bits,
            family,
        })
    }
}

/// Who sent a request: the peer, or, if that is a proxy that is trusted, the last hop before it that is not.
/// `forwarded` are the lines of `X-Forwarded-For`, in order.
pub fn client_of<'a>(
    peer: IpAddr,
    forwarded: impl IntoIterator<Item = &'a str>,
    trusted: &[Network],
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
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
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(masked(v6.to_bits(), 64))),
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

fn plain_number(text: &str) -> Result<u8, InvalidNetwork> {
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(InvalidNetwork);
    }
    text.parse().or(Err(InvalidNetwork))
}

/// An IPv4 address written as IPv6 is the IPv4 address.
fn numbered(address: IpAddr) -> (u128, Family) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), Family::V4),
        IpAddr::V6(v6) => (v6.to_bits(), Family::V6),
    }
}

fn masked(number: u128, bits: u8) -> u128 {
    let dropped = 128_u32.saturating_sub(u32::from(bits));
    let mask = u128::MAX.checked_shl(dropped).unwrap_or(0);
    // The 96 bits in front of an IPv4 address are zero.
    number & mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_the_addresses_with_its_first_bits() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.168.1.77/24", "192.168.1.1", "192.168.2.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "255.1.2.3", "::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "127.0.0.1"),
            ("::/0", "2001:db8::1", "1.2.3.4"),
        ] {
            assert!(network(text).contains(ip(inside)), "{text} {inside}");
            assert!(!network(text).contains(ip(outside)), "{text} {outside}");
        }
        assert!(network("10.0.0.0/8").contains(ip("::ffff:10.1.2.3")));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0/8",
            "fd00::/129",
            "host/8",
            "10.0.0.0/8/8",
            "1.2.3.4/ 8",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(InvalidNetwork), "{bad}");
        }
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_not_trusted() {
        let trusted = [network("10.0.0.0/8")];
        let client = |peer: &str, forwarded: &[&str]| {
            client_of(ip(peer), forwarded.iter().copied(), &trusted)
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
        let trusted = [network("10.0.0.0/8")];
        let client = |forwarded| client_of(ip("10.0.0.1"), [forwarded], &trusted);
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
            prop_assert_eq!(client_of(peer, claims.iter().map(String::as_str), &[]), peer);
        }

        #[test]
        fn what_stands_in_front_of_a_proxys_word_changes_nothing(claim in "\\PC{0,60}", client in any::<[u8; 4]>()) {
            let trusted = [network("10.0.0.0/8")];
            let client = IpAddr::from(client);
            prop_assume!(!trusted[0].contains(client));
            let line = format!("{claim}, {client}");
            prop_assert_eq!(client_of(ip("10.0.0.1"), [line.as_str()], &trusted), client);
            let lines = [claim.as_str(), &client.to_string()];
            prop_assert_eq!(client_of(ip("10.0.0.1"), lines, &trusted), client);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,40}|[0-9a-f:./]{0,40}") {
            if let Ok(network) = text.parse::<Network>() {
                let address = text.split('/').next().unwrap().parse::<IpAddr>().unwrap();
                // An IPv4 address in IPv6's dress is IPv4 to us, and no network of IPv6 holds it.
                prop_assert!(network.contains(address) || address != address.to_canonical());
            }
        }

        #[test]
        fn a_network_holds_exactly_those_that_agree_in_its_bits(base in any::<u32>(), other in any::<u32>(), bits in 0_u32..=32) {
            let network = network(&format!("{}/{bits}", IpAddr::from(base.to_be_bytes())));
            let agree = (base ^ other).leading_zeros() >= bits;
            prop_assert_eq!(network.contains(IpAddr::from(other.to_be_bytes())), agree);
        }
    }
}
