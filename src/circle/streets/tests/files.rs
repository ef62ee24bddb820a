//! Map files whole, cut, forged and damaged.

use super::town::{Town, adult, at};
use crate::circle::osm::Bounds;
use crate::circle::streets::file::FORMAT_VERSION;
use crate::circle::streets::{
    BuildOptions, DoorIndex, DoorTie, MapError, Snapper, StreetMap, StreetMapBytes, Walker, build,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

fn bytes() -> &'static Vec<u8> {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let data = Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (3, 200.0, 0.0), (4, 100.0, 100.0)])
            .node(5, 100.0, 50.0, "barrier=gate access=private")
            .nodes(&[(6, 0.0, 40.0), (7, 80.0, 40.0)])
            .way(&[1, 2, 3], "highway=residential")
            .way(&[2, 5, 4], "highway=footway")
            .way(&[4, 1], "highway=steps step_count=30")
            .way(&[6, 7], "barrier=wall")
            // A square with a hole, on which one of the doors stands.
            .nodes(&[(11, 140.0, 0.0), (12, 160.0, 0.0), (13, 160.0, 20.0), (14, 140.0, 20.0)])
            .nodes(&[(15, 145.0, 10.0), (16, 155.0, 10.0), (17, 150.0, 15.0)])
            .way(&[2, 11, 14], "highway=footway")
            .way(&[11, 12, 13, 14, 11], "")
            .way(&[15, 16, 17, 15], "")
            .relation(&[("outer", 6), ("inner", 7)], "highway=pedestrian")
            .data();
        let options = BuildOptions {
            source: "town.osm".to_owned(),
            attribution: "© OpenStreetMap contributors".to_owned(),
            bbox: None,
        };
        build(&data, &options, &mut |_, _| {}).unwrap().0.0
    })
}

/// Puts the right checksum on changed bytes.
fn sign(bytes: &mut [u8]) {
    let checksum = Sha256::digest(&bytes[56..]);
    bytes[24..56].copy_from_slice(&checksum);
}

/// Asks everything there is to ask of a map.
fn use_up(map: &StreetMap) {
    let mut snapper = Snapper::default();
    let ties: Vec<DoorTie> = [(0.0, 0.0), (150.0, 5.0), (100.0, 90.0), (50.0, 45.0)]
        .iter()
        .map(|(east, north)| {
            let step_free = super::town::wheelchair();
            DoorTie::new(&mut snapper, &map.view(), at(*east, *north), adult(), step_free)
        })
        .collect();
    let doors = DoorIndex::build(map, &ties);
    for pace in [adult(), super::town::wheelchair()] {
        for door in 0..ties.len() as u32 {
            let origin = at(20.0, 10.0);
            super::town::path_to(map, &doors, origin, pace, 1_800.0, door);
        }
    }
}

#[test]
fn a_map_written_and_opened_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town.map");
    StreetMapBytes(bytes().clone()).write(&path).unwrap();
    let mapped = StreetMap::open(&path).unwrap();
    let in_memory = StreetMap::from_bytes(bytes()).unwrap();
    assert_eq!(mapped.info(), in_memory.info());
    assert_eq!(mapped.info().source, "town.osm");
    assert_eq!(mapped.info().attribution, "© OpenStreetMap contributors");
    assert_eq!(mapped.info().id.len(), 12);
    // Nothing is left beside it, and an open map outlives its replacement.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    StreetMapBytes(bytes().clone()).write(&path).unwrap();
    use_up(&mapped);
}

#[test]
fn the_same_data_builds_the_same_bytes() {
    let build_again = || {
        let data = Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (3, 50.0, 80.0)])
            .way(&[1, 2, 3, 1], "highway=footway")
            .data();
        build(&data, &BuildOptions::default(), &mut |_, _| {}).unwrap().0
    };
    assert_eq!(build_again(), build_again());
}

#[test]
fn a_box_of_the_data_that_is_none_says_nothing() {
    let boxes = [
        (f64::from(u8::MAX), 0.0, 300.0, 90.0),
        (9e9, 9e9, 9e9, 9e9),
        (114.1, 30.1, 113.9, 29.9),
        (f64::NAN, 0.0, 1.0, 1.0),
    ];
    for (min_lon, min_lat, max_lon, max_lat) in boxes {
        let mut data = Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0)])
            .way(&[1, 2], "highway=footway")
            .data();
        data.bounds = Some(Bounds {
            min_lon,
            min_lat,
            max_lon,
            max_lat,
        });
        let (bytes, _) = build(&data, &BuildOptions::default(), &mut |_, _| {}).unwrap();
        let map = StreetMap::from_bytes(&bytes.0).unwrap();
        let reach = Walker::default().reach(&map, &DoorIndex::default(), at(0.0, 0.0), adult(), 600.0);
        assert!(reach.complete);
    }
}

#[test]
fn what_is_no_map_is_called_so() {
    for not_a_map in [&b""[..], b"<osm/>", b"PK\x03\x04", &[0; 4096]] {
        assert!(matches!(StreetMap::from_bytes(not_a_map), Err(MapError::NotAMap)));
    }
}

#[test]
fn a_map_cut_short_anywhere_is_refused() {
    for length in 0..bytes().len() {
        let error = StreetMap::from_bytes(&bytes()[..length]).unwrap_err();
        assert!(
            matches!(error, MapError::Truncated { .. }) || (length == 0 && matches!(error, MapError::NotAMap)),
            "{length}: {error}"
        );
    }
}

#[test]
fn another_version_is_told_from_damage() {
    let mut changed = bytes().clone();
    changed[8] = 77;
    assert!(matches!(
        StreetMap::from_bytes(&changed),
        Err(MapError::Version {
            found: 77,
            expected: FORMAT_VERSION
        })
    ));
}

#[test]
fn a_wrong_checksum_and_a_longer_file_are_refused() {
    let mut changed = bytes().clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(matches!(StreetMap::from_bytes(&changed), Err(MapError::Checksum)));
    let mut longer = bytes().clone();
    longer.push(0);
    assert!(matches!(StreetMap::from_bytes(&longer), Err(MapError::Corrupt(_))));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_forged_map_with_a_right_checksum_never_panics(
        flips in proptest::collection::vec((0..1_000_000_usize, 0..8_u8), 1..4),
    ) {
        let mut changed = bytes().clone();
        let length = changed.len();
        for (at, bit) in flips {
            changed[56 + at % (length - 56)] ^= 1 << bit;
        }
        sign(&mut changed);
        if let Ok(map) = StreetMap::from_bytes(&changed) {
            use_up(&map);
        }
    }
}
