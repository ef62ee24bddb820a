//! Agreement with the routing engine Valhalla on real streets, by metres along
//! them. The extracts are not ours to ship: where they are missing the tests say
//! so and prove nothing.

use super::town::{adult, wheelchair};
use crate::circle::osm::{self, OsmData, Tags, Wanted};
use crate::circle::streets::{Ask, BuildOptions, DoorIndex, DoorTie, Pace, Snapper, StreetMap, Walker, build, wanted};
use crate::coordinates::Point;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The sets are compared within this many metres of street.
const WITHIN_M: f64 = 700.0;

fn osm_folder() -> PathBuf {
    std::env::var_os("ONEGRID_OSM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/osm"),
        PathBuf::from,
    )
}

struct City {
    map: StreetMap,
    /// The same streets with nothing private.
    open_map: StreetMap,
    /// The same streets with squares walked along their outline, as Valhalla does.
    outline_map: StreetMap,
    data: OsmData,
    origins: Vec<(Point, BTreeMap<String, f64>)>,
}

fn city(name: &str) -> Option<City> {
    let folder = osm_folder();
    let path = folder.join(format!("{name}.osm.pbf"));
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    let mut data = osm::read(&path, &wanted(), &mut |_, _| {}).unwrap();
    let (bytes, report) = build(&data, &BuildOptions::default(), &mut |_, _| {}).unwrap();
    eprintln!("{name}: {report}");
    let mut no_squares = data.clone();
    for tags in (no_squares.ways.iter_mut().map(|way| &mut way.tags))
        .chain(no_squares.relations.iter_mut().map(|relation| &mut relation.tags))
    {
        // The first value of a key counts.
        tags.0.insert(0, ("area".to_owned(), "no".to_owned()));
    }
    let (outline_bytes, _) = build(&no_squares, &BuildOptions::default(), &mut |_, _| {}).unwrap();
    for tags in data
        .ways
        .iter_mut()
        .map(|way| &mut way.tags)
        .chain(data.nodes.iter_mut().map(|node| &mut node.tags))
    {
        open(tags);
    }
    let (open_bytes, _) = build(&data, &BuildOptions::default(), &mut |_, _| {}).unwrap();
    let pois = Wanted {
        node: &|tags: &Tags| {
            ["amenity", "shop", "leisure", "healthcare", "office"]
                .iter()
                .any(|key| tags.get(key).is_some())
        },
        way: &|_| false,
        relation: &|_| false,
    };
    let data = osm::read(&path, &pois, &mut |_, _| {}).unwrap();
    let lines = std::fs::read_to_string(folder.join(format!("{name}.valhalla.jsonl"))).unwrap();
    let origins = lines.lines().map(reference).collect();
    Some(City {
        map: StreetMap::from_bytes(&bytes.0).unwrap(),
        open_map: StreetMap::from_bytes(&open_bytes.0).unwrap(),
        outline_map: StreetMap::from_bytes(&outline_bytes.0).unwrap(),
        data,
        origins,
    })
}

fn reference(line: &str) -> (Point, BTreeMap<String, f64>) {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let origin = &line["origin"];
    let reachable = line["reachable"].as_array().unwrap();
    (
        Point::new(number(&origin["lat"]), number(&origin["lon"])),
        reachable
            .iter()
            .map(|place| {
                let name = place["osm"].as_str().unwrap().to_owned();
                (name, number(&place["metres"]))
            })
            .collect(),
    )
}

/// Takes away what makes a way private.
fn open(tags: &mut Tags) {
    tags.0.retain(|(key, value)| {
        !matches!(key.as_str(), "access" | "foot")
            || matches!(value.as_str(), "no" | "yes" | "designated" | "use_sidepath")
    });
}

fn index(map: &StreetMap, points: &[Point]) -> DoorIndex {
    let mut snapper = Snapper::default();
    let ties: Vec<DoorTie> = points
        .iter()
        .map(|point| DoorTie::new(&mut snapper, &map.view(), *point, adult(), wheelchair()))
        .collect();
    DoorIndex::build(map, &ties)
}

/// Our metres to each door within reach, and whether the walk ends privately.
fn ours(
    walker: &mut Walker,
    map: &StreetMap,
    doors: &DoorIndex,
    origin: Point,
    names: &[String],
) -> BTreeMap<String, (f64, bool)> {
    walker
        .reach(map, doors, origin, adult(), 1_200.0)
        .arrivals
        .iter()
        .map(|arrival| {
            let name = names[arrival.door as usize].clone();
            (name, (arrival.network_m, arrival.private_end))
        })
        .collect()
}

fn agreement(name: &str) {
    let Some(city) = city(name) else { return };
    let known: BTreeSet<&String> = city.origins.iter().flat_map(|o| o.1.keys()).collect();
    let (names, points): (Vec<String>, Vec<Point>) = city
        .data
        .nodes
        .iter()
        .map(|node| (format!("node/{}", node.id), node.point))
        .filter(|(name, _)| known.contains(name))
        .unzip();
    let doors = index(&city.map, &points);
    let open_doors = index(&city.open_map, &points);
    let outline_doors = index(&city.outline_map, &points);
    let mut walker = Walker::default();
    // Of all public walks, and of those that do not lead across a square.
    let (mut all, mut compared) = (Agreement::default(), Agreement::default());
    for (origin, theirs) in &city.origins {
        let ours = ours_of(&mut walker, &city, &doors, *origin, &names);
        let open = self::ours(&mut walker, &city.open_map, &open_doors, *origin, &names);
        let outline = self::ours(&mut walker, &city.outline_map, &outline_doors, *origin, &names);
        let private = |name: &String| match (ours.get(name), open.get(name)) {
            (Some((_, true)), _) | (None, Some(_)) => true,
            (Some((metres, false)), Some((open_metres, _))) => (metres - open_metres).abs() > 1.0,
            _ => false,
        };
        let across = |name: &String| match (ours.get(name), outline.get(name)) {
            (Some((metres, _)), Some((outline_metres, _))) => (metres - outline_metres).abs() > 1.0,
            (one, other) => one.is_some() != other.is_some(),
        };
        all.take(&ours, theirs, &private);
        compared.take(&ours, theirs, &|name| private(name) || across(name));
    }
    all.print(name, "squares walked across");
    let (mean, median) = compared.print(name, "without walks across squares");
    speed(name, &city, &doors);
    // Valhalla walks round squares, so being right about them costs a little.
    assert!(all.mean() >= 0.92, "mean Jaccard {}", all.mean());
    assert!(mean >= 0.93, "mean Jaccard {mean}");
    assert!(median <= 3.0, "median difference {median} m");
}

/// How far two sets of walks agree, origin by origin.
#[derive(Default)]
struct Agreement {
    jaccards: Vec<f64>,
    differences: Vec<f64>,
    left_out: usize,
    only_ours: usize,
    only_theirs: usize,
}

impl Agreement {
    fn take(
        &mut self,
        ours: &BTreeMap<String, (f64, bool)>,
        theirs: &BTreeMap<String, f64>,
        left_out: &dyn Fn(&String) -> bool,
    ) {
        self.left_out += theirs.keys().filter(|name| left_out(name)).count();
        let within = |metres: f64| metres <= WITHIN_M;
        let our_set: BTreeSet<&String> = ours
            .iter()
            .filter(|(name, (metres, _))| within(*metres) && !left_out(name))
            .map(|(name, _)| name)
            .collect();
        let their_set: BTreeSet<&String> = theirs
            .iter()
            .filter(|(name, metres)| within(**metres) && !left_out(name))
            .map(|(name, _)| name)
            .collect();
        let union = our_set.union(&their_set).count();
        let both = our_set.intersection(&their_set).count();
        self.only_ours += our_set.len() - both;
        self.only_theirs += their_set.len() - both;
        // Two empty sets are equal.
        self.jaccards
            .push(if union == 0 { 1.0 } else { both as f64 / union as f64 });
        for (name, metres) in theirs {
            if let Some((our_metres, _)) = ours.get(name)
                && !left_out(name)
            {
                self.differences.push((our_metres - metres).abs());
            }
        }
    }

    fn mean(&self) -> f64 {
        self.jaccards.iter().sum::<f64>() / self.jaccards.len() as f64
    }

    /// Returns the mean Jaccard index and the median difference.
    fn print(&mut self, name: &str, which: &str) -> (f64, f64) {
        self.differences.sort_by(f64::total_cmp);
        let mean = self.mean();
        let median = self.differences[self.differences.len() / 2];
        let p90 = self.differences[self.differences.len() * 9 / 10];
        eprintln!(
            "{name}, {which}: {} origins, mean Jaccard {mean:.4}, median difference {median:.2} m, p90 {p90:.1} m, \
             {} pairs left out, {} ours only, {} theirs only",
            self.jaccards.len(),
            self.left_out,
            self.only_ours,
            self.only_theirs
        );
        (mean, median)
    }
}

fn ours_of(
    walker: &mut Walker,
    city: &City,
    doors: &DoorIndex,
    origin: Point,
    names: &[String],
) -> BTreeMap<String, (f64, bool)> {
    ours(walker, &city.map, doors, origin, names)
}

/// Prints the time of a lookup; means something in a release build only.
fn speed(name: &str, city: &City, doors: &DoorIndex) {
    let mut walker = Walker::default();
    let mut reach = crate::circle::streets::Reach::default();
    let pace: &Pace = adult();
    let (mut found, mut best_us) = (0, f64::INFINITY);
    for _ in 0..20 {
        let start = crate::clock::monotonic();
        found = 0;
        for (origin, _) in &city.origins {
            walker.reach_into(
                &city.map,
                doors,
                &Ask::new(std::slice::from_ref(origin), pace, 600.0),
                &mut reach,
            );
            found += reach.arrivals.len();
        }
        best_us = best_us.min(start.elapsed().as_secs_f64() * 1e6 / city.origins.len() as f64);
    }
    let origins = city.origins.len();
    eprintln!(
        "{name}: {best_us:.1} µs a lookup, {:.0} doors each",
        found as f64 / origins as f64
    );
}

#[test]
fn walks_in_monaco_agree_with_valhalla() {
    agreement("monaco");
}

#[test]
fn walks_in_baltimore_agree_with_valhalla() {
    agreement("baltimore");
}
