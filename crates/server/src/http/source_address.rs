//! The address that a client counts as, wherever clients share something.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// An IPv4 address, or an IPv6 network of 64 bits: within it one machine can have any address
/// (RFC 4291, 2.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SourceAddress(IpAddr);

impl SourceAddress {
    /// What this address counts as.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_or_an_ipv6_network_of_64_bits_is_one_source() {
        let source = |address: &str| SourceAddress::of(address.parse().unwrap()).to_string();
        insta::assert_snapshot!(source("192.0.2.1"), @"192.0.2.1");
        insta::assert_snapshot!(source("::ffff:192.0.2.1"), @"192.0.2.1");
        insta::assert_snapshot!(source("2001:db8:0:1:ffff::1"), @"2001:db8:0:1::/64");
        insta::assert_snapshot!(source("2001:db8:0:2::1"), @"2001:db8:0:2::/64");
    }
}
