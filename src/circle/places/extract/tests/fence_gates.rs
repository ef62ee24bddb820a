//! Gates in a fence that is a way of its own, and shops in malls.

use super::*;

/// A kindergarten of about 44 × 44 m, way 10, and a fence 11 m around it, way 20,
/// with a gate at node 12, drawn with `fence`, and `more`.
fn kindergarten(entrance: &[(&str, &str)], fence: &[i64], more: Vec<Way>) -> OsmData {
    let mut ways = vec![
        way(10, &[1, 2, 3, 4, 1], &[("amenity", "kindergarten")]),
        way(20, fence, &[("barrier", "fence")]),
    ];
    ways.extend(more);
    OsmData {
        nodes: vec![
            node(1, 0.0001, 0.0001, entrance),
            node(2, 0.0001, 0.0005, &[]),
            node(3, 0.0005, 0.0005, &[]),
            node(4, 0.0005, 0.0001, &[]),
            node(11, 0.0, 0.0, &[]),
            node(12, 0.0, 0.0003, &[("barrier", "gate"), ("name", "东门")]),
            node(13, 0.0, 0.0006, &[]),
            node(14, 0.0006, 0.0006, &[]),
            node(15, 0.0006, 0.0, &[]),
            node(16, 0.0, 0.002, &[]),
            node(17, 0.002, 0.002, &[]),
            node(18, 0.002, 0.0, &[]),
        ],
        ways,
        ..OsmData::default()
    }
}

#[test]
fn the_gate_of_a_fence_close_around_is_the_door_and_has_its_name() {
    let place = only(&kindergarten(&[], &[11, 12, 13, 14, 15, 11], Vec::new()));
    assert_eq!(door_nodes(&place), [12]);
    assert_eq!(place.doors[0].kind, OsmDoorKind::Gate);
    assert_eq!(place.doors[0].name.as_deref(), Some("东门"));
}

#[test]
fn of_a_place_with_entrances_of_its_own_a_fence_around_makes_no_door() {
    let place = only(&kindergarten(
        &[("entrance", "yes")],
        &[11, 12, 13, 14, 15, 11],
        Vec::new(),
    ));
    assert_eq!(door_nodes(&place), [1]);
}

#[test]
fn the_gate_of_an_estate_is_not_that_of_a_place_in_it() {
    // The fence goes 220 m to the north and east.
    let place = only(&kindergarten(&[], &[11, 12, 16, 17, 18, 11], Vec::new()));
    assert_eq!(door_nodes(&place), [0; 0]);
}

#[test]
fn gates_in_a_fence_along_the_outline_count_like_those_on_it() {
    // The fence shares the outline but for one side, where it goes by node 12,
    // 11 m off.
    let data = kindergarten(&[("entrance", "yes")], &[1, 12, 2, 3, 4, 1], Vec::new());
    assert_eq!(door_nodes(&only(&data)), [1, 12]);
    // A neighbour's fence that shares two corners and has its gate elsewhere.
    let data = kindergarten(&[("entrance", "yes")], &[1, 2, 13, 16, 17, 18, 12, 1], Vec::new());
    assert_eq!(door_nodes(&only(&data)), [1]);
}

#[test]
fn a_shut_gate_of_a_fence_makes_no_door() {
    let mut data = kindergarten(&[], &[11, 12, 13, 14, 15, 11], Vec::new());
    for node in data.nodes.iter_mut().filter(|node| node.id == 12) {
        node.tags = tags_of(&[("barrier", "gate"), ("access", "private")]);
    }
    assert_eq!(only(&data).doors, []);
}

fn mall(ways: Vec<Way>) -> OsmPlace {
    let mut nodes = square([
        &[("entrance", "main"), ("ref", "A口")],
        &[("entrance", "service")],
        &[],
        &[],
    ]);
    nodes.push(node(9, 0.0005, 0.0005, &[("shop", "books"), ("name", "书店")]));
    nodes.push(node(21, 0.0006, 0.0004, &[]));
    nodes.push(node(22, 0.0006, 0.0006, &[]));
    let mut all = vec![way(10, &[1, 2, 3, 4, 1], &[("shop", "mall")])];
    all.extend(ways);
    let extract = taken(&OsmData {
        nodes,
        ways: all,
        ..OsmData::default()
    });
    extract
        .places
        .into_iter()
        .find(|place| place.reference == "node/9")
        .unwrap()
}

#[test]
fn a_shop_in_a_mall_is_entered_by_the_malls_doors() {
    let shop = mall(Vec::new());
    assert_eq!(door_nodes(&shop), [1]);
    assert_eq!(shop.doors[0].name.as_deref(), Some("A口"));
    assert_eq!(shop.point, Point::new(0.0005, 0.0005));
}

#[test]
fn where_the_corridors_are_mapped_the_way_inside_counts() {
    let shop = mall(vec![way(20, &[21, 22], &[("highway", "corridor")])]);
    assert_eq!(shop.doors, []);
}
