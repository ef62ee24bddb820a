//! Squares that are odd, large, broken or hostile, and who stands on one.

use super::squares::{OUTLINE, across, plaza};
use super::town::{Town, adult, adult_s, assert_near, at};
use crate::circle::osm::Bounds;
use crate::circle::streets::tags::flag;
use crate::circle::streets::{Ask, BuildOptions, Reach, StreetMap, Walker, build};

#[test]
fn who_stands_on_a_square_goes_round_its_corners() {
    // A building of 20 by 20 m in the middle, the place behind it at (70, 0):
    // √(40² + 10²) to its corner, 20 m along it, √(10² + 10²) on: 75.37 m.
    let town = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 10.0), (14, 40.0, 10.0)])
        .way(&OUTLINE, "")
        .way(&[11, 12, 13, 14, 11], "building=yes")
        .relation(&[("outer", 3), ("inner", 4)], "highway=pedestrian")
        .map();
    let seconds = town.seconds(adult(), (-300.0, 0.0), (70.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 75.37), 0.1);
    // From (50, 40) north of it to A: √(50² + 40²) = 64.03 m.
    let seconds = town.seconds(adult(), (50.0, 40.0), (-300.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 64.03), 0.1);
    // In the building nobody stands on the square: the feet are the usual ones,
    // and all of them on its outline, 8 m away.
    let reach = town.reach(adult(), (50.0, 2.0), &[]);
    assert!(reach.feet.len() <= 4);
    assert_near(f64::from(reach.feet[0].snap_m), 8.0, 0.1);
    // The same outside.
    let reach = town.reach(adult(), (50.0, 80.0), &[]);
    assert!(reach.feet.len() <= 4);
}

#[test]
fn two_places_on_one_square_are_as_far_as_over_a_line_of_sight() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    // (20, 10) and (80, 10): over the line from A to B, 10 + 60 + 10 m.
    let seconds = town.seconds(adult(), (20.0, 10.0), (80.0, 10.0)).unwrap();
    assert!(seconds <= adult_s(80.0) + 0.1, "{seconds}");
    assert!(seconds >= adult_s(60.0) - 0.1, "{seconds}");
    // (20, 10) and (20, −30): over A, √(20² + 10²) + √(20² + 30²) = 58.4 m.
    let seconds = town.seconds(adult(), (20.0, 10.0), (20.0, -30.0)).unwrap();
    assert!(seconds <= adult_s(58.42) + 0.1, "{seconds}");
}

#[test]
fn the_walk_over_the_square_that_one_stands_on_is_a_walk_on_the_streets() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    // From (50, 30) to A √(50² + 30²) = 58.31 m over the square, 100 m along the
    // street and 20 m off it to the door at (−100, 20); the other way as well, and
    // by metres as by time.
    let (on_square, off_street) = ((50.0, 30.0), (-100.0, 20.0));
    let in_metres = adult().in_metres();
    for (from, to) in [(on_square, off_street), (off_street, on_square)] {
        for (reverse, metres) in [(false, false), (false, true), (true, false), (true, true)] {
            let origins = [at(from.0, from.1)];
            let ask = Ask {
                reverse,
                in_metres: metres.then_some(&in_metres),
                ..Ask::new(&origins, adult(), 600.0)
            };
            let mut reach = Reach::default();
            Walker::default().reach_into(&town.map, &town.doors(&[to]), &ask, &mut reach);
            let arrival = reach.arrivals[0];
            assert_near(arrival.network_m, 158.31, 0.05);
            assert_near(arrival.walk_m, 178.31, 0.05);
            assert_near(arrival.seconds, adult_s(178.31), 0.05);
            let door = arrival.foot.unwrap();
            let own = &reach.feet[usize::from(door.from_foot)];
            let mut legs = [[own.snap_m, own.across_m], [door.snap_m, door.across_m]];
            if from == off_street {
                legs.reverse();
            }
            for (leg, expected) in legs.as_flattened().iter().zip([0.0, 58.31, 20.0, 0.0]) {
                assert_near(f64::from(*leg), expected, 0.05);
            }
        }
    }
    // The foot is where one stands.
    let reach = town.reach(adult(), on_square, &[]);
    let across: Vec<_> = reach.feet.iter().filter(|foot| foot.across_m > 0.0).collect();
    assert!(across.len() >= 2);
    assert!(across.iter().all(|foot| foot.point == at(50.0, 30.0)));
}

#[test]
fn a_wall_keeps_who_stands_behind_it_from_the_straight_line() {
    // The wall from (50, −30) to (50, 30) stands between A and (80, 0): round its
    // end √(50² + 30²) + √(30² + 30²) = 100.74 m.
    let town = plaza()
        .nodes(&[(20, 50.0, -30.0), (22, 50.0, 30.0)])
        .way(&OUTLINE, "highway=pedestrian area=yes")
        .way(&[20, 22], "barrier=wall")
        .map();
    let seconds = town.seconds(adult(), (-300.0, 0.0), (80.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 100.74), 0.1);
}

#[test]
fn a_place_on_a_private_square_is_reached_privately() {
    let town = plaza()
        .way(&OUTLINE, "highway=pedestrian area=yes access=private")
        .map();
    let reach = town.reach(adult(), (-300.0, 0.0), &[(50.0, 20.0)]);
    assert!(reach.arrivals[0].private_end);
    assert_near(reach.arrivals[0].seconds, adult_s(353.85), 0.1);
    // A public square is public, also where a private way leaves it.
    let town = plaza()
        .nodes(&[(20, 0.0, 20.0), (21, -100.0, 20.0)])
        .way(&[1, 20, 2, 3, 4, 5, 6, 1], "highway=pedestrian area=yes")
        .way(&[20, 21], "highway=service access=private")
        .map();
    let reach = town.reach(adult(), (-300.0, 0.0), &[(10.0, 20.0)]);
    assert!(!reach.arrivals[0].private_end);
    assert_near(reach.arrivals[0].walk_m, 300.0 + 22.36, 0.1);
}

#[test]
fn gates_on_the_outline_hold() {
    let gate = |tags: &str| {
        Town::new()
            .node(1, 0.0, 0.0, tags)
            .nodes(&[
                (2, 0.0, 75.0),
                (3, 100.0, 75.0),
                (4, 100.0, 0.0),
                (5, 100.0, -75.0),
                (6, 0.0, -75.0),
            ])
            .nodes(&[(7, -300.0, 0.0), (8, 400.0, 0.0)])
            .way(&[7, 1], "highway=residential")
            .way(&[4, 8], "highway=residential")
            .way(&OUTLINE, "highway=pedestrian area=yes")
            .map()
    };
    assert_near(across(&gate("barrier=gate")), 100.0, 0.1);
    assert_near(across(&gate("barrier=bollard")), 100.0, 0.1);
    let locked = gate("barrier=gate locked=yes");
    assert_eq!(locked.seconds(adult(), (-300.0, 0.0), (400.0, 0.0)), None);
}

#[test]
fn outlines_that_touch_cross_or_cut_themselves_do_no_harm() {
    // A cut from the outline to the hole and back: one way draws both.
    let cut = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 10.0), (14, 40.0, 10.0)])
        .way(
            &[1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 11, 6, 1],
            "highway=pedestrian area=yes",
        )
        .map();
    assert_near(across(&cut), 102.46, 0.1);
    // A figure of eight through one node in the middle: both halves, over it.
    let eight = Town::new()
        .nodes(&[
            (1, 0.0, 0.0),
            (2, 0.0, 75.0),
            (3, 50.0, 0.0),
            (4, 100.0, 0.0),
            (5, 100.0, 75.0),
            (6, 0.0, -75.0),
        ])
        .nodes(&[(7, -300.0, 0.0), (8, 400.0, 0.0), (9, 100.0, -75.0)])
        .way(&[7, 1], "highway=residential")
        .way(&[4, 8], "highway=residential")
        .way(&[1, 2, 3, 5, 4, 9, 3, 6, 1], "highway=pedestrian area=yes")
        .map();
    assert_near(across(&eight), 100.0, 0.1);
    assert_eq!(eight.report.squares, 2);
    // Crossing itself without a node: from the west half nobody comes to the east.
    let bow = Town::new()
        .nodes(&[
            (1, 0.0, 0.0),
            (2, 0.0, 75.0),
            (3, 100.0, -75.0),
            (4, 100.0, 0.0),
            (5, 100.0, 75.0),
            (6, 0.0, -75.0),
        ])
        .nodes(&[(7, -300.0, 0.0), (8, 400.0, 0.0)])
        .way(&[7, 1], "highway=residential")
        .way(&[4, 8], "highway=residential")
        .way(&[1, 2, 3, 4, 5, 6, 1], "highway=pedestrian area=yes")
        .map();
    // Along the outline: 75 + √(100² + 150²) + 75 = 330.28 m.
    assert_near(across(&bow), 330.28, 0.1);
}

#[test]
fn a_broken_relation_is_walked_along_what_is_there() {
    // Its southern half is missing.
    let town = plaza()
        .way(&[1, 2, 3, 4], "")
        .relation(&[("outer", 3), ("outer", 99)], "highway=pedestrian")
        .map();
    assert_near(across(&town), 250.0, 0.1);
    assert_eq!(town.report.broken_squares.count, 1);
    // So is that of an area with a node that is not there, of one that has only a
    // hole, and of one without anything.
    let mut outline = OUTLINE.to_vec();
    outline[5] = 99;
    let town = plaza().way(&outline, "highway=pedestrian area=yes").map();
    assert_eq!((town.report.broken_squares.count, town.report.squares), (1, 0));
    let town = plaza()
        .way(&OUTLINE, "")
        .relation(&[("inner", 3)], "highway=pedestrian")
        .map();
    assert_eq!((town.report.broken_squares.count, town.report.squares), (1, 0));
    let town = plaza().relation(&[], "highway=pedestrian").map();
    assert_eq!((town.report.broken_squares.count, town.report.squares), (1, 0));
}

#[test]
fn lines_of_sight_are_no_streets() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    // Two streets of 300 m and an outline of 500 m.
    assert_near(town.report.street_m, 1_100.0, 0.5);
    assert_near(town.map.info().street_m, 1_100.0, 0.5);
    assert_near(f64::from(town.map.view().components[0]), 1_100.0, 0.5);
    // A crossing over the square is not told to miss them.
    let town = plaza()
        .nodes(&[(20, 30.0, -10.0), (21, 30.0, 10.0)])
        .way(&OUTLINE, "highway=pedestrian area=yes")
        .way(&[20, 21], "highway=footway footway=crossing")
        .map();
    assert_eq!(town.report.unjoined_crossings.count, 0);
}

#[test]
fn the_box_cuts_a_square() {
    let data = plaza()
        .way(&OUTLINE, "")
        .relation(&[("outer", 3)], "highway=pedestrian")
        .data();
    // The south of the square is outside, both entrances are inside.
    let (low, high) = (at(-310.0, -50.0), at(410.0, 100.0));
    let options = BuildOptions {
        bbox: Some(Bounds {
            min_lon: low.lon,
            min_lat: low.lat,
            max_lon: high.lon,
            max_lat: high.lat,
        }),
        ..BuildOptions::default()
    };
    let (bytes, report) = build(&data, &options, &mut |_, _| {}).unwrap();
    let map = StreetMap::from_bytes(&bytes.0).unwrap();
    assert_eq!((report.squares, report.sights), (1, 1));
    let cut = crate::circle::streets::tags::node_flag::CUT;
    let view = map.view();
    assert_eq!(
        view.junctions
            .iter()
            .filter(|junction| junction.flags & cut != 0)
            .count(),
        2
    );
}

#[test]
fn a_large_square_keeps_its_bounds_and_stays_good() {
    // A round square of 200 m radius with 300 entrances.
    let count = 300;
    let round = |id: i64| {
        let angle = std::f64::consts::TAU * (id as f64) / f64::from(count);
        (200.0 * angle.cos(), 200.0 * angle.sin())
    };
    let mut town = Town::new();
    for id in 0..i64::from(count) {
        let (east, north) = round(id);
        town = town.nodes(&[(id + 1, east, north), (id + 1_001, east * 2.0, north * 2.0)]);
    }
    let mut ring: Vec<i64> = (1..=i64::from(count)).collect();
    ring.push(1);
    town = town.way(&ring, "highway=pedestrian area=yes");
    for id in 1..=i64::from(count) {
        town = town.way(&[id, id + 1_000], "highway=footway");
    }
    let town = town.map();
    assert_eq!((town.report.squares, town.report.squares_cut_short), (1, 1));
    assert!(town.report.sights <= 2_000, "{}", town.report.sights);
    // From the first entrance to the one 100 further on, which are both among
    // those kept: 2 × 200 m × sin 60° = 346.4 m, at most one in a hundred more.
    let (from, to) = ((400.0, 0.0), round(100));
    let seconds = town.seconds(adult(), from, (to.0 * 2.0, to.1 * 2.0)).unwrap();
    let metres = seconds * (5.1 / 3.6) - 400.0;
    assert!((346.3..=346.5 * 1.01).contains(&metres), "{metres}");
}

#[test]
fn a_hostile_square_neither_hangs_nor_grows() {
    // 60,000 corners in a zigzag; 9,000 corners that cross one another at random.
    let zigzag = |count: i64, step: i64| {
        let mut town = Town::new();
        for id in 1..=count {
            let at = (id * step) % count;
            town = town.nodes(&[(id, (at % 300) as f64, ((at * 7_919) % 997) as f64)]);
        }
        let mut ring: Vec<i64> = (1..=count).collect();
        ring.push(1);
        town.way(&ring, "highway=pedestrian area=yes")
            .nodes(&[(900_001, -500.0, 0.0)])
            .way(&[900_001, 1], "highway=footway")
            .way(&[900_001, count / 2], "highway=footway")
            .map()
    };
    for (count, step) in [(60_000, 1), (9_000, 4_001)] {
        let town = zigzag(count, step);
        assert_eq!(town.report.squares_cut_short, 1);
        assert!(town.report.sights <= 7_140);
    }
}

#[test]
fn a_square_with_too_many_holes_is_walked_along_its_lines_only() {
    // Triangular holes in a row, a metre apart: 8,000 have 24,000 lines, too many;
    // 6,000 have few enough, but a ray from each to the east meets a line or two
    // of all those behind it, 6,000² / 2 = 18 million times at least.
    for holes in [8_000, 6_000] {
        let far = holes as f64 + 10.0;
        let mut town = Town::new()
            .nodes(&[(1, -10.0, -10.0), (2, far, -10.0), (3, far, 10.0), (4, -10.0, 10.0)])
            .way(&[1, 2, 3, 4, 1], "");
        let mut members = vec![("outer", 1)];
        for hole in 0..holes {
            let (id, east) = (10 + 3 * hole, hole as f64);
            town = town
                .nodes(&[(id, east, 0.0), (id + 1, east + 0.5, 0.0), (id + 2, east, 1.0)])
                .way(&[id, id + 1, id + 2, id], "");
            members.push(("inner", hole + 2));
        }
        let town = town.relation(&members, "highway=pedestrian").map();
        assert_eq!((town.report.squares, town.report.squares_cut_short), (0, 1));
        // Along the outline, 20 m.
        let seconds = town.seconds(adult(), (-10.0, -10.0), (-10.0, 10.0)).unwrap();
        assert_near(seconds, adult_s(20.0), 0.1);
    }
}

#[test]
fn many_squares_over_one_ring_end_in_time() {
    // 400 times the same square is one.
    let town = (0..400).fold(plaza(), |town, _| town.way(&OUTLINE, "highway=pedestrian area=yes"));
    let town = town.map();
    assert_eq!((town.report.squares, town.report.squares_cut_short), (1, 0));
    assert_near(across(&town), 100.0, 0.1);
    // On 800 levels they are 800 squares, each near all 800 × 6 lines and the two
    // streets: 800 × 4,802 = 3.8 million looks, of which 1,000,000 + 50 × 4,802 =
    // 1.24 million are taken: enough for 258 squares, not for 259.
    let town = (0..800).fold(plaza(), |town, level| {
        town.way(&OUTLINE, &format!("highway=pedestrian area=yes level={level}"))
    });
    let report = town.map().report;
    assert_eq!(report.squares + report.squares_cut_short, 800);
    assert!((250..=258).contains(&report.squares), "{}", report.squares);
}

#[test]
fn sights_are_marked() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    let view = town.map.view();
    let sights = view.edges.iter().filter(|edge| edge.flags & flag::SIGHT != 0);
    assert!(sights.clone().all(|edge| edge.flags & flag::AREA != 0));
    assert_eq!(sights.count(), 1);
}
