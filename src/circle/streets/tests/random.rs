//! Random towns with all that may be particular about ways and nodes.

use super::town::{adult, at, wheelchair};
use crate::calendar::Calendar;
use crate::circle::osm::{Bounds, Node, OsmData, Tags, Way};
use crate::circle::streets::{BuildOptions, DoorIndex, DoorTie, Snapper, StreetMap, When, build};
use crate::coordinates::Point;
use proptest::prelude::*;
use std::fmt;
use std::sync::LazyLock;

type Kinds = &'static [&'static str];

/// Ways that are the same in both directions and at all hours. The plain street
/// comes often, so that towns hang together.
pub const SYMMETRIC_WAYS: Kinds = &[
    "highway=residential",
    "highway=residential",
    "highway=residential surface=asphalt",
    "highway=footway",
    "highway=footway surface=sand",
    "highway=footway surface=paved",
    "highway=service access=private",
    "highway=steps step_count=12",
    "highway=steps",
    "highway=steps ramp:wheelchair=yes step_count=9",
    "highway=footway footway=crossing crossing=traffic_signals",
    "highway=path tunnel=yes",
    "highway=elevator",
    "highway=elevator duration=00:02",
    "route=ferry duration=00:03 interval=00:10",
    "route=ferry",
];

/// Ways that are not.
pub const LOPSIDED_WAYS: Kinds = &[
    "highway=residential",
    "highway=residential",
    "highway=footway",
    "highway=service access=private",
    "highway=footway oneway:foot=yes",
    "highway=footway oneway:foot=-1 surface=asphalt",
    "highway=steps conveying=forward step_count=20",
    "highway=steps conveying=backward",
    "highway=footway incline=5% surface=asphalt",
    "highway=footway incline=12%",
    "highway=service access=private incline=-15%",
    "highway=footway footway=crossing crossing=traffic_signals oneway:foot=yes",
    "highway=elevator",
    "route=ferry oneway:foot=yes duration=00:02",
];

/// Ways with hours; at night, 23:00, some are closed and one is private.
pub const HOURLY_WAYS: Kinds = &[
    "highway=residential",
    "highway=residential",
    "highway=footway",
    "highway=service access=private",
    "highway=footway opening_hours=06:00-22:00",
    "highway=service access:conditional=private@(22:00-06:00)",
    "highway=service access=private access:conditional=yes@(22:00-06:00)",
    "highway=footway access=no access:conditional=yes@(22:00-06:00)",
    "highway=footway opening_hours=06:00-22:00 oneway:foot=yes",
    "route=ferry opening_hours=06:00-22:00",
];

pub const SYMMETRIC_NODES: Kinds = &[
    "",
    "",
    "",
    "barrier=gate access=private",
    "barrier=gate locked=yes",
    "highway=crossing crossing=traffic_signals",
    "barrier=kerb kerb=raised",
    "barrier=stile",
    "highway=elevator",
];

pub const HOURLY_NODES: Kinds = &[
    "",
    "",
    "",
    "",
    "barrier=gate opening_hours=06:00-22:00",
    "barrier=gate access:conditional=private@(22:00-06:00)",
    "barrier=gate access=private access:conditional=yes@(22:00-06:00)",
    "barrier=gate access=no access:conditional=yes@(22:00-06:00)",
];

fn tags(words: &str) -> Tags {
    Tags(
        words
            .split_whitespace()
            .filter_map(|tag| tag.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    )
}

/// A town as the dice have it: metres east and north of the centre.
#[derive(Clone)]
pub struct Random {
    nodes: Vec<(i32, i32, &'static str)>,
    ways: Vec<(Vec<usize>, &'static str)>,
    pub doors: Vec<(i32, i32)>,
    pub origins: Vec<(i32, i32)>,
    /// The half of a box around the centre that the data covers, in metres.
    half_box: i32,
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "nodes {:?}", self.nodes)?;
        for (corners, kind) in &self.ways {
            let nodes: Vec<usize> = corners.iter().map(|corner| corner % self.nodes.len()).collect();
            writeln!(f, "way {nodes:?} {kind}")?;
        }
        write!(
            f,
            "doors {:?} origins {:?} box {}",
            self.doors, self.origins, self.half_box
        )
    }
}

pub fn random_town(ways: Kinds, nodes: Kinds) -> impl Strategy<Value = Random> {
    // On a grid of 10 m, so that doors and origins come to stand on junctions.
    let place = || (-30..30_i32, -30..30_i32).prop_map(|(east, north)| (east * 10, north * 10));
    (
        proptest::collection::vec((place(), proptest::sample::select(nodes)), 2..30),
        proptest::collection::vec(
            (
                proptest::collection::vec(0..1_000_usize, 2..6),
                proptest::sample::select(ways),
            ),
            1..30,
        ),
        proptest::collection::vec((place(), 0..3_usize), 1..12),
        proptest::collection::vec((place(), 0..3_usize), 1..4),
        100..400_i32,
    )
        .prop_map(|(nodes, ways, doors, origins, half_box)| {
            let nodes: Vec<_> = nodes
                .into_iter()
                .map(|((east, north), kind)| (east, north, kind))
                .collect();
            // A third of doors and origins stands on a node.
            let near = |(place, chance): ((i32, i32), usize)| match nodes.get(place.0.unsigned_abs() as usize / 10) {
                Some(node) if chance == 0 => (node.0, node.1),
                _ => place,
            };
            Random {
                doors: doors.into_iter().map(near).collect(),
                origins: origins.into_iter().map(near).collect(),
                nodes,
                ways,
                half_box,
            }
        })
}

pub fn points(places: &[(i32, i32)]) -> Vec<Point> {
    places
        .iter()
        .map(|(east, north)| at(f64::from(*east), f64::from(*north)))
        .collect()
}

impl Random {
    pub fn map(&self) -> StreetMap {
        self.build(None, &BuildOptions::default())
    }

    pub fn covered(&self) -> Bounds {
        let half = f64::from(self.half_box);
        let (low, high) = (at(-half, -half), at(half, half));
        Bounds {
            min_lon: low.lon,
            min_lat: low.lat,
            max_lon: high.lon,
            max_lat: high.lat,
        }
    }

    /// The map of what lies in the box, ways being cut there.
    pub fn cut_map(&self) -> StreetMap {
        let options = BuildOptions {
            bbox: Some(self.covered()),
            ..BuildOptions::default()
        };
        self.build(None, &options)
    }

    /// The map of data that say to cover the box and reach further.
    pub fn bounded_map(&self) -> StreetMap {
        self.build(Some(self.covered()), &BuildOptions::default())
    }

    fn build(&self, bounds: Option<Bounds>, options: &BuildOptions) -> StreetMap {
        let nodes = self.nodes.iter().zip(0..).map(|((east, north, kind), id)| Node {
            id,
            point: at(f64::from(*east), f64::from(*north)),
            tags: tags(kind),
        });
        let ways = self.ways.iter().zip(0..).map(|((corners, kind), id)| Way {
            id,
            nodes: corners
                .iter()
                .map(|corner| (corner % self.nodes.len()) as i64)
                .collect(),
            tags: tags(kind),
        });
        let data = OsmData {
            nodes: nodes.collect(),
            ways: ways.collect(),
            bounds,
            ..OsmData::default()
        };
        let (bytes, _) = build(&data, options, &mut |_, _| {}).unwrap();
        StreetMap::from_bytes(&bytes.0).unwrap()
    }
}

/// Doors at these points.
pub fn tied(map: &StreetMap, points: &[Point]) -> (Vec<DoorTie>, DoorIndex) {
    let mut snapper = Snapper::default();
    let ties: Vec<DoorTie> = points
        .iter()
        .map(|point| DoorTie::new(&mut snapper, &map.view(), *point, adult(), wheelchair()))
        .collect();
    let index = DoorIndex::build(map, &ties);
    (ties, index)
}

/// China's calendar.
pub fn calendar() -> &'static Calendar {
    static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::new(chrono_tz::Asia::Shanghai).unwrap());
    &CALENDAR
}

/// That instant, such as `2026-03-05T23:00:00+08:00`.
pub fn when(at: &str) -> When<'static> {
    When {
        calendar: calendar(),
        at: at.parse().unwrap(),
        is_now: false,
    }
}

pub const NIGHT: &str = "2026-03-05T23:00:00+08:00";
pub const NOON: &str = "2026-03-05T12:00:00+08:00";
