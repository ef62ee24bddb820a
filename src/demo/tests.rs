//! The city keeps its promises, whatever the seed.

use super::{City, generate};
use crate::coordinates::Point;
use std::hash::{DefaultHasher, Hash, Hasher};

mod places;
mod streets;
mod units;

const SEED: u64 = 2026;
const SEEDS: [u64; 5] = [SEED, 0, 1, 77, u64::MAX];
const COUNTY: &str = "990121";

fn metres(a: Point, b: Point) -> f64 {
    let east = (b.lon - a.lon) * 111_195.0 * a.lat.to_radians().cos();
    east.hypot((b.lat - a.lat) * 111_195.0)
}

fn digest(city: &City) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{city:?}").hash(&mut hasher);
    hasher.finish()
}

#[test]
fn the_same_seed_gives_the_same_city_and_another_seed_another() {
    let first = digest(&generate(SEED));
    assert_eq!(first, digest(&generate(SEED)));
    assert_ne!(first, digest(&generate(SEED + 1)));
}

#[test]
fn there_are_as_many_things_as_promised() {
    for seed in SEEDS {
        let city = generate(seed);
        let count = |level: &str| city.units.iter().filter(|unit| unit.level == level).count();
        assert_eq!((count("city"), count("county")), (1, 5), "seed {seed}");
        assert_eq!(count("community"), 40, "seed {seed}");
        assert!((80..160).contains(&count("grid")), "seed {seed}: {}", count("grid"));
        assert!(
            (2_000..4_500).contains(&count("building")),
            "seed {seed}: {}",
            count("building")
        );
        assert!(
            (1_350..1_700).contains(&city.places.len()),
            "seed {seed}: {}",
            city.places.len()
        );
        assert!(city.streets.nodes.len() < 30_000, "seed {seed}");
        assert!(city.estates.len() > 60, "seed {seed}: {}", city.estates.len());
    }
}

#[test]
fn everything_of_the_county_lies_within_its_bounds() {
    for seed in SEEDS {
        let city = generate(seed);
        let bounds = city.streets.bounds.expect("bounds");
        for node in &city.streets.nodes {
            // The river's banks run on to the very edge.
            assert!(bounds.contains(node.point), "node {}", node.id);
        }
        for place in &city.places {
            assert!(bounds.contains(place.point), "{}", place.name);
        }
        for unit in city.units.iter().filter(|unit| unit.code.starts_with(COUNTY)) {
            assert!(bounds.contains(unit.location.expect("a location")), "{}", unit.name);
        }
    }
}
