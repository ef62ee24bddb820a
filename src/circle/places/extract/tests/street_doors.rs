//! Doors of areas of which no entrance is mapped. A degree is 111 195 m on the
//! sphere, so 0.0001 degrees (of either, at the equator) are 11.12 m.

use super::*;

/// Metres in degrees.
fn m(metres: f64) -> f64 {
    metres / 111_195.08
}

/// A park of 100 × 100 m, corners 1 to 4 at (0, 0) to (100, 100), way 10, with
/// more nodes, by metres north and east, and ways.
fn park(nodes: &[(i64, f64, f64)], ways: Vec<Way>) -> OsmData {
    area(&[("leisure", "park")], nodes, ways)
}

fn area(tags: &[(&str, &str)], nodes: &[(i64, f64, f64)], mut ways: Vec<Way>) -> OsmData {
    let corners = [(1, 0.0, 0.0), (2, 0.0, 100.0), (3, 100.0, 100.0), (4, 100.0, 0.0)];
    let all = corners.iter().chain(nodes);
    ways.push(way(10, &[1, 2, 3, 4, 1], tags));
    OsmData {
        nodes: all.map(|&(id, north, east)| node(id, m(north), m(east), &[])).collect(),
        ways,
        ..OsmData::default()
    }
}

/// The doors of the only place, in whole metres north and east.
fn metres(data: &OsmData) -> Vec<(i32, i32)> {
    let place = only(data);
    assert!(
        place.doors.iter().all(|door| door.kind == OsmDoorKind::Street),
        "{place:?}"
    );
    let whole = |degrees: f64| (degrees * 111_195.08).round() as i32;
    let mut doors: Vec<(i32, i32)> = place
        .doors
        .iter()
        .map(|door| (whole(door.point.lat), whole(door.point.lon)))
        .collect();
    doors.sort_unstable();
    doors
}

fn tagged(mut data: OsmData, id: i64, tags: &[(&str, &str)]) -> OsmData {
    for node in data.nodes.iter_mut().filter(|node| node.id == id) {
        node.tags = tags_of(tags);
    }
    data
}

const FOOTWAY: &[(&str, &str)] = &[("highway", "footway")];
const STREET: &[(&str, &str)] = &[("highway", "residential"), ("name", "幸福路")];

#[test]
fn a_path_that_crosses_the_outline_makes_a_door_there_with_or_without_a_node() {
    // From 50 m south over the southern side at 30 m east to the middle; and from
    // the middle to the north-eastern corner's node and on.
    let data = park(
        &[(21, -50.0, 30.0), (22, 50.0, 30.0), (24, 150.0, 150.0)],
        vec![way(20, &[21, 22], FOOTWAY), way(21, &[22, 3, 24], FOOTWAY)],
    );
    assert_eq!(metres(&data), [(0, 30), (100, 100)]);
}

#[test]
fn a_street_beside_the_outline_makes_doors_along_it_and_they_have_its_name() {
    // 10 m south of the southern side, along all of it and 300 m more to each end.
    let beside = |off: f64| {
        park(
            &[(21, -off, -300.0), (22, -off, 400.0)],
            vec![way(20, &[21, 22], STREET)],
        )
    };
    let doors = metres(&beside(10.0));
    assert!(
        doors
            .iter()
            .all(|&(north, east)| north == 0 && (0..=100).contains(&east)),
        "{doors:?}"
    );
    // 100 m in steps of at least 40 m, none farther than 40 m from the next.
    assert!((2..=3).contains(&doors.len()), "{doors:?}");
    assert!(
        doors
            .windows(2)
            .all(|pair| (40..=80).contains(&(pair[1].1 - pair[0].1))),
        "{doors:?}"
    );
    assert_eq!(only(&beside(10.0)).doors[0].name.as_deref(), Some("幸福路"));
    // 13 m off is too far.
    assert_eq!(metres(&beside(13.0)), []);
}

#[test]
fn a_street_past_a_corner_makes_one_door_at_the_corner() {
    // Comes from the south-west, ends 8 m south and 6 m west of the corner: 10 m.
    let data = park(
        &[(21, -108.0, -106.0), (22, -8.0, -6.0)],
        vec![way(20, &[21, 22], STREET)],
    );
    assert_eq!(metres(&data), [(0, 0)]);
}

#[test]
fn a_way_inside_makes_no_door_though_it_runs_along_the_edge() {
    let data = park(&[(21, 5.0, 20.0), (22, 5.0, 80.0)], vec![way(20, &[21, 22], FOOTWAY)]);
    assert_eq!(metres(&data), []);
    assert_eq!(taken(&data).report.without_door, 1);
}

#[test]
fn a_way_beyond_a_wall_or_a_river_makes_no_door() {
    for barrier in [("barrier", "wall"), ("barrier", "fence"), ("waterway", "river")] {
        let street = way(20, &[21, 22], STREET);
        // A line 4 m south of the park, the street 10 m south of it.
        let nodes = [
            (21, -10.0, 0.0),
            (22, -10.0, 100.0),
            (31, -4.0, -50.0),
            (32, -4.0, 150.0),
        ];
        let data = park(&nodes, vec![street.clone(), way(30, &[31, 32], &[barrier])]);
        assert_eq!(metres(&data), [], "{barrier:?}");
        // The same line on the outline itself, and just inside of it.
        let data = park(&nodes, vec![street.clone(), way(30, &[1, 2], &[barrier])]);
        assert_eq!(metres(&data), [], "{barrier:?}");
        let inside = [(21, -10.0, 0.0), (22, -10.0, 100.0), (31, 0.5, -50.0), (32, 0.5, 150.0)];
        let data = park(&inside, vec![street, way(30, &[31, 32], &[barrier])]);
        assert_eq!(metres(&data), [], "{barrier:?}");
    }
}

#[test]
fn a_path_through_a_gap_in_the_fence_is_the_door() {
    // The outline is the fence; a path crosses it, a street runs along it.
    let data = area(
        &[("leisure", "park"), ("barrier", "fence")],
        &[
            (21, -10.0, 0.0),
            (22, -10.0, 100.0),
            (23, -10.0, 50.0),
            (24, 50.0, 50.0),
        ],
        vec![way(20, &[21, 23, 22], STREET), way(21, &[23, 24], FOOTWAY)],
    );
    assert_eq!(metres(&data), [(0, 50)]);
}

#[test]
fn tunnels_bridges_motorways_and_ferries_make_no_door() {
    for tags in [
        &[("highway", "footway"), ("tunnel", "yes")][..],
        &[("highway", "footway"), ("bridge", "yes")],
        &[("highway", "footway"), ("layer", "-1")],
        &[("highway", "motorway")],
        &[("route", "ferry")],
        &[("highway", "proposed")],
    ] {
        let data = park(&[(21, -50.0, 50.0), (22, 50.0, 50.0)], vec![way(20, &[21, 22], tags)]);
        assert_eq!(metres(&data), [], "{tags:?}");
    }
    // A passage through the building is none of these.
    let data = park(
        &[(21, -50.0, 50.0), (22, 50.0, 50.0)],
        vec![way(
            20,
            &[21, 22],
            &[("highway", "footway"), ("tunnel", "building_passage")],
        )],
    );
    assert_eq!(metres(&data), [(0, 50)]);
}

#[test]
fn a_private_way_makes_a_door_only_where_no_public_one_does() {
    let private = way(20, &[21, 22], &[("highway", "service"), ("access", "private")]);
    let nodes = [(21, -50.0, 20.0), (22, 50.0, 20.0), (23, 150.0, 80.0), (24, 50.0, 80.0)];
    let data = park(&nodes, vec![private.clone()]);
    assert_eq!(metres(&data), [(0, 20)]);
    let data = park(&nodes, vec![private, way(21, &[23, 24], FOOTWAY)]);
    assert_eq!(metres(&data), [(100, 80)]);
}

#[test]
fn doors_closer_than_15_m_are_one() {
    // Paths over the southern side at 20, 30 and 50 m.
    let nodes = [
        (21, -50.0, 20.0),
        (22, 50.0, 20.0),
        (23, -50.0, 30.0),
        (24, 50.0, 30.0),
        (25, -50.0, 50.0),
        (26, 50.0, 50.0),
    ];
    let ways = vec![
        way(20, &[21, 22], FOOTWAY),
        way(21, &[23, 24], FOOTWAY),
        way(22, &[25, 26], FOOTWAY),
    ];
    assert_eq!(metres(&park(&nodes, ways)), [(0, 20), (0, 50)]);
}

#[test]
fn where_a_door_is_shut_to_visitors_no_street_makes_one() {
    // A footway to a node in the southern side, which is a service entrance.
    let mut data = park(&[(21, -50.0, 50.0), (5, 0.0, 50.0)], vec![way(20, &[21, 5], FOOTWAY)]);
    for way in data.ways.iter_mut().filter(|way| way.id == 10) {
        way.nodes = vec![1, 5, 2, 3, 4, 1];
    }
    assert_eq!(metres(&data), [(0, 50)]);
    for tags in [
        &[("entrance", "service")][..],
        &[("entrance", "emergency")],
        &[("barrier", "gate"), ("access", "private")],
        &[("barrier", "gate"), ("locked", "yes")],
    ] {
        assert_eq!(metres(&tagged(data.clone(), 5, tags)), [], "{tags:?}");
    }
    // A locked gate on the path, 3 m before the outline that it crosses.
    let data = park(
        &[(21, -50.0, 50.0), (22, -3.0, 50.0), (23, 50.0, 50.0)],
        vec![way(20, &[21, 22, 23], FOOTWAY)],
    );
    assert_eq!(metres(&data), [(0, 50)]);
    let shut = tagged(data, 22, &[("barrier", "gate"), ("locked", "yes")]);
    assert_eq!(metres(&shut), []);
}

#[test]
fn a_mapped_entrance_beats_every_street() {
    let data = park(
        &[(21, -50.0, 50.0), (22, 50.0, 50.0)],
        vec![way(20, &[21, 22], FOOTWAY)],
    );
    let place = only(&tagged(data, 3, &[("entrance", "home")]));
    assert_eq!(door_nodes(&place), [3]);
    assert_eq!(place.doors.len(), 1);
}

#[test]
fn a_square_that_is_a_way_itself_has_doors_where_other_ways_come() {
    let data = area(
        &[("place", "square"), ("highway", "pedestrian"), ("area", "yes")],
        &[(21, -50.0, 0.0)],
        vec![way(20, &[21, 1], STREET)],
    );
    assert_eq!(metres(&data), [(0, 0)]);
}

#[test]
fn no_more_doors_than_a_place_may_have_and_these_spread_out() {
    // A park of 4 km along a street that is drawn with a node every 20 m.
    let count = 200;
    let mut nodes = vec![
        node(1, 0.0, 0.0, &[]),
        node(2, 0.0, m(4000.0), &[]),
        node(3, m(100.0), m(4000.0), &[]),
        node(4, m(100.0), 0.0, &[]),
    ];
    nodes.extend((0..=count).map(|at| node(100 + at, -m(5.0), m(20.0 * at as f64), &[])));
    let street: Vec<i64> = (100..=100 + count).collect();
    let place = only(&OsmData {
        nodes,
        ways: vec![
            way(10, &[1, 2, 3, 4, 1], &[("leisure", "park")]),
            way(20, &street, STREET),
        ],
        ..OsmData::default()
    });
    assert_eq!(place.doors.len(), 50);
    let mut east: Vec<f64> = place.doors.iter().map(|door| door.point.lon * 111_195.08).collect();
    east.sort_by(f64::total_cmp);
    // Evenly they would be 82 m apart.
    assert!(east.windows(2).all(|pair| pair[1] - pair[0] < 170.0), "{east:?}");
    assert!(east[0] < 100.0 && east[49] > 3900.0, "{east:?}");
}
