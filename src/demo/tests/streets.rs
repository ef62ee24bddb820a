//! The streets.

use super::super::{City, generate};
use super::{SEED, SEEDS, metres};
use crate::circle::osm::Way;
use crate::coordinates::Point;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

fn is_walkable(way: &Way) -> bool {
    way.tags.get("highway").is_some()
}

/// Walkable node pairs with their length, both ways.
fn graph(city: &City) -> BTreeMap<i64, Vec<(i64, f64)>> {
    let at: BTreeMap<i64, Point> = city.streets.nodes.iter().map(|node| (node.id, node.point)).collect();
    let mut ways: Vec<&[i64]> = city
        .streets
        .ways
        .iter()
        .filter(|way| is_walkable(way))
        .map(|way| way.nodes.as_slice())
        .collect();
    for relation in &city.streets.relations {
        for member in &relation.members {
            ways.extend(
                city.streets
                    .ways
                    .iter()
                    .filter(|way| way.id == member.id && member.role == "outer")
                    .map(|way| way.nodes.as_slice()),
            );
        }
    }
    let mut graph: BTreeMap<i64, Vec<(i64, f64)>> = BTreeMap::new();
    for way in ways {
        for pair in way.windows(2) {
            let length = metres(at[&pair[0]], at[&pair[1]]);
            graph.entry(pair[0]).or_default().push((pair[1], length));
            graph.entry(pair[1]).or_default().push((pair[0], length));
        }
    }
    graph
}

/// Metres from `start` to every node that can be reached.
fn distances(graph: &BTreeMap<i64, Vec<(i64, f64)>>, start: i64) -> BTreeMap<i64, f64> {
    let mut found = BTreeMap::new();
    let mut queue = BinaryHeap::from([(std::cmp::Reverse(0_u64), start)]);
    while let Some((std::cmp::Reverse(centimetres), node)) = queue.pop() {
        if found.contains_key(&node) {
            continue;
        }
        found.insert(node, centimetres as f64 / 100.0);
        for (next, length) in &graph[&node] {
            queue.push((std::cmp::Reverse(centimetres + (length * 100.0) as u64), *next));
        }
    }
    found
}

#[test]
fn element_ids_are_positive_and_unique_and_ways_have_their_nodes() {
    let city = generate(SEED);
    let streets = &city.streets;
    let ids: Vec<i64> = streets
        .nodes
        .iter()
        .map(|node| node.id)
        .chain(streets.ways.iter().map(|way| way.id))
        .chain(streets.relations.iter().map(|relation| relation.id))
        .collect();
    assert!(ids.iter().all(|id| *id > 0));
    let unique: BTreeSet<i64> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    for way in &streets.ways {
        assert!(way.nodes.len() >= 2 && way.nodes.iter().all(|node| unique.contains(node)));
        assert!(way.nodes.windows(2).all(|pair| pair[0] != pair[1]), "way {}", way.id);
    }
}

#[test]
fn all_streets_hang_together_the_villages_too() {
    for seed in SEEDS {
        let graph = graph(&generate(seed));
        let start = *graph.keys().next().expect("a node");
        let reached = distances(&graph, start).len();
        assert_eq!(reached, graph.len(), "seed {seed}");
    }
}

#[test]
fn straight_lines_lie_across_the_river_and_across_the_railway() {
    for seed in SEEDS {
        let city = generate(seed);
        let graph = graph(&city);
        let on = |name: &str| -> Vec<(i64, Point)> {
            let nodes: BTreeSet<i64> = city
                .streets
                .ways
                .iter()
                .filter(|way| way.tags.is("name:en", name))
                .flat_map(|way| way.nodes.iter().copied())
                .collect();
            city.streets
                .nodes
                .iter()
                .filter(|node| nodes.contains(&node.id))
                .map(|node| (node.id, node.point))
                .collect()
        };
        for (here, there) in [
            ("Binhe North Road", "Binhe South Road"),
            ("Tiexi Street", "Dongguan Avenue"),
        ] {
            let others = on(there);
            let worst = on(here)
                .iter()
                .flat_map(|(from, at)| {
                    let walked = distances(&graph, *from);
                    others
                        .iter()
                        .map(|(to, other)| walked[to] / metres(*at, *other))
                        .collect::<Vec<f64>>()
                })
                .fold(0.0, f64::max);
            assert!(worst >= 3.0, "seed {seed}, {here}: {worst}");
        }
    }
}

#[test]
fn doors_are_within_thirty_metres_of_a_street_and_buildings_near_one() {
    for seed in SEEDS {
        let city = generate(seed);
        let at: BTreeMap<i64, Point> = city.streets.nodes.iter().map(|node| (node.id, node.point)).collect();
        let edges: Vec<(Point, Point)> = city
            .streets
            .ways
            .iter()
            .filter(|way| is_walkable(way))
            .flat_map(|way| {
                way.nodes
                    .windows(2)
                    .map(|pair| (at[&pair[0]], at[&pair[1]]))
                    .collect::<Vec<_>>()
            })
            .collect();
        let off = |point: Point| {
            edges
                .iter()
                .map(|(a, b)| {
                    let (ab, ap) = ((b.lon - a.lon, b.lat - a.lat), (point.lon - a.lon, point.lat - a.lat));
                    let share = (ab.0 * ap.0 + ab.1 * ap.1) / (ab.0 * ab.0 + ab.1 * ab.1);
                    let share = share.clamp(0.0, 1.0);
                    metres(
                        point,
                        Point {
                            lat: a.lat + ab.1 * share,
                            lon: a.lon + ab.0 * share,
                        },
                    )
                })
                .fold(f64::INFINITY, f64::min)
        };
        for place in &city.places {
            let stops = place.stops.iter().map(|stop| stop.point);
            for door in place.doors.iter().copied().chain(stops) {
                assert!(off(door) <= 30.0, "seed {seed}: {} {}", place.name, off(door));
            }
        }
        for unit in city.units.iter().filter(|unit| unit.level == "building").step_by(7) {
            let metres = off(unit.location.expect("a location"));
            assert!(metres <= 45.0, "seed {seed}: {} {metres}", unit.name);
        }
    }
}

#[test]
fn the_map_has_what_makes_walking_hard() {
    let city = generate(SEED);
    let ways = |key: &str, value: &str| city.streets.ways.iter().filter(|way| way.tags.is(key, value)).count();
    let nodes = |key: &str, value: &str| {
        city.streets
            .nodes
            .iter()
            .filter(|node| node.tags.is(key, value))
            .count()
    };
    assert_eq!(ways("bridge", "yes"), 4, "two roads, a footbridge, the railway");
    assert_eq!(ways("tunnel", "yes"), 2);
    assert!(ways("highway", "steps") >= 6);
    assert!(ways("access", "private") >= 20);
    assert!(ways("barrier", "wall") >= 50);
    assert!(nodes("barrier", "gate") >= 100);
    assert!(nodes("crossing", "traffic_signals") >= 12);
    assert_eq!(ways("waterway", "river"), 1);
    assert_eq!(city.streets.relations.len(), 2);
}
