//! Compounds and gates: private ways are walked at the ends only, locked gates
//! not at all.

use super::town::{Town, adult, adult_s, assert_near, at, doors_in, path_to};
use crate::circle::streets::Walker;

/// A compound from 0 to 300 m east: a public street on either side, 100 m in
/// between as a private way with a private gate at each end when `gates` is 2.
fn compound(inner: &str, gate: &str) -> Town {
    Town::new()
        .nodes(&[(1, 0.0, -500.0), (3, 0.0, 500.0)])
        .node(2, 0.0, 0.0, "")
        .node(10, 5.0, 0.0, gate)
        .nodes(&[(11, 295.0, 0.0)])
        .nodes(&[(20, 300.0, -500.0), (21, 300.0, 0.0), (22, 300.0, 500.0)])
        .way(&[1, 2, 3], "highway=residential")
        .way(&[20, 21, 22], "highway=residential")
        .way(&[2, 10], "highway=service")
        .way(&[10, 11, 21], inner)
        .way(&[3, 22], "highway=residential")
}

#[test]
fn case_10_who_lives_in_a_compound_leaves_by_its_private_gate() {
    let town = compound("highway=service access=private", "barrier=gate access=private").map();
    // 145 m to the gate, 5 m to the street, 200 m south.
    let reach = town.reach(adult(), (150.0, 0.0), &[(0.0, -200.0)]);
    assert_near(reach.arrivals[0].seconds, adult_s(350.0), 0.1);
    assert!(!reach.arrivals[0].private_end);
}

#[test]
fn ways_behind_a_private_gate_are_private_even_where_only_the_gate_says_so() {
    let town = Town::new()
        .nodes(&[(1, 0.0, -500.0), (2, 0.0, 0.0), (3, 0.0, 500.0)])
        .node(10, 5.0, 0.0, "barrier=gate access=private")
        .nodes(&[(11, 295.0, 0.0)])
        .way(&[1, 2, 3], "highway=residential")
        .way(&[2, 10, 11], "highway=service")
        .map();
    assert_eq!(town.report.enclosed_edges, 1);
    let out = town.reach(adult(), (150.0, 0.0), &[(0.0, -200.0)]);
    assert_near(out.arrivals[0].seconds, adult_s(350.0), 0.1);
    assert!(!out.arrivals[0].private_end);
    let into = town.reach(adult(), (0.0, -200.0), &[(150.0, 0.0)]);
    assert_near(into.arrivals[0].seconds, adult_s(350.0), 0.1);
    assert!(into.arrivals[0].private_end);
}

#[test]
fn case_11_nobody_walks_through_a_compound() {
    let town = compound("highway=service access=private", "barrier=gate access=private").map();
    // Through the compound 300 m; around it 500 + 300 + 500 m.
    let seconds = town.seconds(adult(), (-50.0, 0.0), (350.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(50.0 + 1_300.0 + 50.0), 0.5);
    assert!(town.reach(adult(), (-50.0, 0.0), &[(350.0, 0.0)]).arrivals.is_empty());
}

#[test]
fn case_12_a_place_inside_a_compound_ends_on_a_private_way() {
    let town = compound("highway=service access=private", "barrier=gate access=private").map();
    let reach = town.reach(adult(), (-10.0, -100.0), &[(150.0, 2.0)]);
    assert_near(reach.arrivals[0].seconds, adult_s(10.0 + 100.0 + 150.0 + 2.0), 0.2);
    assert!(reach.arrivals[0].private_end);
}

#[test]
fn case_13_a_locked_gate_sends_one_to_the_open_one() {
    // The street runs east; the park path runs along it 20 m north. One gate
    // 50 m east, the other 400 m east.
    let town = |near_gate: &str| {
        Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 50.0, 0.0), (3, 400.0, 0.0), (4, 600.0, 0.0)])
            .nodes(&[(5, 50.0, 400.0), (6, 400.0, 400.0), (9, 50.0, 800.0)])
            .node(7, 50.0, 10.0, near_gate)
            .node(8, 400.0, 10.0, "barrier=gate foot=yes")
            .way(&[1, 2, 3, 4], "highway=residential")
            .way(&[2, 7, 5, 9], "highway=footway")
            .way(&[3, 8, 6, 5], "highway=footway")
            .map()
    };
    let door = (50.0, 700.0);
    let by_far_gate = adult_s(400.0 + 400.0 + 350.0 + 300.0);
    let by_near_gate = adult_s(50.0 + 700.0);
    let seconds = |gate: &str| town(gate).seconds(adult(), (0.0, 0.0), door).unwrap();
    assert_near(seconds("barrier=gate locked=yes"), by_far_gate, 0.1);
    assert_near(seconds("barrier=gate locked=yes foot=yes"), by_near_gate, 0.1);
    assert_near(seconds("barrier=gate foot=no access=yes"), by_far_gate, 0.1);
}

#[test]
fn the_way_to_a_door_has_the_figures_of_the_reach() {
    let town = compound("highway=service access=private", "barrier=gate access=private").map();
    let doors = town.doors(&[(150.0, 2.0), (300.0, -300.0)]);
    let mut walker = Walker::default();
    let origin = at(-10.0, -100.0);
    let reach = walker.reach(&town.map, &doors, origin, adult(), 2_000.0);
    assert_eq!(reach.arrivals.len(), 2);
    for arrival in &reach.arrivals {
        let path = path_to(&town.map, &doors, origin, adult(), 2_000.0, arrival.door).unwrap();
        assert_eq!(path.arrival, *arrival);
        let drawn: f64 = path.points.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum();
        assert_near(drawn, arrival.walk_m, 0.2);
        let walked: f32 = path
            .stretches
            .iter()
            .map(|stretch| (stretch.leaves_m - stretch.enters_m).abs())
            .sum();
        assert_near(f64::from(walked), arrival.network_m, 0.1);
    }
    assert!(path_to(&town.map, &doors, origin, adult(), 60.0, 1).is_none());
}

#[test]
fn a_locked_gate_is_not_passed_by_a_leg_over_it() {
    // The only gate is locked; the street is 10 m from the way inside.
    let town = Town::new()
        .nodes(&[(1, -500.0, 0.0), (2, 0.0, 0.0), (3, 500.0, 0.0)])
        .node(4, 0.0, 10.0, "barrier=gate locked=yes")
        .nodes(&[(5, 0.0, 300.0)])
        .way(&[1, 2, 3], "highway=residential")
        .way(&[2, 4, 5], "highway=footway")
        .map();
    let reach = town.reach(adult(), (40.0, 0.0), &[(0.0, 200.0), (100.0, 0.0)]);
    assert_eq!(doors_in(&reach), [1]);
}

#[test]
fn streets_that_nothing_joins_each_get_a_foot() {
    // Two parallel streets, the origin between them, 30 m and 50 m away.
    let town = Town::new()
        .nodes(&[(1, -400.0, 30.0), (2, 400.0, 30.0)])
        .nodes(&[(3, -400.0, -50.0), (4, 400.0, -50.0)])
        .way(&[1, 2], "highway=residential")
        .way(&[3, 4], "highway=residential")
        .map();
    let reach = town.reach(adult(), (0.0, 0.0), &[(100.0, 30.0), (100.0, -50.0)]);
    let legs: Vec<f32> = reach.feet.iter().map(|foot| foot.snap_m).collect();
    assert_eq!(legs.len(), 2);
    assert_near(f64::from(legs[0]), 30.0, 0.05);
    assert_near(f64::from(legs[1]), 50.0, 0.05);
    assert_eq!(doors_in(&reach), [0, 1]);
    assert_near(reach.arrivals[0].seconds, adult_s(130.0), 0.1);
    assert_near(reach.arrivals[1].seconds, adult_s(150.0), 0.1);
}
