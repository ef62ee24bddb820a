//! A small town with one of each: what a map file and the readers know of.

use onegrid::circle::osm::{Member, MemberKind, Node, OsmData, Relation, Tags, Way};
use onegrid::circle::streets::{BuildOptions, build};
use onegrid::coordinates::{LocalMetres, Point};
use std::fmt::Write;

/// So many metres east and north of the town's centre.
pub fn at(east: f64, north: f64) -> Point {
    LocalMetres::around(Point::new(30.0, 114.0)).point([east, north])
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

/// The town as data.
pub fn data() -> OsmData {
    let node = |id: i64, east: f64, north: f64, pairs: &[(&str, &str)]| Node {
        id,
        point: at(east, north),
        tags: tags(pairs),
    };
    let way = |id: i64, nodes: &[i64], pairs: &[(&str, &str)]| Way {
        id,
        nodes: nodes.to_vec(),
        tags: tags(pairs),
    };
    OsmData {
        nodes: vec![
            node(1, 0.0, 0.0, &[]),
            node(2, 100.0, 0.0, &[]),
            node(3, 300.0, 0.0, &[("highway", "crossing"), ("crossing", "traffic_signals")]),
            node(4, 100.0, 120.0, &[]),
            node(5, 100.0, 50.0, &[("barrier", "gate"), ("access:conditional", "private @ (22:00-06:00)")]),
            node(6, 0.0, 120.0, &[("barrier", "kerb"), ("kerb", "raised")]),
            node(7, 300.0, 90.0, &[("highway", "elevator")]),
            node(8, 420.0, 90.0, &[]),
            node(9, 420.0, -160.0, &[("barrier", "gate"), ("locked", "yes")]),
            node(10, -60.0, 40.0, &[]),
            node(11, 80.0, 40.0, &[]),
        ],
        ways: vec![
            way(1, &[1, 2, 3], &[("highway", "residential"), ("name", "人民路"), ("name:en", "People Road")]),
            way(2, &[2, 5, 4], &[("highway", "footway"), ("incline", "5%")]),
            way(3, &[4, 6], &[("highway", "steps"), ("step_count", "30")]),
            way(4, &[6, 1], &[("highway", "footway"), ("opening_hours", "Mo-Fr 06:00-22:00; PH off")]),
            way(5, &[3, 7], &[("highway", "footway"), ("footway", "crossing"), ("crossing", "traffic_signals")]),
            way(6, &[7, 8], &[("highway", "steps"), ("conveying", "forward")]),
            way(7, &[8, 9], &[("route", "ferry"), ("duration", "00:05"), ("interval", "00:20")]),
            way(8, &[9, 3], &[("highway", "service"), ("access", "private"), ("foot:conditional", "yes @ (Sa,Su)")]),
            way(9, &[10, 11], &[("barrier", "wall")]),
            way(10, &[4, 8], &[("highway", "elevator"), ("duration", "00:01")]),
        ],
        relations: vec![Relation {
            id: 1,
            members: vec![Member {
                kind: MemberKind::Way,
                id: 9,
                role: "outer".to_owned(),
            }],
            tags: tags(&[("type", "multipolygon"), ("natural", "water")]),
        }],
        ..OsmData::default()
    }
}

/// The town as a map file.
pub fn map() -> Vec<u8> {
    let options = BuildOptions {
        source: "town".to_owned(),
        attribution: "by hand".to_owned(),
        bbox: None,
    };
    build(&data(), &options, &mut |_, _| {}).expect("a small town").0.0
}

/// The town as OSM XML.
pub fn xml() -> String {
    let data = data();
    let mut xml = "<?xml version='1.0' encoding='UTF-8'?>\n<osm version='0.6' timestamp='2025-06-01T00:00:00Z'>\n\
                   <bounds minlat='29.9' minlon='113.9' maxlat='30.1' maxlon='114.1'/>\n"
        .to_owned();
    let mut write = |text: String| xml.write_str(&text).expect("a string");
    let tags = |tags: &Tags| -> String {
        let tag = |(key, value): &(String, String)| format!("<tag k='{key}' v='{value}'/>");
        tags.0.iter().map(tag).collect()
    };
    for node in &data.nodes {
        let (Point { lat, lon }, tags) = (node.point, tags(&node.tags));
        write(format!("<node id='{}' lat='{lat:.7}' lon='{lon:.7}'>{tags}</node>\n", node.id));
    }
    for way in &data.ways {
        let nodes: String = way.nodes.iter().map(|node| format!("<nd ref='{node}'/>")).collect();
        write(format!("<way id='{}'>{nodes}{}</way>\n", way.id, tags(&way.tags)));
    }
    for relation in &data.relations {
        let member = |member: &Member| format!("<member type='way' ref='{}' role='{}'/>", member.id, member.role);
        let members: String = relation.members.iter().map(member).collect();
        write(format!("<relation id='{}'>{members}{}</relation>\n", relation.id, tags(&relation.tags)));
    }
    xml + "</osm>\n"
}
