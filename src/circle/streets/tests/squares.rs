//! Walks across squares, each worked out by hand.

use super::town::{Built, Town, adult, adult_s, assert_near, at, wheelchair};
use crate::circle::osm::Bounds;
use crate::circle::streets::tags::flag;
use crate::circle::streets::{BuildOptions, StreetMap, build};

/// A square of 100 by 150 m whose entrances A (node 1) and B (node 4) lie 100 m
/// apart, or 75 + 100 + 75 = 250 m round. Streets of 300 m lead away from both.
fn plaza() -> Town {
    Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 0.0, 75.0), (3, 100.0, 75.0)])
        .nodes(&[(4, 100.0, 0.0), (5, 100.0, -75.0), (6, 0.0, -75.0)])
        .nodes(&[(7, -300.0, 0.0), (8, 400.0, 0.0)])
        .way(&[7, 1], "highway=residential")
        .way(&[4, 8], "highway=residential")
}

const OUTLINE: [i64; 7] = [1, 2, 3, 4, 5, 6, 1];

/// Metres of an adult's walk between the far ends of the two streets, less the
/// 300 m of each.
#[track_caller]
fn across(town: &Built) -> f64 {
    let seconds = town.seconds(adult(), (-300.0, 0.0), (400.0, 0.0)).unwrap();
    seconds * (5.1 / 3.6) - 600.0
}

#[test]
fn case_17_a_square_is_walked_across() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    // 100 m at 5.1 km/h are 70.6 s.
    let seconds = town.seconds(adult(), (0.0, 0.0), (100.0, 0.0)).unwrap();
    assert_near(seconds, 70.6, 0.1);
    assert_near(across(&town), 100.0, 0.1);
    assert_eq!((town.report.squares, town.report.sights), (1, 1));
    // Round it was 250 m, and still is where it is a street and no square.
    let ring = plaza().way(&OUTLINE, "highway=pedestrian").map();
    assert_near(across(&ring), 250.0, 0.1);
    assert_eq!(ring.report.squares, 0);
}

#[test]
fn case_18_a_square_that_is_a_relation_is_walked_the_same() {
    let town = plaza()
        .way(&[1, 2, 3, 4], "")
        .way(&[1, 6, 5, 4], "")
        .relation(&[("outer", 3), ("outer", 4)], "highway=pedestrian")
        .map();
    assert_near(across(&town), 100.0, 0.1);
    // Along its outline as well: A to the north-west corner.
    let seconds = town.seconds(adult(), (0.0, 0.0), (0.0, 75.0)).unwrap();
    assert_near(seconds, adult_s(75.0), 0.1);
}

#[test]
fn a_square_in_the_old_style_has_its_tags_on_the_outline() {
    let town = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 10.0), (14, 40.0, 10.0)])
        .way(&OUTLINE, "highway=pedestrian area=yes")
        .way(&[11, 12, 13, 14, 11], "building=yes")
        .relation(&[("outer", 3), ("inner", 4)], "")
        .map();
    // Round the building, see below; not through it, as the way alone would say.
    assert_near(across(&town), 102.46, 0.1);
    assert_eq!(town.report.squares, 1);
}

#[test]
fn a_hole_is_walked_round() {
    // A building of 20 by 20 m stands in the middle: from A to its corner,
    // along it, and on: 2 × √(40² + 10²) + 20 = 102.46 m.
    let town = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 10.0), (14, 40.0, 10.0)])
        .way(&OUTLINE, "")
        .way(&[11, 12, 13, 14, 11], "building=yes")
        .relation(&[("outer", 3), ("inner", 4)], "highway=pedestrian")
        .map();
    assert_near(across(&town), 102.46, 0.1);
    // Who stands at its north side walks to the corner (40, 10) and on: 10 + 41.23.
    let seconds = town.seconds(adult(), (50.0, 10.0), (0.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(10.0 + 41.23), 0.1);
}

#[test]
fn a_wrong_role_makes_no_building_walkable() {
    let town = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 10.0), (14, 40.0, 10.0)])
        .way(&OUTLINE, "")
        .way(&[11, 12, 13, 14, 11], "building=yes")
        .relation(&[("", 3), ("outer", 4)], "highway=pedestrian")
        .map();
    assert_near(across(&town), 102.46, 0.1);
}

#[test]
fn an_entrance_on_a_hole_is_an_entrance() {
    // A passage leads from the building's east side through it to its west.
    let town = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 0.0), (14, 60.0, 10.0)])
        .nodes(&[(15, 40.0, 10.0), (16, 40.0, 0.0)])
        .way(&OUTLINE, "")
        .way(&[11, 12, 13, 14, 15, 16, 11], "building=yes")
        .way(&[16, 13], "highway=footway tunnel=building_passage")
        .relation(&[("outer", 3), ("inner", 4)], "highway=pedestrian")
        .map();
    assert_near(across(&town), 100.0, 0.1);
}

#[test]
fn a_hole_whose_outline_is_a_street_is_a_street_round_it() {
    // The street round a garden has a way into it.
    let town = plaza()
        .nodes(&[
            (11, 40.0, -10.0),
            (12, 60.0, -10.0),
            (13, 60.0, 10.0),
            (14, 40.0, 10.0),
            (15, 50.0, 0.0),
        ])
        .way(&OUTLINE, "")
        .way(&[11, 12, 13, 14, 11], "highway=residential")
        .way(&[11, 15], "highway=footway")
        .relation(&[("outer", 3), ("inner", 4)], "highway=pedestrian")
        .map();
    assert_near(across(&town), 102.46, 0.1);
    // 41.23 m to the corner (40, −10), 14.14 m into the garden.
    let seconds = town.seconds(adult(), (0.0, 0.0), (50.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(41.23 + 14.14), 0.1);
}

#[test]
fn case_20_a_place_in_the_middle_is_reached_over_the_square() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    // From A to (50, 20) the straight line is √(50² + 20²) = 53.85 m.
    let seconds = town.seconds(adult(), (-300.0, 0.0), (50.0, 20.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 53.85), 0.1);
    // As far back.
    let seconds = town.seconds(adult(), (50.0, 20.0), (-300.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 53.85), 0.1);
    let path = super::town::path_to(
        &town.map,
        &town.doors(&[(50.0, 20.0)]),
        at(-300.0, 0.0),
        adult(),
        600.0,
        0,
    );
    // Drawn along the street to A, and straight to the place.
    let points = path.unwrap().points;
    let [.., a, place] = points.as_slice() else {
        panic!("{points:?}");
    };
    assert!(a.metres_to(at(0.0, 0.0)) < 0.05);
    assert!(place.metres_to(at(50.0, 20.0)) < 0.05);
}

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
fn round_the_corners_of_a_bay() {
    // A U: its arms are 30 m wide, the bay between them 40 m. From the top of one
    // arm to the top of the other: 2 × √(20² + 70²) + 40 = 185.60 m.
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (3, 100.0, 100.0), (4, 90.0, 100.0)])
        .nodes(&[(5, 70.0, 100.0), (6, 70.0, 30.0), (7, 30.0, 30.0), (8, 30.0, 100.0)])
        .nodes(&[(9, 10.0, 100.0), (10, 0.0, 100.0), (11, 10.0, 300.0), (12, 90.0, 300.0)])
        .way(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1], "highway=footway area=yes")
        .way(&[11, 9], "highway=residential")
        .way(&[12, 4], "highway=residential")
        .map();
    let seconds = town.seconds(adult(), (10.0, 300.0), (90.0, 300.0)).unwrap();
    assert_near(seconds, adult_s(400.0 + 185.60), 0.1);
    // Both lines to the bay's corners; the line between these is the outline.
    assert_eq!(town.report.sights, 2);
}

#[test]
fn squares_that_share_an_edge_are_one_walk() {
    // Two squares of 100 m side by side, each a way of its own, with a node in
    // the middle of the line they share.
    let squares = |tags: &str| {
        Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (3, 200.0, 0.0)])
            .nodes(&[(4, 200.0, 50.0), (5, 200.0, 100.0), (6, 100.0, 100.0), (7, 0.0, 100.0)])
            .nodes(&[(8, 0.0, 50.0), (9, 100.0, 50.0), (10, -300.0, 50.0), (11, 400.0, 50.0)])
            .way(&[1, 2, 9, 6, 7, 8, 1], tags)
            .way(&[2, 3, 4, 5, 6, 9, 2], tags)
            .way(&[10, 8], "highway=residential")
            .way(&[4, 11], "highway=residential")
    };
    let ways = squares("highway=pedestrian area=yes").map();
    let seconds = ways.seconds(adult(), (-300.0, 50.0), (400.0, 50.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 200.0 + 200.0), 0.1);
    // As two outer ways of one relation they are one ground.
    let relation = squares("")
        .relation(&[("outer", 1), ("outer", 2)], "highway=pedestrian")
        .map();
    let seconds = relation.seconds(adult(), (-300.0, 50.0), (400.0, 50.0)).unwrap();
    assert_near(seconds, adult_s(700.0), 0.1);
    assert_eq!((relation.report.squares, relation.report.sights), (1, 1));
}

#[test]
fn two_outer_ways_apart_are_two_squares() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (3, 100.0, 100.0), (4, 0.0, 100.0)])
        .nodes(&[(5, 200.0, 0.0), (6, 300.0, 0.0), (7, 300.0, 100.0), (8, 200.0, 100.0)])
        .way(&[1, 2, 3, 4, 1], "")
        .way(&[5, 6, 7, 8, 5], "")
        .way(&[3, 8], "highway=footway")
        .way(&[2, 5], "highway=steps")
        .relation(&[("outer", 1), ("outer", 2)], "highway=pedestrian")
        .map();
    assert_eq!(town.report.squares, 2);
    // From (0, 0) over (100, 100) and (200, 100) to (300, 0).
    let seconds = town.seconds(wheelchair(), (0.0, 0.0), (300.0, 0.0)).unwrap();
    assert_near(seconds, (100.0 + 2.0 * 141.42) * 3.6 / 2.9, 0.5);
}

#[test]
fn a_street_that_ends_in_the_middle_is_joined() {
    // From the south over the outline without a node in common, to (50, 0).
    let middle = |tags: &str| {
        plaza()
            .nodes(&[(20, 50.0, -300.0), (21, 50.0, 0.0)])
            .way(&OUTLINE, "highway=pedestrian area=yes")
            .way(&[20, 21], tags)
            .map()
    };
    let town = middle("highway=footway");
    let seconds = town.seconds(adult(), (50.0, -300.0), (-300.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 50.0 + 300.0), 0.1);
    assert_eq!(town.report.near_misses.count, 0);
    // Above or below the square it is not.
    for tags in [
        "highway=footway bridge=yes layer=1",
        "highway=footway tunnel=yes",
        "highway=footway layer=-1",
        "highway=footway level=-1 indoor=yes",
        "highway=steps layer=-2",
    ] {
        let seconds = middle(tags).seconds(adult(), (50.0, -310.0), (-300.0, 0.0));
        assert!(
            seconds.is_none_or(|seconds| seconds > adult_s(660.0)),
            "{tags}: {seconds:?}"
        );
    }
    // Stairs come up from one level below: 300 m of them at half a metre a second.
    let stairs = middle("highway=steps layer=-1");
    let seconds = stairs.seconds(adult(), (50.0, -300.0), (-300.0, 0.0)).unwrap();
    assert_near(seconds, 600.0 + adult_s(350.0), 0.1);
}

#[test]
fn a_street_through_the_square_is_joined_where_it_is_inside() {
    // From south to north, with nodes inside the square and none on its outline.
    let town = plaza()
        .nodes(&[
            (20, 50.0, -300.0),
            (21, 50.0, -50.0),
            (22, 50.0, 50.0),
            (23, 50.0, 300.0),
        ])
        .way(&OUTLINE, "highway=pedestrian area=yes")
        .way(&[20, 21, 22, 23], "highway=footway")
        .map();
    // To (50, −50) and 70.71 m to A.
    let seconds = town.seconds(adult(), (50.0, -300.0), (-300.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(250.0 + 70.71 + 300.0), 0.1);
    // With nodes in common these are entrances, and those inside are not needed.
    let shared = plaza()
        .nodes(&[(20, 50.0, -300.0), (21, 50.0, -75.0), (22, 50.0, 0.0), (23, 50.0, 75.0)])
        .way(&[1, 2, 23, 3, 4, 5, 21, 6, 1], "highway=pedestrian area=yes")
        .way(&[20, 21, 22, 23], "highway=footway")
        .map();
    // √(50² + 75²) = 90.14 m from (50, −75) to A.
    let seconds = shared.seconds(adult(), (50.0, -300.0), (-300.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(225.0 + 90.14 + 300.0), 0.1);
}

#[test]
fn a_private_square_stays_private() {
    // Another street joins the two, 2 × √(350² + 800²) = 1,746.4 m long.
    let town = plaza()
        .nodes(&[(20, 50.0, -800.0)])
        .way(&OUTLINE, "highway=pedestrian area=yes access=private")
        .way(&[7, 20, 8], "highway=residential")
        .map();
    // Never through it, from it to the street always.
    assert_near(across(&town), 1_146.4, 0.1);
    let seconds = town.seconds(adult(), (50.0, 0.0), (400.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(350.0), 0.1);
    // As a relation, with a public outline only where a street runs.
    let town = plaza()
        .way(&[1, 2, 3, 4], "highway=footway")
        .way(&[4, 5, 6, 1], "")
        .relation(&[("outer", 3), ("outer", 4)], "highway=pedestrian access=private")
        .map();
    assert_near(across(&town), 250.0, 0.1);
}

#[test]
fn what_is_no_walkable_area_is_not_walked_across() {
    for tags in [
        "leisure=park",
        "place=square",
        "area:highway=pedestrian",
        "highway=pedestrian area=yes foot=no",
        "landuse=grass area=yes",
    ] {
        let town = plaza().way(&OUTLINE, tags).map();
        assert_eq!(town.seconds(adult(), (-300.0, 0.0), (400.0, 0.0)), None, "{tags}");
        let town = plaza().way(&OUTLINE, "").relation(&[("outer", 3)], tags).map();
        assert_eq!(town.seconds(adult(), (-300.0, 0.0), (400.0, 0.0)), None, "{tags}");
    }
    // Walked along its line, as it was.
    for tags in [
        "highway=steps area=yes",
        "highway=pedestrian area=no place=square",
        "highway=footway area=yes oneway:foot=yes",
    ] {
        let town = plaza().way(&OUTLINE, tags).map();
        assert_eq!(town.report.squares, 0, "{tags}");
    }
}

#[test]
fn every_kind_of_walkable_area_is_walked_across() {
    for tags in [
        "highway=pedestrian area=yes",
        "highway=footway area=yes",
        "highway=path area=yes",
        "highway=service area=yes",
        "highway=living_street area=yes",
        "highway=pedestrian place=square",
        "highway=pedestrian area=yes leisure=park",
        "highway=pedestrian area=yes layer=1",
        "railway=platform",
        "public_transport=platform",
        "man_made=pier",
        "highway=pedestrian area=yes foot=yes access=private",
    ] {
        let town = plaza().way(&OUTLINE, tags).map();
        assert_near(across(&town), 100.0, 0.1);
    }
}

#[test]
fn a_square_that_wheelchairs_cannot_use_is_walked_by_others() {
    let town = plaza()
        .way(&OUTLINE, "highway=pedestrian area=yes wheelchair=no")
        .way(&[1, 2, 3, 4], "highway=footway")
        .map();
    assert_near(across(&town), 100.0, 0.1);
    let seconds = town.seconds(wheelchair(), (-300.0, 0.0), (400.0, 0.0)).unwrap();
    assert_near(seconds, 850.0 * 3.6 / 2.9, 0.5);
}

#[test]
fn a_bridge_that_is_an_area_is_no_place_to_stand_but_to_walk() {
    let town = plaza()
        .way(&OUTLINE, "highway=pedestrian area=yes bridge=yes layer=1")
        .map();
    assert_near(across(&town), 100.0, 0.1);
    let reach = town.reach(adult(), (50.0, 10.0), &[]);
    assert_near(f64::from(reach.feet[0].snap_m), 50.99, 0.1);
}

#[test]
fn a_wall_on_the_square_is_walked_round_or_through_its_gate() {
    // From (50, −30) to (50, 30): 2 × √(50² + 30²) = 116.62 m round either end.
    let walled = |gate: &str| {
        plaza()
            .nodes(&[(20, 50.0, -30.0), (22, 50.0, 30.0)])
            .node(21, 50.0, 0.0, gate)
            .way(&OUTLINE, "highway=pedestrian area=yes")
            .way(&[20, 21, 22], "barrier=fence")
            .map()
    };
    assert_near(across(&walled("")), 116.62, 0.1);
    assert_near(across(&walled("barrier=gate")), 100.0, 0.1);
    assert_near(across(&walled("barrier=gate locked=yes")), 116.62, 0.1);
    // A basin of 20 by 20 m, which is no hole of the square: as for a hole.
    let basin = plaza()
        .nodes(&[(11, 40.0, -10.0), (12, 60.0, -10.0), (13, 60.0, 10.0), (14, 40.0, 10.0)])
        .way(&OUTLINE, "highway=pedestrian area=yes")
        .way(&[11, 12, 13, 14, 11], "natural=water")
        .map();
    assert_near(across(&basin), 102.46, 0.1);
    // A square above it is not touched.
    let above = plaza()
        .nodes(&[(20, 50.0, -30.0), (22, 50.0, 30.0)])
        .way(&OUTLINE, "highway=pedestrian area=yes layer=1")
        .way(&[20, 22], "barrier=fence")
        .map();
    assert_near(across(&above), 100.0, 0.1);
}

#[test]
fn nobody_walks_through_the_bend_of_a_wall() {
    // An angle of wall from (50, 75) down to (50, 0) and east to (90, 0): from A,
    // which looks at its outer side, to its inside the bend is no way. The square
    // is the plaza, the wall hangs on its outline at (50, 75).
    let town = plaza()
        .nodes(&[
            (20, 50.0, 75.0),
            (21, 50.0, 0.0),
            (22, 90.0, 0.0),
            (23, 70.0, 75.0),
            (24, 70.0, 300.0),
        ])
        .way(&[1, 2, 20, 23, 3, 4, 5, 6, 1], "highway=pedestrian area=yes")
        .way(&[20, 21, 22], "barrier=wall")
        .way(&[23, 24], "highway=residential")
        .map();
    // Through the bend A to (70, 75) would be 50 + √(20² + 75²) = 127.6 m. The
    // outline, which has no gate in the wall, is 75 + 70 = 145 m and stays open;
    // round the wall's end it is 90 + √(20² + 75²) = 167.6 m.
    let seconds = town.seconds(adult(), (-300.0, 0.0), (70.0, 300.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 145.0 + 225.0), 0.1);
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
fn sights_are_marked() {
    let town = plaza().way(&OUTLINE, "highway=pedestrian area=yes").map();
    let view = town.map.view();
    let sights = view.edges.iter().filter(|edge| edge.flags & flag::SIGHT != 0);
    assert!(sights.clone().all(|edge| edge.flags & flag::AREA != 0));
    assert_eq!(sights.count(), 1);
}
