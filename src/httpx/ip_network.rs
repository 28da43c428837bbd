//! Networks of IP addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3): `10.0.0.0/8`, `fd00::/8`.

use std::net::IpAddr;

/// The addresses whose first `prefix` bits are those of `address`; its other bits mean nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// One address alone.
    pub(super) fn of_one(address: IpAddr) -> IpNetwork {
        IpNetwork { address, prefix: width(address) }
    }

    /// `prefix` is what follows the slash: a number of bits, in digits without a leading zero. `None` for anything
    /// else, such as a netmask.
    pub(super) fn new(address: IpAddr, prefix: &str) -> Option<IpNetwork> {
        let is_number = prefix == "0" || !prefix.starts_with(['0', '+']);
        let prefix = prefix.parse().ok().filter(|prefix| is_number && *prefix <= width(address))?;
        Some(IpNetwork { address, prefix })
    }

    /// The number of bits that count; `None` if all do.
    pub(super) fn prefix(&self) -> Option<u8> {
        (self.prefix < width(self.address)).then_some(self.prefix)
    }

    /// Never for an address of the other family.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let same_bits = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        same_bits >= u32::from(self.prefix)
    }
}

/// In bits.
fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str, prefix: &str) -> Option<IpNetwork> {
        IpNetwork::new(address.parse().unwrap(), prefix)
    }

    fn contains(address: &str, prefix: &str, other: &str) -> bool {
        network(address, prefix).unwrap().contains(other.parse().unwrap())
    }

    #[test]
    fn the_first_bits_decide() {
        assert!(contains("10.0.0.0", "8", "10.255.255.255") && !contains("10.0.0.0", "8", "11.0.0.0"));
        assert!(contains("172.16.0.0", "12", "172.31.255.255") && !contains("172.16.0.0", "12", "172.32.0.0"));
        assert!(contains("192.0.2.1", "32", "192.0.2.1") && !contains("192.0.2.1", "32", "192.0.2.0"));
        assert!(contains("192.0.2.1", "31", "192.0.2.0"));
        assert!(contains("fd00::", "8", "fdff::1") && !contains("fd00::", "8", "fe00::"));
        assert!(contains("2001:db8::", "65", "2001:db8::7fff:0:0:1"));
        assert!(!contains("2001:db8::", "65", "2001:db8::8000:0:0:1"));
        assert!(contains("::1", "128", "0:0::1") && !contains("::1", "128", "::"));
    }

    #[test]
    fn without_a_prefix_every_address_of_the_family_belongs_to_it() {
        assert!(contains("0.0.0.0", "0", "255.255.255.255") && !contains("0.0.0.0", "0", "::"));
        assert!(contains("::", "0", "ffff::") && !contains("::", "0", "0.0.0.0"));
    }

    #[test]
    fn bits_behind_the_prefix_mean_nothing() {
        assert!(contains("10.1.2.3", "8", "10.200.0.1"));
        assert!(contains("fd00::1", "8", "fd00::2"));
    }

    #[test]
    fn a_prefix_is_a_number_of_bits() {
        for bad in ["", "33", "256", "-1", "+8", "08", "00", " 8", "8 ", "8/8", "x", "255.0.0.0"] {
            assert!(network("10.0.0.0", bad).is_none(), "{bad:?}");
        }
        assert!(network("fd00::", "128").is_some() && network("fd00::", "129").is_none());
    }
}
