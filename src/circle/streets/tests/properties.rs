//! Properties of the search on random towns.

use super::town::{adult, at, pace, path_to};
use crate::circle::osm::{Node, OsmData, Tags, Way};
use crate::circle::streets::records::View;
use crate::circle::streets::tags::{flag, node_flag};
use crate::circle::streets::{BuildOptions, DoorIndex, DoorTie, Pace, Reach, Snapper, StreetMap, Walker, build};
use proptest::prelude::*;
use std::collections::BTreeMap;

const TAGS: [&[(&str, &str)]; 8] = [
    &[("highway", "residential")],
    &[("highway", "footway")],
    &[("highway", "service"), ("access", "private")],
    &[("highway", "steps"), ("step_count", "12")],
    &[("highway", "steps")],
    &[("highway", "footway"), ("oneway:foot", "yes")],
    &[
        ("highway", "footway"),
        ("footway", "crossing"),
        ("crossing", "traffic_signals"),
    ],
    &[("highway", "path"), ("tunnel", "yes")],
];

const NODE_TAGS: [&[(&str, &str)]; 5] = [
    &[],
    &[],
    &[("barrier", "gate"), ("access", "private")],
    &[("barrier", "gate"), ("locked", "yes")],
    &[("highway", "crossing"), ("crossing", "traffic_signals")],
];

fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

#[derive(Debug, Clone)]
struct Random {
    nodes: Vec<(i32, i32, usize)>,
    ways: Vec<(Vec<usize>, usize)>,
    doors: Vec<(i32, i32)>,
    origin: (i32, i32),
}

fn random_town() -> impl Strategy<Value = Random> {
    let place = || (-300..300_i32, -300..300_i32);
    (
        proptest::collection::vec((-300..300_i32, -300..300_i32, 0..NODE_TAGS.len()), 2..40),
        proptest::collection::vec((proptest::collection::vec(0..1_000_usize, 2..6), 0..TAGS.len()), 1..40),
        proptest::collection::vec(place(), 1..20),
        place(),
    )
        .prop_map(|(nodes, ways, doors, origin)| Random {
            nodes,
            ways,
            doors,
            origin,
        })
}

impl Random {
    fn map(&self) -> StreetMap {
        let nodes = self.nodes.iter().zip(0..).map(|((east, north, kind), id)| Node {
            id,
            point: at(f64::from(*east), f64::from(*north)),
            tags: tags(NODE_TAGS[*kind]),
        });
        let ways = self.ways.iter().zip(0..).map(|((corners, kind), id)| Way {
            id,
            nodes: corners
                .iter()
                .map(|corner| (corner % self.nodes.len()) as i64)
                .collect(),
            tags: tags(TAGS[*kind]),
        });
        let data = OsmData {
            nodes: nodes.collect(),
            ways: ways.collect(),
            ..OsmData::default()
        };
        let (bytes, _) = build(&data, &BuildOptions::default(), &mut |_, _| {}).unwrap();
        StreetMap::from_bytes(&bytes.0).unwrap()
    }

    fn doors(&self, map: &StreetMap) -> (Vec<DoorTie>, DoorIndex) {
        let mut snapper = Snapper::default();
        let ties: Vec<DoorTie> = self
            .doors
            .iter()
            .map(|(east, north)| {
                let point = at(f64::from(*east), f64::from(*north));
                DoorTie::new(&mut snapper, &map.view(), point, adult(), pace("wheelchair"))
            })
            .collect();
        let index = DoorIndex::build(map, &ties);
        (ties, index)
    }

    fn reach(&self, map: &StreetMap, doors: &DoorIndex, pace: &Pace, limit_s: f64) -> Reach {
        let origin = at(f64::from(self.origin.0), f64::from(self.origin.1));
        Walker::default().reach(map, doors, origin, pace, limit_s)
    }
}

/// A walk's seconds over a part of an edge, by the words of the time model.
fn part_s(view: &View<'_>, edge: usize, from_m: f64, to_m: f64, pace: &Pace) -> Option<f64> {
    let edge = &view.edges[edge];
    let closed = (pace.stairs.is_none() && edge.flags & flag::STEPS != 0)
        || edge.flags & flag::FERRY != 0
        || (edge.flags & flag::FORWARD_ONLY != 0 && to_m < from_m)
        || (edge.flags & flag::BACKWARD_ONLY != 0 && to_m > from_m);
    if closed {
        return None;
    }
    let own = view.particulars_of(edge);
    let length = f64::from(edge.length_m);
    let metres = (to_m - from_m).abs();
    let walking = match pace.stairs {
        Some(stairs) if edge.flags & flag::STEPS != 0 => {
            if own.steps > 0.0 {
                metres / length * f64::from(own.steps * stairs.seconds_a_step)
            } else {
                metres * f64::from(stairs.seconds_a_metre)
            }
        }
        _ => metres * f64::from(pace.seconds_a_metre),
    };
    // An end is waited for by who steps over it.
    let (low, high) = (from_m.min(to_m), from_m.max(to_m));
    let mut waits = 0.0;
    if low <= 0.0 && high > 0.0 {
        waits += f64::from(own.half_waits[0]);
    }
    if high >= length && low < length {
        waits += f64::from(own.half_waits[1]);
    }
    Some(walking + waits * f64::from(pace.half_signal_s))
}

/// Whether a walk over these private (`true`) and public pieces is allowed: public
/// in one piece.
fn step(stage: u8, private: bool) -> Option<u8> {
    match (stage, private) {
        (0, true) => Some(0),
        (0 | 1, false) => Some(1),
        (1 | 2, true) => Some(2),
        _ => None,
    }
}

/// A plain, slow Dijkstra over the list of edges, without contraction tricks,
/// limits or buckets.
fn plain(
    view: &View<'_>,
    ties: &[DoorTie],
    snap_feet: &[crate::circle::streets::Foot],
    pace: &Pace,
) -> BTreeMap<u32, f64> {
    let junctions = view.junctions.len();
    let mut best = vec![[f64::INFINITY; 3]; junctions];
    let mut doors: BTreeMap<u32, f64> = BTreeMap::new();
    let mut reach_door = |door: u32, seconds: f64| {
        let known = doors.entry(door).or_insert(f64::INFINITY);
        *known = known.min(seconds);
    };
    let leg = |metres: f32| f64::from(metres) * f64::from(pace.seconds_a_metre);
    let is_private = |edge: usize| view.edges[edge].flags & flag::PRIVATE != 0;
    let gate = |junction: usize, stage: u8| {
        if view.junctions[junction].flags & node_flag::PRIVATE != 0 && stage > 0 {
            2
        } else {
            stage
        }
    };
    let feet_of = |tie: &DoorTie| {
        let snap = if pace.is_step_free() {
            &tie.step_free
        } else {
            &tie.walked
        };
        snap.feet().copied().collect::<Vec<_>>()
    };
    for foot in snap_feet {
        let edge = foot.edge as usize;
        let stage = if is_private(edge) { 0 } else { 1 };
        let (from, to) = (view.edges[edge].from as usize, view.edges[edge].to as usize);
        for (end, metres) in [(from, 0.0), (to, f64::from(view.edges[edge].length_m))] {
            if let Some(seconds) = seed_s(view, edge, f64::from(foot.along_m), metres, pace) {
                let stage = gate(end, stage) as usize;
                best[end][stage] = best[end][stage].min(leg(foot.leg_m()) + seconds);
            }
        }
        for (tie, door) in ties.iter().zip(0..) {
            for other in feet_of(tie).iter().filter(|other| other.edge == foot.edge) {
                let (a, b) = (f64::from(foot.along_m), f64::from(other.along_m));
                let direct = if a == b {
                    Some(0.0)
                } else {
                    part_s(view, edge, a, b, pace).map(|_| (b - a).abs() * rate(view, edge, pace))
                };
                if let Some(seconds) = direct {
                    reach_door(door, leg(foot.leg_m()) + seconds + leg(other.leg_m()));
                }
            }
        }
    }
    let mut done = vec![[false; 3]; junctions];
    loop {
        let next = (0..junctions)
            .flat_map(|junction| (0..3).map(move |stage| (junction, stage)))
            .filter(|(junction, stage)| !done[*junction][*stage] && best[*junction][*stage].is_finite())
            .min_by(|a, b| best[a.0][a.1].total_cmp(&best[b.0][b.1]));
        let Some((junction, stage)) = next else { break };
        done[junction][stage] = true;
        let seconds = best[junction][stage];
        for (number, edge) in view.edges.iter().enumerate() {
            let Some(on_edge) = step(stage as u8, is_private(number)) else {
                continue;
            };
            let length = f64::from(edge.length_m);
            for (here, there, start, end) in [
                (edge.from as usize, edge.to as usize, 0.0, length),
                (edge.to as usize, edge.from as usize, length, 0.0),
            ] {
                if here != junction {
                    continue;
                }
                if let Some(over) = part_s(view, number, start, end, pace) {
                    let stage = gate(there, on_edge) as usize;
                    best[there][stage] = best[there][stage].min(seconds + over);
                }
                for (tie, door) in ties.iter().zip(0..) {
                    for foot in feet_of(tie).iter().filter(|foot| foot.edge as usize == number) {
                        let along = f64::from(foot.along_m);
                        let over = if along == start {
                            Some(0.0)
                        } else {
                            part_s(view, number, start, along, pace).map(|_| {
                                let wait = view.particulars_of(edge).half_waits[usize::from(start != 0.0)];
                                (along - start).abs() * rate(view, number, pace)
                                    + f64::from(wait) * f64::from(pace.half_signal_s)
                            })
                        };
                        if let Some(over) = over {
                            reach_door(door, seconds + over + leg(foot.leg_m()));
                        }
                    }
                }
            }
        }
    }
    doors
}

fn rate(view: &View<'_>, edge: usize, pace: &Pace) -> f64 {
    let whole = &view.edges[edge];
    match pace.stairs {
        Some(stairs) if whole.flags & flag::STEPS != 0 => {
            if view.particulars_of(whole).steps > 0.0 {
                f64::from(view.particulars_of(whole).steps * stairs.seconds_a_step / whole.length_m)
            } else {
                f64::from(stairs.seconds_a_metre)
            }
        }
        _ => f64::from(pace.seconds_a_metre),
    }
}

/// From a foot to an end of its edge; who stands at the very end is there.
fn seed_s(view: &View<'_>, edge: usize, along: f64, end: f64, pace: &Pace) -> Option<f64> {
    if along == end {
        return (pace.stairs.is_some() || view.edges[edge].flags & flag::STEPS == 0).then_some(0.0);
    }
    let wait = view.particulars_of(&view.edges[edge]).half_waits[usize::from(end != 0.0)];
    let flags = view.edges[edge].flags;
    let forward = end != 0.0;
    let closed = (pace.stairs.is_none() && flags & flag::STEPS != 0)
        || (flags & flag::FORWARD_ONLY != 0 && !forward)
        || (flags & flag::BACKWARD_ONLY != 0 && forward);
    (!closed).then(|| (end - along).abs() * rate(view, edge, pace) + f64::from(wait) * f64::from(pace.half_signal_s))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_bounded_search_equals_a_plain_dijkstra(town in random_town()) {
        let map = town.map();
        let (ties, doors) = town.doors(&map);
        for pace in [adult(), pace("elder"), pace("wheelchair")] {
            let limit_s = 700.0;
            let reach = town.reach(&map, &doors, pace, limit_s);
            if reach.feet.is_empty() {
                continue;
            }
            let feet: Vec<_> = reach.feet.clone();
            let expected = plain(&map.view(), &ties, &feet, pace);
            let found: BTreeMap<u32, f64> =
                reach.arrivals.iter().map(|arrival| (arrival.door, arrival.seconds)).collect();
            for (door, seconds) in &expected {
                // Arithmetic in 32 bits may put a door on the limit on either side.
                if (seconds - limit_s).abs() < 0.05 {
                    continue;
                }
                match found.get(door) {
                    Some(found) => prop_assert!((found - seconds).abs() < 0.05, "{door}: {found} {seconds}"),
                    None => prop_assert!(*seconds > limit_s, "{door} is missing at {seconds}"),
                }
            }
            prop_assert!(found.keys().all(|door| expected.contains_key(door)));
        }
    }

    #[test]
    fn the_circle_of_ten_minutes_contains_that_of_nine(town in random_town()) {
        let map = town.map();
        let (_, doors) = town.doors(&map);
        for pace in [adult(), pace("child")] {
            let ten = town.reach(&map, &doors, pace, 600.0);
            let nine = town.reach(&map, &doors, pace, 540.0);
            let within: Vec<_> =
                ten.arrivals.iter().filter(|arrival| arrival.seconds <= 540.0).collect();
            prop_assert_eq!(within, nine.arrivals.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_way_has_the_seconds_and_metres_of_its_arrival(town in random_town()) {
        let map = town.map();
        let (_, doors) = town.doors(&map);
        let reach = town.reach(&map, &doors, adult(), 600.0);
        if reach.feet.is_empty() {
            return Ok(());
        }
        let origin = at(f64::from(town.origin.0), f64::from(town.origin.1));
        for arrival in &reach.arrivals {
            let path = path_to(&map, &doors, origin, adult(), 600.0, arrival.door);
            prop_assert!(path.is_some());
            let path = path.unwrap();
            let walked: f64 = path
                .stretches
                .iter()
                .map(|stretch| f64::from((stretch.leaves_m - stretch.enters_m).abs()))
                .sum();
            prop_assert!((walked - arrival.network_m).abs() < 0.1);
            let drawn: f64 = path.points.windows(2).map(|p| p[0].metres_to(p[1])).sum();
            prop_assert!((drawn - arrival.walk_m).abs() < 0.5 + 0.001 * drawn);
        }
    }
}

#[test]
fn equal_questions_get_equal_answers_in_64_threads() {
    let mut nodes = Vec::new();
    let mut ways = Vec::new();
    for row in 0..20_i32 {
        for column in 0..20_i32 {
            nodes.push((column * 60 - 600, row * 60 - 600, 0));
        }
        ways.push(((0..20).map(|column| (row * 20 + column) as usize).collect(), 0));
        ways.push(((0..20).map(|column| (column * 20 + row) as usize).collect(), 1));
    }
    let town = Random {
        nodes,
        ways,
        doors: (0..300)
            .map(|door| (door * 37 % 1_100 - 550, door * 91 % 1_100 - 550))
            .collect(),
        origin: (3, 7),
    };
    let map = town.map();
    let (_, doors) = town.doors(&map);
    let expected = town.reach(&map, &doors, adult(), 600.0);
    assert!(expected.arrivals.len() > 50);
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let (map, doors, expected, town) = (&map, &doors, &expected, &town);
            scope.spawn(move || {
                let mut walker = Walker::default();
                for turn in 0..10 {
                    // Other questions in between leave no trace.
                    let other = at(f64::from(thread * 7 % 300), f64::from(turn * 13));
                    walker.reach(map, doors, other, adult(), 300.0);
                    let origin = at(f64::from(town.origin.0), f64::from(town.origin.1));
                    assert_eq!(walker.reach(map, doors, origin, adult(), 600.0), *expected);
                }
            });
        }
    });
}
