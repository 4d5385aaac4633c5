//! IP addresses of the public Internet.
//!
//! Owns which blocks are set aside. Leaves reading the number to the standard library.
//! **Invariant:** an address that cannot be reached from the Internet is no finding; four small numbers,
//! as versions have them, are a weak one.
//!
//! # Source
//! IANA special-purpose address registries, <https://www.iana.org/assignments/iana-ipv4-special-registry>
//! and <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Verdict;

/// Versions rarely have a part beyond this; addresses rarely have four parts within it.
const LARGEST_VERSION_PART: u8 = 31;
/// Resolvers that everybody names.
const PUBLIC_RESOLVERS: &[&str] = &[
    "1.0.0.1",
    "1.1.1.1",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "208.67.220.220",
    "208.67.222.222",
    "2001:4860:4860::8844",
    "2001:4860:4860::8888",
    "2606:4700:4700::1001",
    "2606:4700:4700::1111",
];

/// Parses the address and looks up its block.
pub(super) fn check(value: &str) -> Verdict {
    let verdict = match value.parse() {
        Ok(IpAddr::V4(address)) => check_v4(address),
        Ok(IpAddr::V6(address)) => check_v6(address),
        Err(_) => Verdict::invalid("no address"),
    };
    verdict.test_value(PUBLIC_RESOLVERS.contains(&value))
}

fn check_v4(address: Ipv4Addr) -> Verdict {
    let octets = address.octets();
    let is_shared = octets.first() == Some(&100) && octets.get(1).is_some_and(|b| b & 0xc0 == 64);
    let is_benchmark =
        octets.first() == Some(&198) && octets.get(1).is_some_and(|b| b & 0xfe == 18);
    let is_reserved = octets
        .first()
        .is_some_and(|&first| first == 0 || first >= 224);
    if address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_benchmark
        || is_reserved
    {
        return Verdict::invalid("private, reserved or for documentation");
    }
    if octets.iter().all(|&part| part <= LARGEST_VERSION_PART) {
        return Verdict::shaped("could be a version");
    }
    Verdict::valid("a public address")
}

fn check_v6(address: Ipv6Addr) -> Verdict {
    let [first, second, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_documentation =
        first == 0x2001 && second == 0x0db8 || first == 0x3fff && second < 0x1000;
    if is_global && !is_documentation {
        Verdict::valid("a public address")
    } else {
        Verdict::invalid("private, reserved or for documentation")
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn knows_public_addresses_from_others() {
        for (address, check_) in [
            ("52.95.110.1", Check::Valid),
            ("203.1.2.3", Check::Valid),
            ("2a00:1450:4001:82a::200e", Check::Valid),
            ("1.2.3.4", Check::StructurallyValid),
            ("2.14.0.1", Check::StructurallyValid),
            ("10.1.2.3", Check::Invalid),
            ("192.168.0.1", Check::Invalid),
            ("172.31.255.1", Check::Invalid),
            ("100.64.0.1", Check::Invalid),
            ("198.51.100.7", Check::Invalid),
            ("255.255.255.0", Check::Invalid),
            ("300.1.2.3", Check::Invalid),
            ("fe80::1", Check::Invalid),
            ("2001:db8::1", Check::Invalid),
            ("12:34:56", Check::Invalid),
        ] {
            assert_eq!(check(address).check, check_, "{address}");
        }
        assert!(check("8.8.8.8").test_value);
    }
}
