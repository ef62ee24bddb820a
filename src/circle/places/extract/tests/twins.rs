//! What is mapped twice. 0.0001 degrees at the equator are 11.12 m.

use super::*;

/// The square of about 110 m as a way with these tags, and nodes inside and out.
fn extract_with(area: &[(&str, &str)], nodes: Vec<Node>) -> Extract {
    let mut all = square([&[], &[], &[], &[]]);
    all.extend(nodes);
    taken(&OsmData {
        nodes: all,
        ways: vec![way(10, &[1, 2, 3, 4, 1], area)],
        ..OsmData::default()
    })
}

fn references(extract: &Extract) -> Vec<&str> {
    extract.places.iter().map(|place| place.reference.as_str()).collect()
}

const LIBRARY: (&str, &str) = ("amenity", "library");

#[test]
fn the_area_wins_and_learns_what_only_the_node_knows() {
    let node = node(
        9,
        0.0005,
        0.0005,
        &[
            LIBRARY,
            // Full width, other case, blanks: the same name.
            ("name", " ＣＩＴＹ library"),
            ("name:en", "City Library"),
            ("phone", "+86 999 5550123"),
            ("opening_hours", "Mo-Fr 09:00-17:00"),
            ("wheelchair", "yes"),
        ],
    );
    let extract = extract_with(&[LIBRARY, ("name", "City Library"), ("wheelchair", "no")], vec![node]);
    assert_eq!(references(&extract), ["way/10"]);
    let place = &extract.places[0];
    assert_eq!(place.name.as_deref(), Some("City Library"));
    assert_eq!(place.name_en.as_deref(), Some("City Library"));
    assert_eq!(place.phone.as_deref(), Some("+86 999 5550123"));
    assert_eq!(place.opening_hours.as_deref(), Some("Mo-Fr 09:00-17:00"));
    assert_eq!(place.wheelchair, Some(Wheelchair::No));
    assert_eq!(extract.report.twins, 1);
    assert_eq!(extract.report.taken, BTreeMap::from([("library", 1)]));
    let twin = Twin {
        reference: "node/9".to_owned(),
        place: "way/10".to_owned(),
    };
    assert_eq!(extract.twins, [twin]);
}

#[test]
fn a_node_of_the_name_is_a_twin_up_to_30_m_off_the_area() {
    let named = [LIBRARY, ("name", "甲")];
    // 22 m and 33 m south of the southern side.
    let near = extract_with(&named, vec![node(9, -0.0002, 0.0005, &named)]);
    assert_eq!(references(&near), ["way/10"]);
    let far = extract_with(&named, vec![node(9, -0.0003, 0.0005, &named)]);
    assert_eq!(references(&far), ["node/9", "way/10"]);
}

#[test]
fn another_name_or_kind_is_another_place() {
    let named = [LIBRARY, ("name", "甲")];
    let inside = |tags| extract_with(&named, vec![node(9, 0.0005, 0.0005, tags)]);
    assert_eq!(inside(&[LIBRARY, ("name", "乙")]).places.len(), 2);
    assert_eq!(inside(&[("amenity", "cafe"), ("name", "甲")]).places.len(), 2);
}

#[test]
fn without_a_name_only_what_is_inside_counts() {
    let pitch: &[(&str, &str)] = &[("leisure", "pitch")];
    let inside = extract_with(pitch, vec![node(9, 0.0005, 0.0005, pitch)]);
    assert_eq!(references(&inside), ["way/10"]);
    let outside = extract_with(pitch, vec![node(9, -0.0001, 0.0005, pitch)]);
    assert_eq!(outside.places.len(), 2);
    // Two nodes 1 m apart are two.
    let two = extract_with(
        &[("landuse", "grass")],
        vec![node(8, 0.0, 0.0, pitch), node(9, 0.00001, 0.0, pitch)],
    );
    assert_eq!(two.places.len(), 2);
}

#[test]
fn an_unnamed_area_takes_the_name_of_the_one_inside_but_not_of_several() {
    let food: &[(&str, &str)] = &[("amenity", "restaurant")];
    let named = |id: i64, name: &'static str| node(id, 0.0005, 0.0005, &[("amenity", "restaurant"), ("name", name)]);
    let one = extract_with(food, vec![named(8, "甲")]);
    assert_eq!(references(&one), ["way/10"]);
    assert_eq!(one.places[0].name.as_deref(), Some("甲"));
    let two = extract_with(food, vec![named(8, "甲"), named(9, "乙")]);
    assert_eq!(two.places.len(), 3);
}

#[test]
fn of_two_nodes_the_one_that_tells_more_stays_and_of_equals_the_lower_id() {
    let grass: &[(&str, &str)] = &[("landuse", "grass")];
    let shop = [("shop", "books"), ("name", "书店")];
    let told = [("shop", "books"), ("name", "书店"), ("phone", "010 5550123")];
    let at = |id: i64, lat: f64, tags: &[(&str, &str)]| node(id, lat, 0.0, tags);
    let equal = extract_with(grass, vec![at(9, 0.0, &shop), at(8, 0.0002, &shop)]);
    assert_eq!(references(&equal), ["node/8"]);
    let better = extract_with(grass, vec![at(9, 0.0, &told), at(8, 0.0002, &shop)]);
    assert_eq!(references(&better), ["node/9"]);
    // 33 m apart.
    let far = extract_with(grass, vec![at(9, 0.0, &shop), at(8, 0.0003, &shop)]);
    assert_eq!(far.places.len(), 2);
    // In a row, 22 m each: the first and the last are 44 m apart, two places.
    let row = vec![at(7, 0.0, &shop), at(8, 0.0002, &shop), at(9, 0.0004, &shop)];
    assert_eq!(references(&extract_with(grass, row)), ["node/7", "node/9"]);
}

#[test]
fn stops_on_both_sides_of_a_street_are_two_and_a_pole_on_its_platform_is_one() {
    let stop = [("highway", "bus_stop"), ("name", "幸福路口")];
    let platform = [("public_transport", "platform"), ("bus", "yes"), ("name", "幸福路口")];
    let across = extract_with(
        &[("landuse", "grass")],
        vec![node(8, 0.0, 0.0, &stop), node(9, 0.0001, 0.0, &stop)],
    );
    assert_eq!(across.places.len(), 2);
    // 3.3 m apart.
    let pole = extract_with(
        &[("landuse", "grass")],
        vec![node(8, 0.0, 0.0, &stop), node(9, 0.000_03, 0.0, &platform)],
    );
    assert_eq!(pole.places.len(), 1);
    assert_eq!(
        references(&extract_with(&platform, vec![node(8, 0.0005, 0.0005, &stop)])),
        ["way/10"]
    );
}

#[test]
fn a_building_of_the_name_inside_of_the_grounds_is_the_same_place() {
    let named = [("amenity", "school"), ("name", "一中")];
    let mut nodes = square([&[("barrier", "gate")], &[], &[], &[]]);
    nodes.extend([
        node(5, 0.0003, 0.0003, &[("entrance", "main")]),
        node(6, 0.0003, 0.0007, &[]),
        node(7, 0.0007, 0.0007, &[]),
    ]);
    let extract = taken(&OsmData {
        nodes,
        ways: vec![way(9, &[5, 6, 7, 5], &named), way(10, &[1, 2, 3, 4, 1], &named)],
        ..OsmData::default()
    });
    assert_eq!(references(&extract), ["way/10"]);
    assert_eq!(door_nodes(&extract.places[0]), [1]);
}
