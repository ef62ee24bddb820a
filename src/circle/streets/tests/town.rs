//! Small towns written by hand for the cases.

use crate::circle::osm::{self, OsmData};
use crate::circle::streets::{
    Ask, BuildOptions, BuildReport, DoorIndex, DoorTie, Pace, Reach, Snapper, StreetMap, TimeModel, WalkPath, Walker,
    build, wanted,
};
use crate::coordinates::{LocalMetres, Point};
use std::fmt::Write;

pub fn pace(name: &str) -> &'static Pace {
    TimeModel::shipped().unwrap().pace(name).unwrap()
}

pub fn adult() -> &'static Pace {
    pace("adult")
}

pub fn wheelchair() -> &'static Pace {
    pace("wheelchair")
}

/// Where the towns lie; positions are metres east and north of here.
pub const CENTRE: Point = Point::new(30.0, 114.0);

pub fn at(east: f64, north: f64) -> Point {
    LocalMetres::around(CENTRE).point([east, north])
}

/// Writes OSM XML: nodes by name with metres east and north, then ways.
#[derive(Default)]
pub struct Town {
    xml: String,
    ways: i64,
    xml_of_relations: String,
    relations: i64,
}

impl Town {
    pub fn new() -> Self {
        Self {
            xml: "<?xml version='1.0' encoding='UTF-8'?>\n<osm version='0.6'>\n".to_owned(),
            ways: 0,
            ..Self::default()
        }
    }

    /// A node at metres east and north.
    pub fn node(mut self, id: i64, east: f64, north: f64, tags: &str) -> Self {
        let point = at(east, north);
        writeln!(
            self.xml,
            "<node id='{id}' lat='{:.9}' lon='{:.9}'>{}</node>",
            point.lat,
            point.lon,
            tag_elements(tags)
        )
        .unwrap();
        self
    }

    /// Several plain nodes.
    pub fn nodes(self, nodes: &[(i64, f64, f64)]) -> Self {
        nodes
            .iter()
            .fold(self, |town, (id, east, north)| town.node(*id, *east, *north, ""))
    }

    /// A way over nodes, with tags as `"highway=footway foot=yes"`.
    pub fn way(mut self, nodes: &[i64], tags: &str) -> Self {
        self.ways += 1;
        let references: String = nodes.iter().fold(String::new(), |mut all, node| {
            write!(all, "<nd ref='{node}'/>").unwrap();
            all
        });
        writeln!(
            self.xml,
            "<way id='{}'>{references}{}</way>",
            self.ways,
            tag_elements(tags)
        )
        .unwrap();
        self
    }

    /// A multipolygon relation over ways, which are numbered from one in their
    /// order: role and number of each.
    pub fn relation(mut self, members: &[(&str, i64)], tags: &str) -> Self {
        self.relations += 1;
        let members: String = members.iter().fold(String::new(), |mut all, (role, way)| {
            write!(all, "<member type='way' ref='{way}' role='{role}'/>").unwrap();
            all
        });
        self.xml_of_relations += &format!(
            "<relation id='{}'>{members}<tag k='type' v='multipolygon'/>{}</relation>\n",
            self.relations,
            tag_elements(tags)
        );
        self
    }

    pub fn data(self) -> OsmData {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("town.osm");
        std::fs::write(&path, self.xml + &self.xml_of_relations + "</osm>\n").unwrap();
        osm::read(&path, &wanted(), &mut |_, _| {}).unwrap()
    }

    pub fn map(self) -> Built {
        Built::of(&self.data())
    }
}

fn tag_elements(tags: &str) -> String {
    tags.split_whitespace().fold(String::new(), |mut all, tag| {
        let (key, value) = tag.split_once('=').unwrap();
        write!(all, "<tag k='{key}' v='{value}'/>").unwrap();
        all
    })
}

pub struct Built {
    pub map: StreetMap,
    pub report: BuildReport,
}

impl Built {
    pub fn of(data: &OsmData) -> Self {
        let (bytes, report) = build(data, &BuildOptions::default(), &mut |_, _| {}).unwrap();
        Self {
            map: StreetMap::from_bytes(&bytes.0).unwrap(),
            report,
        }
    }

    pub fn doors(&self, doors: &[(f64, f64)]) -> DoorIndex {
        let mut snapper = Snapper::default();
        let ties: Vec<DoorTie> = doors
            .iter()
            .map(|(east, north)| {
                let point = at(*east, *north);
                DoorTie::new(&mut snapper, &self.map.view(), point, adult(), wheelchair())
            })
            .collect();
        DoorIndex::build(&self.map, &ties)
    }

    /// What is within ten minutes.
    pub fn reach(&self, pace: &Pace, origin: (f64, f64), doors: &[(f64, f64)]) -> Reach {
        let doors = self.doors(doors);
        let origin = at(origin.0, origin.1);
        Walker::default().reach(&self.map, &doors, origin, pace, 600.0)
    }

    /// Seconds to one door at any distance up to two hours.
    pub fn seconds(&self, pace: &Pace, origin: (f64, f64), door: (f64, f64)) -> Option<f64> {
        let doors = self.doors(&[door]);
        let origin = at(origin.0, origin.1);
        let reach = Walker::default().reach(&self.map, &doors, origin, pace, 7_200.0);
        reach.arrivals.first().map(|arrival| arrival.seconds)
    }
}

/// The walk to one door, where it is within the limit.
pub fn path_to(
    map: &StreetMap,
    doors: &DoorIndex,
    origin: Point,
    pace: &Pace,
    limit_s: f64,
    door: u32,
) -> Option<WalkPath> {
    let (mut walker, mut reach) = (Walker::default(), Reach::default());
    let origins = [origin];
    let ask = Ask::new(&origins, pace, limit_s);
    walker.reach_into(map, doors, &ask, &mut reach);
    walker.path(map, doors, &ask, &reach, door)
}

/// Doors in a reach, in their order.
pub fn doors_in(reach: &Reach) -> Vec<u32> {
    reach.arrivals.iter().map(|arrival| arrival.door).collect()
}

/// Seconds of an adult over so many metres.
pub fn adult_s(metres: f64) -> f64 {
    metres / (5.1 / 3.6)
}

#[track_caller]
pub fn assert_near(value: f64, expected: f64, within: f64) {
    assert!(
        (value - expected).abs() <= within,
        "{value} is not {expected} ± {within}"
    );
}
