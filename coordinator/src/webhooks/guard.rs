//! Where a webhook may lead: to public addresses, and to networks that an operator allowed.
//!
//! Owns judging URLs and addresses. Who may make webhooks could otherwise have this process call what only it
//! can reach: a cloud's metadata, a database, a neighbour.
//! **Invariant:** every spelling of an address is judged as the address that it stands for; what is not known to
//! be public is not.
//!
//! # Source
//! IANA's special-purpose address registries (RFC 6890 and its updates), NAT64 (RFC 6052).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use shared::config::Cidr;
use url::{Host, Url};

/// Longest URL, in bytes.
pub const MAX_URL_BYTES: usize = 2_000;

/// Which addresses may be called.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allowed: Vec<Cidr>,
}

/// Where a webhook may lead.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Which addresses.
    pub guard: AddressGuard,
    /// By which schemes.
    pub schemes: Schemes,
}

/// By which schemes a webhook may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schemes {
    /// So that nobody reads along.
    #[default]
    HttpsOnly,
    /// An operator allowed more.
    HttpToo,
}

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// It is no URL.
    #[error("is no URL with a host; write https://host/path")]
    NotAUrl,
    /// It is too long.
    #[error("has more than 2000 bytes")]
    TooLong,
    /// The scheme.
    #[error("must begin with https://")]
    Scheme,
    /// It holds a user or a password.
    #[error("must not hold a user or a password; calls are signed")]
    Credentials,
    /// It holds a fragment, which is not sent.
    #[error("must not hold a fragment")]
    Fragment,
    /// The address is not a public one.
    #[error("leads to an address that is not public; an operator can allow its network")]
    Address,
}

impl AddressGuard {
    /// Admits public addresses, and those in `allowed`.
    pub fn new(allowed: Vec<Cidr>) -> Self {
        Self { allowed }
    }

    /// Whether the address may be called.
    pub fn admits(&self, address: IpAddr) -> bool {
        let meant = meant(address);
        let allowed = |network: &Cidr| network.contains(address) || network.contains(meant);
        is_public(meant) || self.allowed.iter().any(allowed)
    }
}

impl Rules {
    /// The URL, if a webhook may lead there. What a name stands for is judged when it is called.
    ///
    /// # Errors
    /// Permanent: it may not.
    pub fn check(&self, text: &str) -> Result<Url, UrlFault> {
        if text.len() > MAX_URL_BYTES {
            return Err(UrlFault::TooLong);
        }
        let url: Url = text.parse().map_err(|_quotes_input| UrlFault::NotAUrl)?;
        self.check_url(&url)?;
        Ok(url)
    }

    /// The same for a URL that was checked before: the rules may have changed.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_url(&self, url: &Url) -> Result<(), UrlFault> {
        match (url.scheme(), self.schemes) {
            ("https", _) | ("http", Schemes::HttpToo) => {}
            _ => return Err(UrlFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlFault::Fragment);
        }
        // The parser has turned every spelling of an IPv4 address into the address.
        let address = match url.host() {
            None => return Err(UrlFault::NotAUrl),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
        };
        if self.guard.admits(address) {
            Ok(())
        } else {
            Err(UrlFault::Address)
        }
    }
}

/// The address that another stands for: an IPv4 one written as IPv6, or reached through NAT64.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address.to_canonical() else {
        return address.to_canonical();
    };
    match six.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => IpAddr::V4(Ipv4Addr::from_bits(
            (u32::from(high) << 16) | u32::from(low),
        )),
        _ => IpAddr::V6(six),
    }
}

/// Whether an address is reached over the public internet, and by one host only.
pub fn is_public(address: IpAddr) -> bool {
    match meant(address) {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => is_public_v6(six),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network; loopback; private ones; link-local, where clouds keep their metadata; protocol
        // assignments, documentation, the old 6to4 relays; benchmarks.
        [0 | 10 | 127, ..]
        | [192, 168, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..] => true,
        // The third private one.
        [172, second, ..] => (16..32).contains(&second),
        // Shared by carriers.
        [100, second, ..] => (64..128).contains(&second),
        // Multicast, reserved, broadcast.
        [first, ..] => first >= 224,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let special = match address.segments() {
        // Protocol assignments: Teredo, which holds another address, benchmarks, identifiers.
        [0x2001, second, ..] if second < 0x200 => true,
        // Documentation; 6to4, which holds another address.
        [0x2001, 0xdb8, ..] | [0x2002, ..] => true,
        [0x3fff, second, ..] if second < 0x1000 => true,
        // Only this eighth is given out as global unicast; the rest is local, multicast or nobody's.
        [first, ..] => first & 0xe000 != 0x2000,
    };
    !special
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_only_this_machine_or_its_neighbours_reach_is_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn what_anybody_reaches_is_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "3ffe::1",
        ] {
            assert!(is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn an_allowed_network_is_admitted_in_every_spelling_and_no_other() {
        let guard = AddressGuard::new(vec!["10.1.0.0/16".parse().unwrap()]);
        for (text, admitted) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("64:ff9b::a01:203", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(guard.admits(address(text)), admitted, "{text}");
        }
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://127.0.0.1./",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://2852039166/",
            "https://[fd00:ec2::254]/",
            "https://127。0。0。1/",
            "https://①27.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://10.0.0.1:8443/",
            "https:127.0.0.1/",
            "https:/\\127.0.0.1/",
        ] {
            assert_eq!(
                Rules::default().check(url).err(),
                Some(UrlFault::Address),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused() {
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL_BYTES));
        for (url, fault) in [
            ("", UrlFault::NotAUrl),
            ("example.com", UrlFault::NotAUrl),
            ("https://", UrlFault::NotAUrl),
            ("http://example.com/", UrlFault::Scheme),
            ("ftp://example.com/", UrlFault::Scheme),
            ("file:///etc/passwd", UrlFault::Scheme),
            ("gopher://example.com/", UrlFault::Scheme),
            ("https://user@example.com/", UrlFault::Credentials),
            ("https://user:pass@example.com/", UrlFault::Credentials),
            ("https://:pass@example.com/", UrlFault::Credentials),
            ("https://example.com/#part", UrlFault::Fragment),
            ("https://256.1.1.1/", UrlFault::NotAUrl),
            (&long, UrlFault::TooLong),
        ] {
            assert_eq!(Rules::default().check(url).err(), Some(fault), "{url}");
        }
    }

    #[test]
    fn plain_http_needs_an_operators_word() {
        let rules = Rules {
            schemes: Schemes::HttpToo,
            ..Rules::default()
        };
        assert!(rules.check("http://example.com:8080/hook").is_ok());
        assert!(rules.check("https://example.com/hook").is_ok());
        assert_eq!(
            rules.check("ftp://example.com/").err(),
            Some(UrlFault::Scheme)
        );
    }

    proptest! {
        #[test]
        fn no_special_ipv4_address_of_the_standard_library_is_public(bits: u32) {
            let four = Ipv4Addr::from_bits(bits);
            let special = four.is_loopback() || four.is_private() || four.is_link_local()
                || four.is_multicast() || four.is_broadcast() || four.is_unspecified() || four.is_documentation();
            prop_assert!(!(special && is_public(four.into())), "{four}");
        }

        #[test]
        fn no_special_ipv6_address_of_the_standard_library_is_public(bits: u128) {
            let six = Ipv6Addr::from_bits(bits);
            let special = six.is_loopback() || six.is_multicast() || six.is_unspecified()
                || six.is_unique_local() || six.is_unicast_link_local();
            prop_assert!(!(special && is_public(six.into())), "{six}");
        }

        #[test]
        fn an_address_is_judged_alike_in_every_form(bits: u32) {
            let four = Ipv4Addr::from_bits(bits);
            let expected = is_public(four.into());
            prop_assert_eq!(is_public(four.to_ipv6_mapped().into()), expected);
            let through_nat = Ipv6Addr::from_bits((0x64_ff9b_u128 << 96) | u128::from(bits));
            prop_assert_eq!(is_public(through_nat.into()), expected);
            let decimal = Rules::default().check(&format!("https://{bits}/"));
            prop_assert_eq!(decimal.is_ok(), expected);
            prop_assert!(!is_public(Ipv6Addr::from_bits(u128::from(bits)).into()));
        }

        #[test]
        fn any_text_is_taken_or_refused(text in "\\PC{0,60}") {
            drop(Rules::default().check(&text));
        }
    }
}
