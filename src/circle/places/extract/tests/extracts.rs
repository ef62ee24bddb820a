//! The real extracts, where their folder is there.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use crate::circle::osm::{OsmData, read};
use crate::circle::places::extract::{Extract, extract, wanted};
use crate::circle::places::kinds::Category;

fn folder() -> PathBuf {
    std::env::var_os("ONEGRID_OSM_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/osm")),
        PathBuf::from,
    )
}

fn city(name: &str) -> Option<OsmData> {
    let file = folder().join(format!("{name}.osm.pbf"));
    if !file.exists() {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    }
    Some(read(&file, &wanted(), &mut |_, _| {}).unwrap())
}

fn count(extract: &Extract, category: Category) -> usize {
    let in_category = extract.places.iter().filter(|p| p.kind.category == category);
    in_category.count()
}

/// Of the nodes that the reference names, how many are taken, and the place
/// tags of the others.
fn share_of_reference(name: &str, data: &OsmData, extract: &Extract) -> (f64, BTreeMap<String, usize>) {
    let text = std::fs::read_to_string(folder().join(format!("{name}.valhalla.jsonl"))).unwrap();
    let mut named = HashSet::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for reached in line["reachable"].as_array().unwrap() {
            named.insert(reached["osm"].as_str().unwrap().to_owned());
        }
    }
    let taken: HashSet<&str> = extract.places.iter().map(|p| p.reference.as_str()).collect();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for node in &data.nodes {
        let reference = format!("node/{}", node.id);
        if !named.contains(&reference) || taken.contains(reference.as_str()) {
            continue;
        }
        for (key, value) in &node.tags.0 {
            if ["amenity", "shop", "leisure", "healthcare", "office"].contains(&key.as_str()) {
                *others.entry(format!("{key}={value}")).or_default() += 1;
            }
        }
    }
    let kept = named.iter().filter(|n| taken.contains(n.as_str())).count();
    (kept as f64 / named.len() as f64, others)
}

fn check(name: &str, least: &[(Category, usize)]) {
    let Some(data) = city(name) else { return };
    let extract = extract(&data, &|_| true);
    let counts: Vec<_> = Category::ALL.map(|c| (c, count(&extract, c))).into();
    let (share, others) = share_of_reference(name, &data, &extract);
    eprintln!("{:?}", extract.report);
    eprintln!("{name}: {counts:?}\n{share:.3} of the reference's nodes, not {others:?}");
    for &(category, least) in least {
        assert!(count(&extract, category) >= least, "{category:?}: {counts:?}");
    }
    // Nobody of these cities has a 党群服务中心.
    assert_eq!(count(&extract, Category::Party), 0);
    // Every tag of these cities has been thought about.
    assert_eq!(extract.report.unknown, BTreeMap::new());
    assert!(share >= 0.85, "{share}, not {others:?}");
    assert_eq!(extract.report.lost_areas, 0);
}

#[test]
fn monaco_has_places_in_the_categories_that_it_has() {
    check(
        "monaco",
        &[
            (Category::Household, 20),
            (Category::Medical, 9),
            (Category::Leisure, 15),
            (Category::Commerce, 80),
        ],
    );
}

#[test]
fn baltimore_has_places_in_the_categories_that_it_has() {
    check(
        "baltimore",
        &[
            (Category::Government, 10),
            (Category::Household, 50),
            (Category::Medical, 10),
            (Category::Education, 60),
            (Category::Culture, 100),
            (Category::Sports, 40),
            (Category::Leisure, 60),
            (Category::Commerce, 300),
        ],
    );
}
