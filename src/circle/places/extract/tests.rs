use super::*;
use crate::circle::osm::{Member, MemberKind, Node, Relation, Way};
use crate::circle::places::extract::doors::OsmDoorKind;

fn tags_of(tags: &[(&str, &str)]) -> Tags {
    Tags(tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

fn node(id: i64, lat: f64, lon: f64, tags: &[(&str, &str)]) -> Node {
    Node {
        id,
        point: Point::new(lat, lon),
        tags: tags_of(tags),
    }
}

fn way(id: i64, nodes: &[i64], tags: &[(&str, &str)]) -> Way {
    Way {
        id,
        nodes: nodes.to_vec(),
        tags: tags_of(tags),
    }
}

fn relation(id: i64, members: &[(i64, &str)], tags: &[(&str, &str)]) -> Relation {
    let member = |&(id, role): &(i64, &str)| Member {
        kind: MemberKind::Way,
        id,
        role: role.to_owned(),
    };
    Relation {
        id,
        members: members.iter().map(member).collect(),
        tags: tags_of(tags),
    }
}

/// Corners 1 to 4 of a square of about 100 m, with the given tags.
fn square(tags: [&[(&str, &str)]; 4]) -> Vec<Node> {
    vec![
        node(1, 0.0, 0.0, tags[0]),
        node(2, 0.0, 0.001, tags[1]),
        node(3, 0.001, 0.001, tags[2]),
        node(4, 0.001, 0.0, tags[3]),
    ]
}

fn taken(data: &OsmData) -> Extract {
    extract(data, &|hours| hours != "after lunch")
}

fn only(data: &OsmData) -> OsmPlace {
    let extract = taken(data);
    assert_eq!(extract.places.len(), 1, "{extract:?}");
    extract.places.into_iter().next().unwrap()
}

fn door_nodes(place: &OsmPlace) -> Vec<i64> {
    place.doors.iter().filter_map(|door| door.osm_node).collect()
}

#[test]
fn a_hospital_is_entered_by_its_main_entrance_and_not_by_service_or_emergency() {
    // Case 22 of the failure list.
    let place = only(&OsmData {
        nodes: square([
            &[("entrance", "emergency")],
            &[("entrance", "service")],
            &[("entrance", "main")],
            &[("entrance", "staircase")],
        ]),
        ways: vec![way(10, &[1, 2, 3, 4, 1], &[("amenity", "hospital")])],
        ..OsmData::default()
    });
    assert_eq!(place.reference, "way/10");
    assert_eq!(place.doors.len(), 1);
    assert_eq!(place.doors[0].kind, OsmDoorKind::Main);
    assert_eq!(place.doors[0].point, Point::new(0.001, 0.001));
    assert!((place.point.lat - 0.0005).abs() < 1e-9 && (place.point.lon - 0.0005).abs() < 1e-9);
}

#[test]
fn a_mall_has_all_of_its_entrances_and_gates() {
    // Case 23 of the failure list, and gates alike.
    let place = only(&OsmData {
        nodes: square([
            &[("entrance", "yes")],
            &[("entrance", "yes")],
            &[("entrance", "yes")],
            &[("barrier", "gate")],
        ]),
        ways: vec![way(10, &[1, 2, 3, 4, 1], &[("shop", "mall")])],
        ..OsmData::default()
    });
    assert_eq!(door_nodes(&place), [1, 2, 3, 4]);
}

#[test]
fn an_area_without_a_mapped_door_and_a_node_have_none() {
    let mut nodes = square([&[], &[], &[], &[]]);
    nodes.push(node(9, 0.0005, 0.0005, &[("amenity", "atm"), ("entrance", "yes")]));
    let extract = taken(&OsmData {
        nodes,
        ways: vec![way(10, &[1, 2, 3, 4, 1], &[("leisure", "park")])],
        ..OsmData::default()
    });
    assert_eq!(extract.places.len(), 2);
    assert!(extract.places.iter().all(|place| place.doors.is_empty()));
    assert_eq!(extract.report.with_doors, 0);
}

#[test]
fn what_is_gone_vacant_or_private_is_no_place_and_is_counted() {
    // Cases 36 and 39 of the failure list.
    let extract = taken(&OsmData {
        nodes: vec![
            node(1, 0.0, 0.0, &[("disused:amenity", "pub"), ("name", "Old pub")]),
            node(2, 0.0, 0.0, &[("shop", "vacant")]),
            node(3, 0.0, 0.0, &[("leisure", "swimming_pool"), ("access", "private")]),
            node(4, 0.0, 0.0, &[("amenity", "toilets"), ("access", "customers")]),
            node(5, 0.0, 0.0, &[("amenity", "bench")]),
            node(6, 0.0, 0.0, &[("amenity", "teleporter")]),
        ],
        ways: vec![way(7, &[1, 2], &[("razed:highway", "footway")])],
        ..OsmData::default()
    });
    assert_eq!(extract.places, []);
    assert_eq!(
        extract.report.not_for_public,
        BTreeMap::from([("public_toilet", 1), ("swimming_pool", 1)])
    );
    assert_eq!(extract.report.left_out, 1);
    assert_eq!(
        extract.report.unknown,
        BTreeMap::from([("amenity=teleporter".to_owned(), 1)])
    );
}

#[test]
fn a_multipolygon_is_put_together_and_its_point_is_outside_of_its_hole() {
    let mut nodes = square([&[("barrier", "gate")], &[], &[], &[]]);
    nodes.extend([
        node(5, 0.0003, 0.0003, &[("entrance", "main")]),
        node(6, 0.0003, 0.0007, &[]),
        node(7, 0.0007, 0.0007, &[]),
        node(8, 0.0007, 0.0003, &[]),
    ]);
    let extract = taken(&OsmData {
        nodes,
        ways: vec![
            way(10, &[1, 2, 3], &[]),
            way(11, &[1, 4, 3], &[]),
            way(12, &[5, 6, 7, 8, 5], &[("natural", "water")]),
        ],
        relations: vec![relation(
            20,
            &[(10, "outer"), (12, "inner"), (11, "")],
            &[("type", "multipolygon"), ("leisure", "park"), ("name", "Ring")],
        )],
        ..OsmData::default()
    });
    let [place] = &extract.places[..] else {
        panic!("{extract:?}");
    };
    assert_eq!(place.reference, "relation/20");
    // The gate of the fence, not the entrance of what stands in the hole.
    assert_eq!(door_nodes(place), [1]);
    let in_hole = (0.0003..=0.0007).contains(&place.point.lat) && (0.0003..=0.0007).contains(&place.point.lon);
    assert!(!in_hole, "{:?}", place.point);
    assert!((0.0..0.001).contains(&place.point.lat) && (0.0..0.001).contains(&place.point.lon));
    assert_eq!(extract.report.broken_areas, 0);
}

#[test]
fn a_broken_outline_is_taken_with_what_is_there_and_a_lost_one_is_not() {
    let mut nodes = square([&[], &[("entrance", "yes")], &[], &[]]);
    nodes.pop();
    let extract = taken(&OsmData {
        nodes,
        ways: vec![
            way(10, &[1, 2, 3], &[]),
            // Node 4 is missing: the rest of the corners make a triangle.
            way(11, &[1, 2, 3, 4, 1], &[("leisure", "garden")]),
            way(12, &[1, 2, 3, 4], &[("leisure", "pitch")]),
            way(13, &[71, 72, 73, 71], &[("leisure", "pitch")]),
            way(14, &[1], &[("leisure", "pitch")]),
            way(15, &[2, 2, 2, 2], &[("leisure", "playground")]),
        ],
        relations: vec![
            relation(
                20,
                &[(10, "outer"), (99, "outer")],
                &[("type", "multipolygon"), ("leisure", "park")],
            ),
            relation(21, &[(98, "outer")], &[("type", "multipolygon"), ("leisure", "park")]),
            relation(22, &[], &[("type", "multipolygon"), ("leisure", "park")]),
            relation(23, &[(11, "perimeter")], &[("type", "site"), ("amenity", "school")]),
        ],
        ..OsmData::default()
    });
    let found: Vec<(&str, Vec<i64>)> = extract
        .places
        .iter()
        .map(|place| (place.reference.as_str(), door_nodes(place)))
        .collect();
    assert_eq!(
        found,
        [("way/11", vec![2]), ("way/15", vec![2]), ("relation/20", vec![2])]
    );
    assert_eq!(extract.places[2].point, Point::new(0.0, 0.001));
    let report = extract.report;
    assert_eq!((report.open_ways, report.other_relations), (2, 1));
    assert_eq!((report.broken_areas, report.lost_areas), (2, 3));
    assert_eq!(report.with_doors, 3);
}

#[test]
fn names_hours_phone_and_wheelchair_are_read() {
    let place = only(&OsmData {
        nodes: vec![node(
            1,
            43.7,
            7.4,
            &[
                ("amenity", "pharmacy"),
                ("name", "Pharmacie"),
                ("name:zh", " 大药房 "),
                ("name:en", "Big Pharmacy"),
                ("opening_hours", "Mo-Fr 09:00-19:00"),
                ("contact:phone", "+377 93 10 00 00; +377 1"),
                ("wheelchair", "designated"),
            ],
        )],
        ..OsmData::default()
    });
    assert_eq!(place.name.as_deref(), Some("大药房"));
    assert_eq!(place.name_en.as_deref(), Some("Big Pharmacy"));
    assert_eq!(place.opening_hours.as_deref(), Some("Mo-Fr 09:00-19:00"));
    assert_eq!(place.phone.as_deref(), Some("+377 93 10 00 00"));
    assert_eq!(place.wheelchair, Some(Wheelchair::Yes));
    assert_eq!(
        (place.kind.code.as_str(), place.point),
        ("pharmacy", Point::new(43.7, 7.4))
    );
}

#[test]
fn an_unreadable_tag_is_left_out_and_counted_and_the_place_is_taken() {
    let long = "长".repeat(256);
    let extract = taken(&OsmData {
        nodes: vec![
            node(
                1,
                0.0,
                0.0,
                &[
                    ("shop", "convenience"),
                    ("opening_hours", "after lunch"),
                    ("phone", "ask Mary"),
                    ("wheelchair", "maybe"),
                    ("name", "a\u{0}b"),
                ],
            ),
            node(2, 0.0, 0.0, &[("shop", "books"), ("name", &long), ("phone", ";")]),
            node(3, 0.0, 0.0, &[("shop", "books"), ("name", "  ")]),
        ],
        ..OsmData::default()
    });
    assert_eq!(extract.places.len(), 3);
    for place in &extract.places {
        assert_eq!((&place.name, &place.opening_hours), (&None, &None));
        assert_eq!((&place.phone, place.wheelchair), (&None, None));
    }
    assert_eq!(
        extract.report.unreadable,
        BTreeMap::from([("name", 2), ("opening_hours", 1), ("phone", 2), ("wheelchair", 1)])
    );
}

#[test]
fn places_come_in_file_order_and_the_same_each_time() {
    let data = OsmData {
        nodes: vec![
            node(9, 0.0, 0.0, &[("shop", "books")]),
            node(3, 0.0, 0.0, &[("shop", "books")]),
        ],
        ..OsmData::default()
    };
    let references: Vec<String> = taken(&data).places.into_iter().map(|p| p.reference).collect();
    assert_eq!(references, ["node/9", "node/3"]);
    assert_eq!(taken(&data), taken(&data));
}

#[test]
fn a_reader_is_asked_for_places_and_what_the_report_counts() {
    assert!(is_wanted(&tags_of(&[("amenity", "cafe")])));
    assert!(is_wanted(&tags_of(&[("amenity", "teleporter")])));
    assert!(!is_wanted(&tags_of(&[("highway", "footway"), ("name", "Path")])));
    assert!(!is_wanted(&Tags::default()));
}

mod compounds;
mod extracts;
mod fence_gates;
mod street_doors;
mod twins;
