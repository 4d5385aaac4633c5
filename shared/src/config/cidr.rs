//! Networks as they are written in the configuration: `10.0.0.0/8`, `::1`.
//!
//! Owns reading them and asking whether an address is inside. What being inside means is for each section.
//! **Invariant:** an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is in the IPv4 network.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::value::ConfigValue;

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// The text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address and a length, such as 10.0.0.0/8")]
pub struct NotANetwork;

impl Cidr {
    /// Whether the address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (network, address) = (self.network, address.to_canonical());
        let same_family = network.is_ipv4() == address.is_ipv4();
        same_family && masked(network, self.prefix) == masked(address, self.prefix)
    }
}

/// The leading bits, the rest zero; of IPv4 in the upper 32 of 128.
fn masked(address: IpAddr, prefix: u8) -> u128 {
    let bits = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    bits & mask
}

impl FromStr for Cidr {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_quotes_input| NotANetwork)?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().map_err(|_quotes_input| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
            None => longest,
        };
        let fits = prefix <= longest;
        fits.then_some(Self { network, prefix }).ok_or(NotANetwork)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl ConfigValue for Cidr {
    const EXPECTS: &'static str = "a network such as 10.0.0.0/8, or an address";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        let network: Cidr = network.parse().unwrap();
        network.contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_its_network_and_in_no_other() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("fd00::/8", "fd12::1", true),
            ("::1", "::1", true),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
        ] {
            assert_eq!(contains(network, address), inside, "{network} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.0/8/8",
            "10.0.0.0/ 8",
            "10.0.0.0/256",
            "host",
            "host/8",
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(NotANetwork), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_in_every_network_made_of_it(bits: u128, v4: u32, prefix in 0_u8..=128) {
            let six = IpAddr::V6(bits.into());
            prop_assume!(six.to_canonical() == six);
            let network: Cidr = format!("{six}/{prefix}").parse().unwrap();
            prop_assert!(network.contains(six));
            let four = IpAddr::V4(v4.into());
            let network: Cidr = format!("{four}/{}", prefix.min(32)).parse().unwrap();
            prop_assert!(network.contains(four));
        }

        #[test]
        fn a_network_holds_exactly_those_that_agree_in_its_bits(base: u32, other: u32, prefix in 0_u32..=32) {
            let network: Cidr = format!("{}/{prefix}", IpAddr::V4(base.into())).parse().unwrap();
            let other_v4 = std::net::Ipv4Addr::from(other);
            let agree = (base ^ other).leading_zeros() >= prefix;
            prop_assert_eq!(network.contains(other_v4.into()), agree);
            prop_assert_eq!(network.contains(other_v4.to_ipv6_mapped().into()), agree);
        }

        #[test]
        fn any_text_that_is_read_is_read_alike_again(text in "[0-9a-f:./]{0,40}") {
            if let Ok(network) = text.parse::<Cidr>() {
                prop_assert_eq!(network.to_string().parse(), Ok(network));
            }
        }
    }
}
