//! Whatever a file says, it ends in an error or in a map that opens and answers.

use super::modes::config;
use super::random::{NIGHT, when};
use super::town::{Town, at, pace};
use crate::circle::osm::{Bounds, OsmData, Tags};
use crate::circle::streets::{
    Ask, BuildOptions, DoorIndex, DoorTie, Far, Reach, Rows, Snapper, StreetMap, Walker, When, build,
};
use crate::clock::Timestamp;
use crate::coordinates::Point;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// One of each that a map knows of.
fn town() -> OsmData {
    Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (4, 100.0, 120.0), (8, 420.0, 90.0)])
        .node(3, 300.0, 0.0, "highway=crossing crossing=traffic_signals")
        .node(5, 100.0, 50.0, "barrier=gate access:conditional=private@(22:00-06:00)")
        .node(6, 0.0, 120.0, "barrier=kerb kerb=raised")
        .node(7, 300.0, 90.0, "highway=elevator")
        .node(9, 420.0, -160.0, "barrier=gate locked=yes")
        .nodes(&[(10, -60.0, 40.0), (11, 80.0, 40.0)])
        .way(&[1, 2, 3], "highway=residential name=Main")
        .way(&[2, 5, 4], "highway=footway incline=5%")
        .way(&[4, 6], "highway=steps step_count=30")
        .way(&[6, 1], "highway=footway opening_hours=06:00-22:00")
        .way(&[3, 7], "highway=footway footway=crossing crossing=traffic_signals")
        .way(&[7, 8], "highway=steps conveying=forward")
        .way(&[8, 9], "route=ferry duration=00:05 interval=00:20")
        .way(&[9, 3], "highway=service access=private foot:conditional=yes@(Sa,Su)")
        .way(&[4, 8], "highway=elevator duration=00:01")
        .way(&[10, 11], "barrier=wall")
        .data()
}

/// Asks everything there is to ask of a map.
fn ask_everything(map: &StreetMap) {
    let view = map.view();
    let mut points: Vec<Point> = view.junctions.iter().take(4).map(|one| one.position.point()).collect();
    points.extend([at(20.0, 10.0), at(-200.0, 150.0)]);
    let mut snapper = Snapper::default();
    let ties: Vec<DoorTie> = (points.iter())
        .map(|point| DoorTie::new(&mut snapper, &view, *point, pace("adult"), pace("wheelchair")))
        .collect();
    let doors = DoorIndex::build(map, &ties);
    let (mut walker, mut reach) = (Walker::default(), Reach::default());
    let rows = Rows::new(1 << 20);
    let far = Far {
        wanted: 7,
        category: &|door| u8::try_from(door % 3).ok(),
        good_until: &|| Timestamp::from_micros(i64::MAX),
    };
    let now = When {
        is_now: true,
        ..when(NIGHT)
    };
    for own in [pace("adult"), pace("wheelchair")] {
        let in_metres = own.in_metres();
        for mode in 0..4_u8 {
            let ask = Ask {
                reverse: mode & 1 != 0,
                ferry: mode & 2 != 0,
                in_metres: (mode == 3).then_some(&in_metres),
                when: (mode & 2 == 0).then_some(now),
                horizon_s: 1_800.0,
                ..Ask::new(&points[..1 + usize::from(mode & 1)], own, 600.0)
            };
            walker.reach_into(map, &doors, &ask, &mut reach);
            let beyond = walker.beyond(map, &doors, &ask, &reach, 7, &far);
            walker.streets(map, &doors, &ask, &reach);
            for arrival in reach.arrivals.iter().chain(beyond.iter().flatten()) {
                walker.path(map, &doors, &ask, &reach, arrival.door);
            }
            // The first time it searches, the second time it makes rows of it.
            for _ in 0..3 {
                walker.reach_remembered(map, &doors, &rows, &ask, &far, &mut reach);
                walker.beyond(map, &doors, &ask, &reach, 7, &far);
            }
        }
    }
}

fn map_of(data: &OsmData) -> Vec<u8> {
    build(data, &BuildOptions::default(), &mut |_, _| {}).unwrap().0.0
}

/// The map with what `forge` makes of it, its checksum set right again.
fn forged(forge: impl Fn(&mut [u8])) -> Result<StreetMap, String> {
    let mut bytes = map_of(&town());
    forge(&mut bytes[56..]);
    let checksum = Sha256::digest(&bytes[56..]);
    bytes[24..56].copy_from_slice(&checksum);
    StreetMap::from_bytes(&bytes).map_err(|error| error.to_string())
}

#[test]
fn a_ride_takes_a_day_at_most_and_an_arc_is_there_once() {
    // In the particulars of the ferry its 300 s stand before the 1,200 s between two.
    let ride = |duration_s: f32, interval_s: f32| {
        forged(|bytes| {
            let told = bytemuck::cast::<[f32; 2], [u8; 8]>([300.0, 1_200.0]);
            let at = bytes.windows(8).position(|eight| eight == told).unwrap();
            bytes[at..at + 8].copy_from_slice(&bytemuck::cast::<[f32; 2], [u8; 8]>([duration_s, interval_s]));
        })
    };
    assert!(ride(86_400.0, 86_400.0).is_ok());
    for (duration_s, interval_s) in [(86_401.0, 0.0), (0.0, 86_401.0), (f32::MAX, 1.0), (f32::NAN, 1.0)] {
        assert!(ride(duration_s, interval_s).unwrap_err().contains("particulars"));
    }
    // A round way from a junction to itself has both its arcs there: 1 names its
    // way back, and is made to name its way there once more.
    let round = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 50.0, 0.0), (3, 50.0, 50.0)])
        .way(&[1, 2, 3, 1], "highway=footway")
        .data();
    let mut bytes = map_of(&round);
    let map = StreetMap::from_bytes(&bytes).unwrap();
    let back = *map.view().arcs.iter().find(|arc| arc.is_backward()).unwrap();
    let there = crate::circle::streets::layout::Arc {
        edge_and_way: back.edge_and_way - 1,
        ..back
    };
    let at = (bytes.windows(16))
        .position(|arc| arc == bytemuck::bytes_of(&back))
        .unwrap();
    bytes[at..at + 16].copy_from_slice(bytemuck::bytes_of(&there));
    let checksum = Sha256::digest(&bytes[56..]);
    bytes[24..56].copy_from_slice(&checksum);
    let error = StreetMap::from_bytes(&bytes).unwrap_err().to_string();
    assert!(error.contains("twice"), "{error}");
}

const KEYS: &[&str] = &[
    "opening_hours",
    "foot:conditional",
    "access:conditional",
    "locked:conditional",
    "duration",
    "interval",
    "incline",
    "step_count",
    "width",
    "kerb:height",
    "layer",
    "name",
    "name:en",
    "access",
];

/// Values as mappers write them, cut and mixed with what no mapper writes.
fn value() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(
        &[
            "no",
            "yes",
            "private",
            "@",
            "(",
            ")",
            ";",
            ",",
            "-",
            "+",
            "%",
            "\"",
            ":",
            "Mo",
            "Su",
            "PH",
            "SH",
            "off",
            "24/7",
            "08:00",
            "26:00",
            "20:00-08:00",
            "sunset",
            "week 53",
            "easter",
            "Dec 31",
            "2026",
            "9999",
            "1e308",
            "-0",
            "NaN",
            "inf",
            "PT",
            "H",
            "M",
            "'",
            "99999999999999999999",
            "\u{0}",
            "\u{1e}",
            "\u{1f}",
            "\n",
            "中",
            "🚶",
            "[-1]",
            "||",
        ][..],
    );
    proptest::collection::vec((word, any::<bool>()), 0..10).prop_map(|words| {
        words
            .iter()
            .map(|(word, space)| format!("{word}{}", if *space { " " } else { "" }))
            .collect()
    })
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn whatever_the_tags_say_the_map_opens(
        said in proptest::collection::vec((0..20_usize, proptest::sample::select(KEYS), value()), 1..6),
        bounds in proptest::option::of([any::<f64>(), any::<f64>(), any::<f64>(), any::<f64>()]),
        moved in proptest::option::of((0..11_usize, -90.0..=90.0_f64, -180.0..=180.0_f64)),
    ) {
        let mut data = town();
        for (at, key, value) in said {
            let tags: &mut Tags = match data.ways.get_mut(at) {
                Some(way) => &mut way.tags,
                None => &mut data.nodes[at - 10].tags,
            };
            tags.0.insert(0, (key.to_owned(), value));
        }
        if let Some((node, lat, lon)) = moved {
            data.nodes[node].point = Point::new(lat, lon);
        }
        data.bounds = bounds.map(|[min_lon, min_lat, max_lon, max_lat]| Bounds { min_lon, min_lat, max_lon, max_lat });
        data.timestamp = Some("a\u{0}b".to_owned());
        match StreetMap::from_bytes(&map_of(&data)) {
            Ok(map) => ask_everything(&map),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_map_with_other_numbers_in_it_is_refused_or_answers(
        changes in proptest::collection::vec(
            (any::<prop::sample::Index>(), prop_oneof![any::<u32>(), 0..64_u32, Just(f32::MAX.to_bits()), Just(1_u32)]),
            1..4,
        ),
    ) {
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| map_of(&town()));
        let mut bytes = BYTES.clone();
        for (at, number) in changes {
            // Past magic, version, length and checksum.
            let at = 56 + at.index((bytes.len() - 60) / 4) * 4;
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        let checksum = Sha256::digest(&bytes[56..]);
        bytes[24..56].copy_from_slice(&checksum);
        if let Ok(map) = StreetMap::from_bytes(&bytes) {
            ask_everything(&map);
        }
    }
}
