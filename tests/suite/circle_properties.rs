//! What holds of every circle, wherever it is and however one walks.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::harness::{Client, Fixture, Town, World, at, both_databases};
use crate::http_surprises::runner;

/// A town of blocks with some ways that not everybody may use.
fn blocks() -> Town {
    let mut town = Town::default();
    let street = [("highway", "residential")];
    for row in 0..6_i32 {
        let north_m = f64::from(row) * 120.0;
        let along: Vec<(f64, f64)> = (0..9_i32).map(|column| (f64::from(column) * 90.0, north_m)).collect();
        town.way(&along, &street);
    }
    for column in 0..9_i32 {
        let east_m = f64::from(column) * 90.0;
        let up: Vec<(f64, f64)> = (0..6_i32).map(|row| (east_m, f64::from(row) * 120.0)).collect();
        let tags = match column % 3 {
            0 => [("highway", "residential"), ("lit", "yes")],
            1 => [("highway", "steps"), ("step_count", "40")],
            _ => [("highway", "service"), ("access", "private")],
        };
        town.way(&up, &tags);
    }
    // An island of its own beside the town.
    town.way(&[(1100.0, 0.0), (1100.0, 400.0)], &street);
    town
}

fn places() -> Fixture {
    let kinds = [
        "pharmacy",
        "park",
        "shop",
        "library",
        "bus_stop",
        "primary_school",
        "nursing_home",
    ];
    (0..120_usize).fold(Fixture::places(), |table, number| {
        let east_m = (number * 37 % 1200) as f64;
        let north_m = (number * 61 % 640) as f64;
        let kind = kinds[number % kinds.len()];
        table.open(&format!("处{number}"), kind, east_m, north_m, "Mo-Fr 09:00-17:00")
    })
}

/// The circle, and in it the seconds to each place.
fn walks(client: &Client, origin: (f64, f64), pace: &str, minutes: u32) -> (Value, BTreeMap<String, u64>) {
    let (lat, lon) = at(origin.0, origin.1);
    let (lat, lon, minutes) = (lat.to_string(), lon.to_string(), minutes.to_string());
    let circle = client
        .ask(
            "/v1/circle",
            &[
                ("lat", &lat),
                ("lon", &lon),
                ("pace", pace),
                ("minutes", &minutes),
                ("limit", "1000"),
                ("at", "2026-03-03T10:00:00+08:00"),
            ],
        )
        .with_status(200)
        .json;
    let list = circle["places"].as_array().expect("places");
    let seconds = list
        .iter()
        .map(|place| {
            let id = place["id"].as_str().expect("an id").to_owned();
            (id, place["walk_s"].as_u64().expect("seconds"))
        })
        .collect();
    (circle, seconds)
}

fn is_sound(circle: &Value, minutes: u32) -> Result<(), TestCaseError> {
    let list = circle["places"].as_array().expect("places");
    let number = |place: &Value, name: &str| place[name].as_f64().expect("a number");
    prop_assert!(list.is_sorted_by_key(|place| place["walk_s"].as_u64()));
    for place in list {
        prop_assert!(number(place, "walk_s") <= f64::from(minutes * 60), "{place}");
        prop_assert!(number(place, "straight_m") <= number(place, "walk_m") + 1.0, "{place}");
        match circle["method"].as_str() {
            Some("streets") => prop_assert!(number(place, "network_m") <= number(place, "walk_m") + 0.1, "{place}"),
            _ => prop_assert!(place["network_m"].is_null(), "{place}"),
        }
    }
    let summary = circle["summary"].as_array().expect("a summary");
    let counted: u64 = summary.iter().filter_map(|category| category["count"].as_u64()).sum();
    prop_assert_eq!(counted, list.len() as u64);
    for category in summary {
        let nearest = list.iter().find(|place| place["category"] == category["category"]);
        prop_assert_eq!(
            &category["nearest"]["id"],
            nearest.map_or(&Value::Null, |place| &place["id"])
        );
    }
    Ok(())
}

both_databases! {
    fn a_longer_walk_loses_no_place_and_a_slower_one_wins_none(world: &World) {
        world.build_map(&blocks());
        world.import_places(&places());
        let server = world.serve();
        let client = server.anonymous();
        let origin = (-100.0..1300.0, -100.0..700.0);
        let pace = prop::sample::select(vec!["adult", "elder", "child", "wheelchair"]);
        runner(60).run(&(origin, pace, 1_u32..30), |(origin, pace, minutes)| {
            let (circle, seconds) = walks(&client, origin, pace, minutes);
            is_sound(&circle, minutes)?;
            let (longer, more_seconds) = walks(&client, origin, pace, minutes + 1);
            is_sound(&longer, minutes + 1)?;
            for (id, walk_s) in &seconds {
                prop_assert_eq!(more_seconds.get(id), Some(walk_s), "{} by {} in {}", id, pace, minutes);
            }
            for (id, walk_s) in &more_seconds {
                prop_assert!(seconds.contains_key(id) || *walk_s >= u64::from(minutes) * 60, "{} was forgotten", id);
            }
            // Who may climb stairs walks the same streets at another speed.
            if pace == "elder" || pace == "child" {
                let (_, adult) = walks(&client, origin, "adult", minutes);
                for (id, walk_s) in &seconds {
                    prop_assert!(adult.get(id).is_some_and(|faster| faster <= walk_s), "{} is nearer by {}", id, pace);
                }
            }
            let (again, _) = walks(&client, origin, pace, minutes);
            prop_assert_eq!(again, circle, "the same question has the same answer");
            Ok(())
        }).expect("what holds of every circle");
    }
}
