//! Which addresses keys may be fetched from. The check is about the address that is connected to,
//! after resolution.
//!
//! Global addresses are allowed, private ones if the operator lists their network, loopback with
//! the flag for tests. Link-local, metadata, multicast and reserved addresses are never allowed,
//! and neither are the server's own listeners: for a listener on all addresses, those of every
//! interface. An IPv6 address that embeds an IPv4 address is checked as that one.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use bowline_client::connector;
use ipnet::IpNet;

/// The addresses that may be connected to.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressPolicy {
    pub(super) allow_loopback: bool,
    pub(super) allow_networks: Vec<IpNet>,
    pub(super) own_listeners: Vec<SocketAddr>,
}

/// Why an address may not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RefusedAddress {
    #[error("address {0} is private; to allow it, set `[oidc] allow_networks = [\"{0}/{len}\"]`", len = if .0.is_ipv4() { 32 } else { 128 })]
    Private(IpAddr),
    #[error("address {0} is this machine; keys are fetched from elsewhere")]
    Loopback(IpAddr),
    #[error("address {0} is this server's own")]
    Own(SocketAddr),
    #[error("address {0} is link-local, metadata, multicast or reserved, and never allowed")]
    Never(IpAddr),
    #[error("address {0} is not this machine, and plain http is for this machine only")]
    Plain(SocketAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Global,
    Private,
    Loopback,
    Never,
}

impl connector::AddressPolicy for AddressPolicy {
    fn check(&self, address: SocketAddr, is_tls: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        Self::check(self, address)?;
        if !is_tls && !address.ip().to_canonical().is_loopback() {
            return Err(RefusedAddress::Plain(address).into());
        }
        Ok(())
    }
}

impl AddressPolicy {
    /// Whether a connection to this address may be made.
    pub(super) fn check(&self, address: SocketAddr) -> Result<(), RefusedAddress> {
        let ip = inner(address.ip());
        let target = SocketAddr::new(ip, address.port());
        let own = |listener: &SocketAddr| leads_to(*listener, target, is_here);
        if self.own_listeners.iter().any(own) {
            return Err(RefusedAddress::Own(address));
        }
        match class(ip) {
            Class::Global => Ok(()),
            Class::Private if self.allow_networks.iter().any(|net| net.contains(&ip)) => Ok(()),
            Class::Private => Err(RefusedAddress::Private(ip)),
            Class::Loopback if self.allow_loopback => Ok(()),
            Class::Loopback => Err(RefusedAddress::Loopback(ip)),
            Class::Never => Err(RefusedAddress::Never(ip)),
        }
    }
}

/// Whether a connection to `target` would reach this listener. One on all addresses listens on all
/// of the machine's.
fn leads_to(listener: SocketAddr, target: SocketAddr, is_here: impl Fn(IpAddr) -> bool) -> bool {
    let at = inner(listener.ip());
    listener.port() == target.port()
        && (at == target.ip() || at.is_unspecified() && is_here(target.ip()))
}

/// Whether an address is one of this machine's: only those can be bound. Nothing is sent.
fn is_here(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// The IPv4 address that an IPv6 address embeds: mapped, compatible, NAT64 (RFC 6052) or 6to4 (RFC
/// 3056).
fn inner(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let segments = v6.segments();
    let v4 = |at: usize| {
        let part = |at| segments.get(at).copied().map_or(0, u32::from);
        IpAddr::V4(Ipv4Addr::from((part(at) << 16) | part(at + 1)))
    };
    match segments {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => ip,
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => v4(6),
        [0x2002, ..] => v4(1),
        _ => ip,
    }
}

fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => class_v6(ip),
    }
}

/// After the IANA IPv4 special-purpose registry. Two clouds have metadata services at addresses
/// that look global.
fn class_v4(ip: Ipv4Addr) -> Class {
    match ip.octets() {
        [127, ..] => Class::Loopback,
        [100, 100, 100, 200]
        | [168, 63, 129, 16]
        | [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Class::Never,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Class::Private,
        _ => Class::Global,
    }
}

/// After the IANA IPv6 special-purpose registry: only `2000::/3` is global.
fn class_v6(ip: Ipv6Addr) -> Class {
    if ip.is_loopback() {
        return Class::Loopback;
    }
    match ip.segments() {
        // EC2's metadata service, and the NAT64 of a local network, which hides an IPv4 address
        // where only that network knows.
        [0xfd00, 0x0ec2, ..]
        | [0x0064, 0xff9b, ..]
        | [0x2001, 0x0000..=0x01ff | 0x0db8, ..]
        | [0x3fff, 0x0000..=0x0fff, ..] => Class::Never,
        [0xfc00..=0xfdff, ..] => Class::Private,
        [0x2000..=0x3fff, ..] => Class::Global,
        _ => Class::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policy: &AddressPolicy, ip: &str) -> String {
        let address = SocketAddr::new(ip.parse().unwrap(), 443);
        let checked = policy.check(address);
        checked.map_or_else(|e| e.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn global_addresses_are_allowed() {
        let policy = AddressPolicy::default();
        for ip in [
            "8.8.8.8",
            "2600:9000::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert_eq!(verdict(&policy, ip), "ok", "{ip}");
        }
    }

    #[test]
    fn addresses_of_special_purpose_never_are_even_when_listed() {
        let policy = AddressPolicy {
            allow_loopback: true,
            allow_networks: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
            own_listeners: vec!["10.9.9.9:443".parse().unwrap()],
        };
        for ip in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "::",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "2001:db8::1",
            "100.100.100.200",
            "168.63.129.16",
            "2001::1",
            "64:ff9b:1::1",
            "fec0::1",
            "10.9.9.9",
            "::ffff:10.9.9.9",
        ] {
            assert_ne!(verdict(&policy, ip), "ok", "{ip}");
        }
        assert_eq!(verdict(&policy, "10.9.9.8"), "ok");
        assert_eq!(verdict(&policy, "127.0.0.1"), "ok");
    }

    #[test]
    fn a_listener_on_all_addresses_has_those_of_all_interfaces() {
        let (here, elsewhere) = ("10.1.2.3:9400", "10.1.2.4:9400");
        let is_here = |ip: IpAddr| ip.to_string() == "10.1.2.3";
        let leads = |listener: &str, target: &str| {
            leads_to(listener.parse().unwrap(), target.parse().unwrap(), is_here)
        };
        for all in ["0.0.0.0:9400", "[::]:9400"] {
            assert!(leads(all, here) && !leads(all, elsewhere));
            assert!(!leads(all, "10.1.2.3:443"));
        }
        assert!(leads(here, here) && !leads("127.0.0.1:9400", here));
    }

    #[test]
    fn the_addresses_of_this_machine_are_known() {
        assert!(is_here([127, 0, 0, 1].into()));
        assert!(!is_here([192, 0, 2, 1].into()));
    }

    #[test]
    fn a_private_address_is_refused_with_the_line_that_allows_it() {
        let mut policy = AddressPolicy::default();
        insta::assert_snapshot!(verdict(&policy, "10.1.2.3"), @r#"address 10.1.2.3 is private; to allow it, set `[oidc] allow_networks = ["10.1.2.3/32"]`"#);
        insta::assert_snapshot!(verdict(&policy, "::ffff:10.1.2.3"), @r#"address 10.1.2.3 is private; to allow it, set `[oidc] allow_networks = ["10.1.2.3/32"]`"#);
        insta::assert_snapshot!(verdict(&policy, "::1"), @"address ::1 is this machine; keys are fetched from elsewhere");
        policy.allow_networks.push("10.1.2.3/32".parse().unwrap());
        assert_eq!(verdict(&policy, "10.1.2.3"), "ok");
        assert_ne!(verdict(&policy, "10.1.2.4"), "ok");
    }
}
