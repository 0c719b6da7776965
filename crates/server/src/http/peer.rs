//! The peer of a request: its address, and what is known of TLS on the way from it.
//!
//! A listener gives each connection its [`Peer`]. Only a trusted proxy changes it: the client that
//! the proxy names becomes the peer of the request.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;
use rustls::ProtocolVersion;

use super::source_address::SourceAddress;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The client's address: that of the connection, or the one that a trusted proxy names. An
    /// IPv4 address has its own form.
    pub(crate) address: IpAddr,
    /// TLS between the client and the server.
    pub(crate) tls: PeerTls,
}

/// TLS between a client and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerTls {
    /// None that the server knows of.
    None,
    /// A trusted proxy terminates it, and says so.
    Terminated,
    /// The listener terminates it, with this version.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no listener has TLS of its own yet")
    )]
    Own(ProtocolVersion),
}

impl Peer {
    /// The peer of a connection without TLS.
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        Self {
            address: address.ip().to_canonical(),
            tls: PeerTls::None,
        }
    }

    /// What its address counts as.
    pub(crate) fn source(self) -> SourceAddress {
        SourceAddress::of(self.address)
    }

    /// Whether the client came by TLS.
    pub(crate) fn is_secure(self) -> bool {
        match self.tls {
            PeerTls::None => false,
            PeerTls::Terminated | PeerTls::Own(_) => true,
        }
    }

    /// The client in front of the trusted proxies: the peer itself unless it is one. `None` if a
    /// trusted proxy names a client that cannot be read.
    pub(super) fn in_front_of(self, trusted: &[IpNet], headers: &HeaderMap) -> Option<Self> {
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
        if !is_trusted(self.address) {
            return Some(self);
        }
        let mut address = self.address;
        // Each proxy appends the peer of its own connection: the last address that is not a trusted
        // proxy's is the client.
        let chain = headers.get_all("x-forwarded-for").iter();
        let chain: Vec<&str> = chain
            .map(|value| value.to_str())
            .collect::<Result<_, _>>()
            .ok()?;
        let hops = chain.iter().rev().flat_map(|list| list.rsplit(','));
        for hop in hops {
            address = hop.trim().parse::<IpAddr>().ok()?.to_canonical();
            if !is_trusted(address) {
                break;
            }
        }
        let mut schemes = headers.get_all("x-forwarded-proto").iter();
        let tls = match (schemes.next(), schemes.next()) {
            (Some(scheme), None) if scheme.as_bytes().eq_ignore_ascii_case(b"https") => {
                PeerTls::Terminated
            }
            _ => PeerTls::None,
        };
        Some(Self { address, tls })
    }
}
