//! Walks across squares, each worked out by hand.

use super::town::{Built, Town, adult, adult_s, assert_near, at, wheelchair};

/// A square of 100 by 150 m whose entrances A (node 1) and B (node 4) lie 100 m
/// apart, or 75 + 100 + 75 = 250 m round. Streets of 300 m lead away from both.
pub fn plaza() -> Town {
    Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 0.0, 75.0), (3, 100.0, 75.0)])
        .nodes(&[(4, 100.0, 0.0), (5, 100.0, -75.0), (6, 0.0, -75.0)])
        .nodes(&[(7, -300.0, 0.0), (8, 400.0, 0.0)])
        .way(&[7, 1], "highway=residential")
        .way(&[4, 8], "highway=residential")
}

pub const OUTLINE: [i64; 7] = [1, 2, 3, 4, 5, 6, 1];

/// Metres of an adult's walk between the far ends of the two streets, less the
/// 300 m of each.
#[track_caller]
pub fn across(town: &Built) -> f64 {
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
