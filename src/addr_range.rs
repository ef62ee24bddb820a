//! Ranges of internet addresses.

use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses in CIDR notation; a single address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddrRange {
    base: IpAddr,
    bits: u8,
}

impl AddrRange {
    /// Whether the address lies in the range.
    pub fn contains(&self, addr: IpAddr) -> bool {
        match (self.base, addr.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(addr)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(base) & mask == u32::from(addr) & mask
            }
            (IpAddr::V6(base), IpAddr::V6(addr)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(base) & mask == u128::from(addr) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for AddrRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address or a range such as 10.0.0.0/8");
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { base, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_others() {
        let range: AddrRange = "2001:db8::/32".parse().expect("a range");
        assert!(range.contains(addr("2001:db8:1::1")));
        assert!(!range.contains(addr("2001:db9::1")));
        let all: AddrRange = "0.0.0.0/0".parse().expect("a range");
        assert!(all.contains(addr("198.51.100.7")));
        assert!(all.contains(addr("::ffff:198.51.100.7")));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "x/8"] {
            assert!(wrong.parse::<AddrRange>().is_err(), "{wrong}");
        }
    }
}
