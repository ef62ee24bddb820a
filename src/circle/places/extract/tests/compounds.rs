//! Private areas without a gate.

use super::*;
use crate::circle::places::extract::compounds_without_gate;

/// The square of about 110 m as an area with these tags, and a street of 220 m
/// through its middle, drawn with the given tags, over node 5 on the boundary.
fn found(area: &[(&str, &str)], street: &[(&str, &str)], gate: &[(&str, &str)]) -> Vec<String> {
    let mut nodes = square([&[], &[], &[], &[]]);
    nodes.push(node(5, 0.0, 0.0005, gate));
    nodes.push(node(6, -0.001, 0.0005, &[]));
    nodes.push(node(7, 0.0008, 0.0005, &[]));
    let data = OsmData {
        nodes,
        ways: vec![way(10, &[1, 5, 2, 3, 4, 1], area), way(20, &[6, 5, 7], street)],
        ..OsmData::default()
    };
    let compounds = compounds_without_gate(&data);
    assert!(compounds.iter().all(|found| (0.0..0.001).contains(&found.point.lat)));
    compounds.into_iter().map(|found| found.reference).collect()
}

const ESTATE: &[(&str, &str)] = &[("landuse", "residential"), ("access", "private")];
const SERVICE: &[(&str, &str)] = &[("highway", "service")];

#[test]
fn a_private_estate_or_a_wall_with_streets_inside_and_no_gate_is_found() {
    assert_eq!(found(ESTATE, SERVICE, &[]), ["way/10"]);
    assert_eq!(found(&[("barrier", "wall")], SERVICE, &[]), ["way/10"]);
    assert_eq!(
        found(&[("landuse", "residential"), ("residential", "gated")], SERVICE, &[]),
        ["way/10"]
    );
}

#[test]
fn with_a_gate_without_streets_or_open_to_all_there_is_nothing_to_find() {
    // Also a locked gate is a gate.
    for gate in [
        &[("barrier", "gate"), ("locked", "yes")][..],
        &[("entrance", "yes")],
        &[("barrier", "lift_gate")],
    ] {
        assert_eq!(found(ESTATE, SERVICE, gate), [""; 0], "{gate:?}");
    }
    assert_eq!(found(ESTATE, SERVICE, &[("barrier", "wall")]), ["way/10"]);
    assert_eq!(found(ESTATE, &[("highway", "motorway")], &[]), [""; 0]);
    assert_eq!(found(&[("landuse", "residential")], SERVICE, &[]), [""; 0]);
}
