//! The cases of the failure list that concern the streets, each a small town
//! with its answer worked out by hand. Ten minutes of an adult are 850 m; a
//! second is 1.41667 m.

use super::town::{Built, Town, adult, adult_s, assert_near, at, doors_in, pace, wheelchair};
use crate::circle::osm::{Bounds, OsmData};
use crate::circle::streets::{BuildOptions, Method, StreetMap, Walker, build};

#[test]
fn case_1_a_river_is_not_crossed_to_a_nearer_street() {
    // Street A 60 m south, street B 20 m north beyond the river at 10 m.
    let town = Town::new()
        .nodes(&[(1, -400.0, -60.0), (2, 400.0, -60.0)])
        .nodes(&[(3, -400.0, 20.0), (4, 400.0, 20.0)])
        .nodes(&[(5, -2000.0, 10.0), (6, 0.0, 10.0), (7, 2000.0, 10.0)])
        .way(&[1, 2], "highway=residential")
        .way(&[3, 4], "highway=residential")
        .way(&[5, 6, 7], "waterway=river")
        .map();
    let reach = town.reach(adult(), (0.0, 0.0), &[(100.0, -65.0), (100.0, 25.0)]);
    assert_eq!(doors_in(&reach), [0]);
    let feet: Vec<f32> = reach.feet.iter().map(|foot| foot.snap_m).collect();
    assert_eq!(feet.len(), 1);
    assert_near(f64::from(feet[0]), 60.0, 0.1);
    // 60 m to the street, 100 m along it, 5 m to the door.
    assert_near(reach.arrivals[0].seconds, adult_s(165.0), 0.1);
}

#[test]
fn case_3_a_short_isolated_path_is_left_for_the_street() {
    let town = Town::new()
        .nodes(&[(1, -15.0, 5.0), (2, 15.0, 5.0)])
        .nodes(&[(3, -500.0, -25.0), (4, 500.0, -25.0)])
        .way(&[1, 2], "highway=footway")
        .way(&[3, 4], "highway=residential")
        .map();
    let reach = town.reach(adult(), (0.0, 0.0), &[(50.0, -25.0)]);
    assert_near(f64::from(reach.feet.first().unwrap().snap_m), 25.0, 0.05);
    assert_eq!(reach.feet.len(), 1);
    assert!(!reach.island);
    assert_eq!(town.report.islands.count, 1);
}

#[test]
fn case_4_an_island_of_400_m_gets_its_own_circle_and_says_so() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 400.0, 0.0)])
        .nodes(&[(3, 0.0, 900.0), (4, 1_000.0, 900.0)])
        .way(&[1, 2], "highway=path")
        .way(&[3, 4], "highway=residential")
        .map();
    let reach = town.reach(adult(), (50.0, 0.0), &[(350.0, 0.0), (50.0, 900.0)]);
    assert_eq!(doors_in(&reach), [0]);
    assert!(reach.island);
    assert_eq!(reach.method, Method::Streets);
    assert_near(reach.arrivals[0].seconds, adult_s(300.0), 0.1);
}

#[test]
fn case_4_an_island_under_200_m_is_used_where_nothing_else_is_near() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0)])
        .nodes(&[(3, 0.0, 900.0), (4, 1_000.0, 900.0)])
        .way(&[1, 2], "highway=path")
        .way(&[3, 4], "highway=residential")
        .map();
    let reach = town.reach(adult(), (0.0, 10.0), &[(100.0, 0.0)]);
    assert!(reach.island);
    assert_near(reach.arrivals[0].seconds, adult_s(110.0), 0.1);
}

#[test]
fn case_5_a_motorway_is_not_snapped_to() {
    let town = Town::new()
        .nodes(&[(1, -500.0, 5.0), (2, 500.0, 5.0)])
        .nodes(&[(3, -500.0, -40.0), (4, 500.0, -40.0)])
        .way(&[1, 2], "highway=motorway")
        .way(&[3, 4], "highway=residential")
        .map();
    let reach = town.reach(adult(), (0.0, 0.0), &[]);
    assert_near(f64::from(reach.feet.first().unwrap().snap_m), 40.0, 0.05);
    assert_eq!(reach.feet.len(), 1);
}

#[test]
fn case_6_a_tunnel_under_the_origin_is_not_snapped_to() {
    let town = Town::new()
        .nodes(&[(1, -500.0, 0.0), (2, 500.0, 0.0)])
        .nodes(&[(3, -500.0, 15.0), (4, 500.0, 15.0)])
        .way(&[1, 2], "highway=footway tunnel=yes layer=-1")
        .way(&[3, 4], "highway=residential")
        .map();
    let reach = town.reach(adult(), (0.0, 0.0), &[]);
    assert_near(f64::from(reach.feet.first().unwrap().snap_m), 15.0, 0.05);
    assert_eq!(reach.feet.len(), 1);
}

#[test]
fn case_7_a_bridge_joins_the_street_below_only_by_its_stairs() {
    // The bridge runs north over the street; stairs lead from its north end down
    // to the street, 100 m east of the crossing.
    let town = Town::new()
        .nodes(&[(1, 0.0, -300.0), (2, 0.0, 0.0), (3, 0.0, 50.0), (4, 0.0, 300.0)])
        .nodes(&[(5, -300.0, 25.0), (6, 100.0, 25.0), (7, 300.0, 25.0)])
        .way(&[1, 2], "highway=footway")
        .way(&[2, 3], "highway=footway bridge=yes layer=1")
        .way(&[3, 4], "highway=footway")
        .way(&[5, 6, 7], "highway=residential")
        .way(&[3, 6], "highway=steps step_count=20")
        .map();
    // From the foot of the bridge: 50 m over it, 20 steps in 12 s, 200 m along
    // the street to the far east.
    let seconds = town.seconds(adult(), (0.0, -300.0), (300.0, 25.0)).unwrap();
    assert_near(seconds, adult_s(300.0 + 50.0 + 200.0) + 12.0, 0.1);
    assert!(town.seconds(wheelchair(), (0.0, -300.0), (300.0, 25.0)).is_none());
}

#[test]
fn case_9_a_ferry_is_neither_snapped_to_nor_walked() {
    let town = Town::new()
        .nodes(&[(1, -400.0, 0.0), (2, 0.0, 0.0)])
        .nodes(&[(3, 300.0, 0.0), (4, 700.0, 0.0)])
        .nodes(&[(5, -50.0, 30.0)])
        .way(&[1, 2], "highway=residential")
        .way(&[3, 4], "highway=residential")
        .way(&[2, 5, 3], "route=ferry foot=yes")
        .map();
    let reach = town.reach(adult(), (-50.0, 25.0), &[(350.0, 0.0), (-300.0, 0.0)]);
    assert_near(f64::from(reach.feet.first().unwrap().snap_m), 25.0, 0.05);
    assert_eq!(doors_in(&reach), [1]);
}

#[test]
fn case_15_a_bollard_for_cars_does_not_stop_a_walker() {
    let town = Town::new()
        .node(1, 0.0, 0.0, "")
        .node(2, 100.0, 0.0, "barrier=bollard motor_vehicle=destination")
        .node(3, 300.0, 0.0, "")
        .way(&[1, 2, 3], "highway=residential")
        .map();
    let seconds = town.seconds(adult(), (0.0, 0.0), (250.0, 0.0)).unwrap();
    assert_near(seconds, adult_s(250.0), 0.05);
    // A node that changes the way splits it.
    assert_eq!(town.map.info().edges, 2);
}

#[test]
fn case_16_driveways_cycleways_and_bridleways_are_walked() {
    for tags in [
        "highway=service service=driveway foot=yes",
        "highway=cycleway foot=designated",
        "highway=bridleway foot=yes",
    ] {
        let town = Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0)])
            .way(&[1, 2], tags)
            .map();
        let seconds = town.seconds(adult(), (0.0, 0.0), (250.0, 0.0)).unwrap();
        assert_near(seconds, adult_s(250.0), 0.05);
    }
}

#[test]
fn case_24_a_long_street_without_junctions_is_cut_at_850_m_both_ways() {
    let town = Town::new()
        .nodes(&[(1, -1_000.0, 0.0), (2, 1_000.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .map();
    let doors = [(840.0, 0.0), (-840.0, 0.0), (860.0, 0.0), (-860.0, 0.0)];
    let reach = town.reach(adult(), (0.0, 0.0), &doors);
    let mut found = doors_in(&reach);
    found.sort_unstable();
    assert_eq!(found, [0, 1]);
    for arrival in &reach.arrivals {
        assert_near(arrival.seconds, adult_s(840.0), 0.05);
        assert_near(arrival.network_m, 840.0, 0.05);
    }
}

#[test]
fn case_25_a_place_on_the_same_stretch_is_50_m_away() {
    let town = Town::new()
        .nodes(&[(1, -1_000.0, 0.0), (2, 1_000.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .map();
    let reach = town.reach(adult(), (100.0, 0.0), &[(150.0, 0.0), (50.0, 0.0)]);
    assert_eq!(doors_in(&reach).len(), 2);
    for arrival in &reach.arrivals {
        assert_near(arrival.seconds, 35.3, 0.05);
    }
}

#[test]
fn case_27_the_metres_off_the_street_count_at_both_ends() {
    let town = Town::new()
        .nodes(&[(1, -1_000.0, 0.0), (2, 1_000.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .map();
    // 200 m to the street, 120 m from it.
    let door = |along: f64| {
        let reach = town.reach(adult(), (0.0, 200.0), &[(along, -120.0)]);
        reach.arrivals.first().copied()
    };
    let near = door(500.0).unwrap();
    assert_near(near.walk_m, 820.0, 0.1);
    assert_near(near.network_m, 500.0, 0.1);
    assert_near(near.seconds, adult_s(820.0), 0.1);
    assert_eq!(door(580.0), None);
}

#[test]
fn case_28_three_kilometres_from_any_street_is_a_straight_line_and_says_so() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 1_000.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .map();
    let reach = town.reach(adult(), (0.0, 3_000.0), &[(300.0, 3_000.0), (0.0, 0.0)]);
    assert_eq!(reach.method, Method::StraightLine);
    assert!(reach.feet.is_empty());
    assert_eq!(doors_in(&reach), [0]);
    assert_near(reach.arrivals[0].seconds, adult_s(300.0 * 1.4), 0.5);
}

#[test]
fn a_place_far_from_any_street_is_not_reached_over_streets() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 1_000.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .map();
    let doors = town.doors(&[(0.0, 260.0)]);
    assert_eq!(doors.len(), 1);
    let reach = Walker::default().reach(&town.map, &doors, at(0.0, 0.0), adult(), 600.0);
    assert_eq!(reach.method, Method::Streets);
    assert_eq!(reach.arrivals, []);
}

#[test]
fn case_30_stairs_cost_their_time_and_stop_a_wheelchair() {
    // 40 m of stairs, or a ramp of 60 m: from 0 to 40 m east.
    let town = |steps: &str| {
        Town::new()
            .nodes(&[(1, -200.0, 0.0), (2, 0.0, 0.0), (3, 40.0, 0.0), (4, 240.0, 0.0)])
            // Down and up again: 2 × √(20² + 22.3607²) = 60 m.
            .nodes(&[(5, 20.0, -22.360_68)])
            .way(&[1, 2], "highway=footway")
            .way(&[3, 4], "highway=footway")
            .way(&[2, 3], steps)
            .way(&[2, 5, 3], "highway=footway")
            .map()
    };
    let seconds = |steps: &str, name: &str| town(steps).seconds(pace(name), (-200.0, 0.0), (240.0, 0.0)).unwrap();
    // Uncounted stairs take 80 s, the ramp 42.4 s.
    assert_near(seconds("highway=steps", "adult"), adult_s(400.0 + 60.0), 0.1);
    // 50 steps take an adult 30 s, an elder 45 s; the ramp takes the elder 72 s.
    let counted = "highway=steps step_count=50";
    assert_near(seconds(counted, "adult"), adult_s(400.0) + 30.0, 0.1);
    assert_near(seconds(counted, "elder"), 400.0 * 1.2 + 45.0, 0.1);
    // 100 steps take the elder 90 s: the ramp.
    assert_near(
        seconds("highway=steps step_count=100", "elder"),
        400.0 * 1.2 + 72.0,
        0.1,
    );
    // 460 m at 2.9 km/h.
    assert_near(seconds(counted, "wheelchair"), 460.0 * 3.6 / 2.9, 0.1);
}

#[test]
fn case_36_what_is_not_built_is_not_walked() {
    for tags in [
        "highway=construction construction=footway",
        "highway=proposed proposed=residential",
        "razed:highway=footway",
    ] {
        let town = Town::new()
            .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0)])
            .way(&[1, 2], tags)
            .map();
        assert_eq!(town.map.info().edges, 0, "{tags}");
    }
}

#[test]
fn case_37_a_crossing_that_shares_no_node_is_reported_and_not_joined() {
    let town = Town::new()
        .nodes(&[(1, -300.0, 0.0), (2, 300.0, 0.0)])
        .nodes(&[(3, 0.0, 8.0), (4, 0.0, -8.0)])
        .nodes(&[(5, -300.0, 9.5), (6, 300.0, 9.5)])
        .way(&[1, 2], "highway=residential")
        .way(&[3, 4], "highway=footway footway=crossing")
        .way(&[5, 6], "highway=footway footway=sidewalk")
        .map();
    assert_eq!(town.report.unjoined_crossings.count, 1);
    // Its north end is 1.5 m from the sidewalk; the south end is alone.
    assert_eq!(town.report.near_misses.count, 1);
    assert_eq!(town.report.near_misses.examples[0].0, 3);
    assert_eq!(town.map.info().components, 3);
}

#[test]
fn case_44_degenerate_ways_do_no_harm() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0)])
        // The same place as node 2: an edge without length.
        .nodes(&[(3, 300.0, 0.0), (4, 500.0, 0.0)])
        .way(&[1, 1, 2, 2], "highway=footway")
        .way(&[2, 3], "highway=residential")
        .way(&[3, 4], "highway=footway")
        .way(&[4], "highway=footway")
        .way(&[], "highway=footway")
        .way(&[99, 4, 98], "highway=footway")
        // A loop, and the same edge twice.
        .way(&[4, 4], "highway=footway")
        .way(&[3, 4], "highway=footway")
        .map();
    let reach = town.reach(adult(), (0.0, 0.0), &[(500.0, 0.0), (0.0, 0.0)]);
    assert_eq!(doors_in(&reach), [1, 0]);
    assert_near(reach.arrivals[0].seconds, 0.0, 0.01);
    assert_near(reach.arrivals[1].seconds, adult_s(500.0), 0.1);
    assert_eq!(town.report.empty_ways, 4);
    assert_eq!(town.report.missing_nodes, 2);
}

#[test]
fn case_44_a_network_of_two_nodes_answers() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0)])
        .way(&[1, 2], "highway=footway")
        .map();
    let reach = town.reach(adult(), (150.0, 0.0), &[(0.0, 0.0), (300.0, 0.0)]);
    assert_eq!(doors_in(&reach).len(), 2);
    assert_eq!((town.map.info().junctions, town.map.info().edges), (2, 1));
}

#[test]
fn a_ring_without_a_junction_is_walked_both_ways() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 100.0, 0.0), (3, 100.0, 100.0), (4, 0.0, 100.0)])
        .way(&[1, 2, 3, 4, 1], "highway=pedestrian area=yes")
        .map();
    let seconds = |door| town.seconds(adult(), (50.0, 0.0), door).unwrap();
    assert_near(seconds((100.0, 50.0)), adult_s(100.0), 0.1);
    assert_near(seconds((0.0, 50.0)), adult_s(100.0), 0.1);
    assert_near(seconds((50.0, 100.0)), adult_s(200.0), 0.1);
}

#[test]
fn case_48_unreadable_values_are_counted_and_the_way_kept() {
    let town = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0)])
        .way(&[1, 2], "highway=path sac_scale=3 width=2,5 incline=up foot=yes;no")
        .map();
    assert_eq!(town.map.info().edges, 1);
    assert_eq!(town.report.unreadable.total(), 4);
}

#[test]
fn a_signalled_crossing_is_waited_for_once() {
    // As a node of the path, and as a way of its own with the node in it.
    let as_node = Town::new()
        .nodes(&[(1, 0.0, -200.0), (3, 0.0, 200.0)])
        .node(2, 0.0, 0.0, "highway=crossing crossing=traffic_signals")
        .nodes(&[(4, -300.0, 0.0), (5, 300.0, 0.0)])
        .way(&[1, 2, 3], "highway=footway")
        .way(&[4, 2, 5], "highway=primary")
        .map();
    let as_way = Town::new()
        .nodes(&[(1, 0.0, -200.0), (6, 0.0, -8.0), (7, 0.0, 8.0), (3, 0.0, 200.0)])
        .node(2, 0.0, 0.0, "highway=crossing crossing=traffic_signals")
        .nodes(&[(4, -300.0, 0.0), (5, 300.0, 0.0)])
        .way(&[1, 6], "highway=footway")
        .way(&[6, 2, 7], "highway=footway footway=crossing crossing=traffic_signals")
        .way(&[7, 3], "highway=footway")
        .way(&[4, 2, 5], "highway=primary")
        .map();
    for town in [as_node, as_way] {
        let over = town.seconds(adult(), (0.0, -200.0), (0.0, 200.0)).unwrap();
        assert_near(over, adult_s(400.0) + 10.0, 0.1);
        let back = town.seconds(adult(), (0.0, 200.0), (0.0, -200.0)).unwrap();
        assert_near(back, over, 1e-3);
        // Along the road nobody waits.
        let along = town.seconds(adult(), (-300.0, 0.0), (300.0, 0.0)).unwrap();
        assert_near(along, adult_s(600.0), 0.1);
    }
}

#[test]
fn an_escalator_is_walked_its_way_only() {
    let town = Town::new()
        .nodes(&[(1, -200.0, 0.0), (2, 0.0, 0.0), (3, 20.0, 0.0), (4, 300.0, 0.0)])
        .way(&[1, 2], "highway=footway")
        .way(&[2, 3], "highway=steps conveying=forward step_count=30")
        .way(&[3, 4], "highway=footway")
        .map();
    assert!(town.seconds(adult(), (-200.0, 0.0), (300.0, 0.0)).is_some());
    assert!(town.seconds(adult(), (300.0, 0.0), (-200.0, 0.0)).is_none());
}

#[test]
fn a_box_cuts_ways_and_says_where() {
    let data = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 300.0, 0.0), (3, 600.0, 0.0)])
        .way(&[1, 2, 3], "highway=residential")
        .data();
    let (low, high) = (at(-10.0, -10.0), at(400.0, 10.0));
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
    assert_eq!(report.cut_ways, 1);
    assert_near(map.info().street_m, 300.0, 0.1);
    let cut = crate::circle::streets::tags::node_flag::CUT;
    let view = map.view();
    let cut_junctions = view.junctions.iter().filter(|j| j.flags & cut != 0).count();
    assert_eq!(cut_junctions, 1);
}

#[test]
fn an_empty_map_answers_in_straight_lines() {
    let empty = Built::of(&OsmData::default());
    for map in [&empty.map, &StreetMap::empty()] {
        let doors = crate::circle::streets::DoorIndex::build(map, &[]);
        let reach = Walker::default().reach(map, &doors, at(0.0, 0.0), adult(), 600.0);
        assert_eq!(reach.method, Method::StraightLine);
        assert_eq!(reach.arrivals, []);
    }
}
