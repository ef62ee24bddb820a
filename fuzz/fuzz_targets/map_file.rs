//! A map file: as it is, with a right checksum, or a right file with numbers
//! changed. Whatever opens answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegrid::circle::streets::StreetMap;
use onegrid_fuzz::{ask_everything, town};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

static TOWN: LazyLock<Vec<u8>> = LazyLock::new(town::map);

/// The header says how long the file is, and what its checksum is.
fn sign(bytes: &mut [u8]) {
    let length = bytes.len() as u64;
    if let Some(place) = bytes.get_mut(16..24) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    let checksum = Sha256::digest(bytes.get(56..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(24..56) {
        place.copy_from_slice(&checksum);
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else { return };
    let mut bytes = if mode % 3 == 2 {
        let mut bytes = TOWN.clone();
        for patch in rest.chunks_exact(6) {
            let at = usize::from(u16::from_le_bytes([patch[0], patch[1]])) * 4 % (bytes.len() - 4);
            if at >= 56 {
                bytes[at..at + 4].copy_from_slice(&patch[2..]);
            }
        }
        bytes
    } else {
        rest.to_vec()
    };
    if mode % 3 != 0 {
        sign(&mut bytes);
    }
    if let Ok(map) = StreetMap::from_bytes(&bytes) {
        ask_everything(&map);
    }
});
