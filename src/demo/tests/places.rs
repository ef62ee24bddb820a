//! The places.

use super::super::{Unit, generate};
use super::{SEED, SEEDS, metres};
use crate::coordinates::Point;
use std::collections::{BTreeMap, BTreeSet};

/// The category of a kind, by the canonical list.
fn category(kind: &str) -> &'static str {
    match kind {
        "party_service_centre" | "party_service_point" => "party",
        "government_service_centre"
        | "community_service_station"
        | "street_office"
        | "police_station"
        | "judicial_office"
        | "courthouse"
        | "fire_station"
        | "village_convenience_room"
        | "government_office" => "government",
        "public_toilet" | "bus_stop" | "metro_station" | "parcel_point" | "recycling_point" | "waste_station"
        | "drinking_water" | "housekeeping" | "property_office" | "charging_station" => "household",
        "hospital"
        | "community_health_centre"
        | "health_station"
        | "clinic"
        | "pharmacy"
        | "dentist"
        | "village_health_room" => "medical",
        "nursing_home" | "elder_day_care" | "elder_canteen" | "elder_activity_room" => "elder_care",
        "nursery"
        | "kindergarten"
        | "primary_school"
        | "middle_school"
        | "school"
        | "college"
        | "training_centre"
        | "left_behind_children_room" => "education",
        "culture_centre"
        | "culture_station"
        | "library"
        | "museum"
        | "gallery"
        | "theatre"
        | "village_culture_room" => "culture",
        "sports_centre" | "sports_pitch" | "fitness_centre" | "fitness_station" | "swimming_pool" | "stadium" => {
            "sports"
        }
        "park" | "garden" | "playground" | "square" | "cinema" | "karaoke" | "games_room" => "leisure",
        "supermarket" | "convenience_store" | "market" | "fresh_food_shop" | "bakery" | "restaurant" | "fast_food"
        | "cafe" | "bank" | "atm" | "post_office" | "hairdresser" | "laundry" | "repair_shop" | "mall"
        | "clothes_shop" | "hardware_shop" | "telecom_shop" | "hotel" | "bookshop" | "shop" => "commerce",
        other => panic!("no category for {other}"),
    }
}

#[test]
fn every_place_belongs_to_a_unit_and_has_a_reference_of_its_own() {
    for seed in SEEDS {
        let city = generate(seed);
        let codes: BTreeSet<&str> = city.units.iter().map(|unit| unit.code.as_str()).collect();
        let mut references = BTreeSet::new();
        for place in &city.places {
            assert!(codes.contains(place.unit_code.as_str()), "{}", place.name);
            assert!(references.insert(&place.reference));
            assert_eq!(place.doors.is_empty(), !place.stops.is_empty(), "{}", place.name);
        }
    }
}

#[test]
fn all_ten_categories_are_there_and_commerce_is_the_largest() {
    for seed in SEEDS {
        let city = generate(seed);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for place in &city.places {
            *counts.entry(category(place.kind)).or_default() += 1;
        }
        assert_eq!(counts.len(), 10, "{counts:?}");
        assert!(counts.values().all(|count| *count >= 25), "{counts:?}");
        assert_eq!(counts.values().max(), counts.get("commerce"));
    }
}

#[test]
fn villages_have_their_four_rooms_save_three_that_lack_one() {
    for seed in SEEDS {
        let city = generate(seed);
        let rooms = |code: &str| {
            city.places
                .iter()
                .filter(|place| place.unit_code == code)
                .filter(|place| {
                    matches!(
                        place.kind,
                        "village_convenience_room"
                            | "village_health_room"
                            | "left_behind_children_room"
                            | "village_culture_room"
                    )
                })
                .count()
        };
        let counts: Vec<usize> = city
            .units
            .iter()
            .filter(|unit| unit.level == "community" && unit.setting == "rural")
            .map(|unit| rooms(&unit.code))
            .collect();
        assert_eq!(counts.len(), 18, "seed {seed}");
        assert_eq!(counts.iter().filter(|count| **count == 4).count(), 15, "seed {seed}");
        assert_eq!(counts.iter().filter(|count| **count == 3).count(), 3, "seed {seed}");
    }
}

#[test]
fn somebody_lives_too_far_from_a_doctor_and_from_care_for_the_old() {
    for seed in SEEDS {
        let city = generate(seed);
        for wanted in ["medical", "elder_care"] {
            let doors: Vec<Point> = city
                .places
                .iter()
                .filter(|place| category(place.kind) == wanted)
                .flat_map(|place| place.doors.iter().copied())
                .collect();
            let south_east = |unit: &&Unit| unit.level == "building" && unit.name.ends_with("号楼");
            let far = city
                .units
                .iter()
                .filter(south_east)
                .filter_map(|unit| unit.location)
                .filter(|at| doors.iter().all(|door| metres(*at, *door) > 425.0))
                .count();
            assert!(far > 0, "seed {seed}: {wanted}");
        }
    }
}

#[test]
fn opening_hours_and_timetables_follow_the_grammar() {
    for seed in SEEDS {
        let city = generate(seed);
        let mut unknown = 0;
        for place in &city.places {
            let stops = place.stops.iter().map(|stop| stop.opening_hours.as_str());
            for hours in place.opening_hours.as_deref().into_iter().chain(stops) {
                assert!(hours.parse::<opening_hours::OpeningHours>().is_ok(), "{hours}");
            }
            unknown += usize::from(place.opening_hours.is_none() && place.stops.is_empty());
        }
        assert!(unknown > 30, "seed {seed}: {unknown}");
        assert!(city.places.iter().filter(|place| !place.stops.is_empty()).count() >= 5);
    }
}

#[test]
fn telephone_numbers_are_invented_and_given_once() {
    let city = generate(SEED);
    let phones: Vec<&String> = city.places.iter().filter_map(|place| place.phone.as_ref()).collect();
    let unique: BTreeSet<&&String> = phones.iter().collect();
    assert_eq!(unique.len(), phones.len());
    assert!(phones.len() > 500);
    assert!(phones.iter().all(|phone| phone.starts_with("0600-555")));
}

#[test]
fn the_hospital_turns_its_back_on_the_town() {
    for seed in SEEDS {
        let city = generate(seed);
        let hospital = city
            .places
            .iter()
            .find(|place| place.name == "澄河县人民医院")
            .expect("the hospital");
        assert_eq!(hospital.doors.len(), 1, "seed {seed}");
        // The town's middle is south of it, its gate in the north.
        let off = hospital.doors[0].lat - hospital.point.lat;
        assert!(off * 111_195.0 > 80.0, "seed {seed}: {off}");
        let parks = city.places.iter().filter(|place| place.kind == "park");
        assert!(parks.clone().count() == 3 && parks.clone().all(|park| park.doors.len() == 4));
    }
}
