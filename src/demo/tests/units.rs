//! The tree of units.

use super::super::generate;
use super::{COUNTY, SEED, SEEDS};
use std::collections::{BTreeMap, BTreeSet};
const LEVELS: [&str; 7] = ["city", "county", "street", "community", "grid", "group", "building"];

#[test]
fn every_unit_has_a_code_of_its_own_and_a_parent_above_it() {
    for seed in SEEDS {
        let city = generate(seed);
        let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
        for unit in &city.units {
            let level = LEVELS.iter().position(|level| *level == unit.level).expect("a level");
            match &unit.parent_code {
                Some(parent) => assert!(levels[parent.as_str()] < level, "{} under {parent}", unit.code),
                None => assert_eq!(unit.level, "city"),
            }
            let digits = if level <= 3 { 12 } else { 12 + 3 * (level - 3) };
            assert_eq!(unit.code.len(), digits, "{}", unit.code);
            assert!(levels.insert(&unit.code, level).is_none(), "{} twice", unit.code);
        }
    }
}

#[test]
fn a_unit_has_as_many_residents_as_its_children_together() {
    let city = generate(SEED);
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for unit in &city.units {
        if let Some(parent) = &unit.parent_code {
            *sums.entry(parent).or_default() += unit.population.expect("a population");
        }
    }
    for unit in &city.units {
        if let Some(sum) = sums.get(unit.code.as_str()) {
            assert_eq!(unit.population, Some(*sum), "{}", unit.name);
        }
    }
    let county = city
        .units
        .iter()
        .find(|unit| unit.code.starts_with(COUNTY))
        .expect("the county");
    assert!(
        (60_000..250_000).contains(&county.population.unwrap_or(0)),
        "{:?}",
        county.population
    );
}

#[test]
fn names_are_there_in_both_languages_and_siblings_have_different_ones() {
    let city = generate(SEED);
    let mut siblings = BTreeSet::new();
    for unit in &city.units {
        assert!(!unit.name.is_empty() && unit.name_en.is_ascii() && !unit.name_en.trim().is_empty());
        assert!(siblings.insert((&unit.parent_code, &unit.name)), "{} twice", unit.name);
    }
    for place in &city.places {
        assert!(!place.name.is_ascii() && place.name_en.is_ascii() && !place.name_en.is_empty());
    }
    for name in ["长乐社区", "重阳社区", "柳林镇"] {
        assert!(city.units.iter().any(|unit| unit.name == name), "{name}");
    }
}
