//! The area within some minutes' walk, as GeoJSON.
//!
//! An adult walks 85 m a minute. The origin of most tests stands 20 m south of the
//! street, so that the street itself is reached as far as 85 m a minute less 20 m.

use proptest::prelude::*;
use serde_json::Value;

use crate::circle_lookup::origin;
use crate::harness::{Answer, Client, Fixture, Town, World, at, both_databases, metres_between};
use crate::http_surprises::runner;

type Position = (f64, f64);

#[track_caller]
fn ask(client: &Client, query: &[(&str, &str)]) -> Answer {
    let (lat, lon) = origin();
    let mut all = vec![("lat", lat.as_str()), ("lon", lon.as_str())];
    all.extend(query);
    client.ask("/v1/circle/area", &all)
}

/// The rings of the band of so many minutes, as longitude and latitude.
#[track_caller]
fn rings(area: &Value, minutes: u64) -> Vec<Vec<[f64; 2]>> {
    let features = area["features"].as_array().expect("features");
    let band = features
        .iter()
        .find(|feature| feature["properties"]["kind"] == "band" && feature["properties"]["minutes"] == minutes)
        .unwrap_or_else(|| panic!("no band of {minutes} minutes"));
    assert_eq!(band["geometry"]["type"], "MultiPolygon");
    let polygons: Vec<Vec<Vec<[f64; 2]>>> =
        serde_json::from_value(band["geometry"]["coordinates"].clone()).expect("coordinates");
    for polygon in &polygons {
        for (number, ring) in polygon.iter().enumerate() {
            assert!(ring.len() >= 4 && ring.first() == ring.last(), "a ring is closed");
            let [x, y] = ring[0];
            let doubled: f64 = ring
                .windows(2)
                .map(|pair| (pair[0][0] - x) * (pair[1][1] - y) - (pair[1][0] - x) * (pair[0][1] - y))
                .sum();
            assert_eq!(
                doubled > 0.0,
                number == 0,
                "an outer ring runs counter-clockwise, a hole clockwise"
            );
        }
    }
    polygons.into_iter().flatten().collect()
}

/// The reached streets as points two metres apart.
fn streets(area: &Value) -> Vec<Position> {
    let features = area["features"].as_array().expect("features");
    let lines = &features.last().expect("the streets")["geometry"]["coordinates"];
    let lines: Vec<Vec<[f64; 2]>> = serde_json::from_value(lines.clone()).expect("lines");
    let pairs = lines.iter().flat_map(|line| line.windows(2));
    pairs
        .flat_map(|pair| {
            let [[x1, y1], [x2, y2]] = [pair[0], pair[1]];
            let parts = (metres_between((y1, x1), (y2, x2)) / 2.0).ceil().max(1.0);
            (0..=parts as u32).map(move |part| {
                let share = f64::from(part) / parts;
                (y1 + share * (y2 - y1), x1 + share * (x2 - x1))
            })
        })
        .collect()
}

/// By the even-odd rule.
fn is_in(rings: &[Vec<[f64; 2]>], (lat, lon): Position) -> bool {
    let sides = rings.iter().flat_map(|ring| ring.windows(2));
    let crossed = sides.filter(|pair| {
        let [[x1, y1], [x2, y2]] = [pair[0], pair[1]];
        (y1 > lat) != (y2 > lat) && lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1)
    });
    crossed.count() % 2 == 1
}

fn position(value: &Value) -> Position {
    (value["lat"].as_f64().expect("lat"), value["lon"].as_f64().expect("lon"))
}

both_databases! {
    fn bands_come_largest_first_and_the_streets_last(world: &World) {
        let server = world.serve();
        let answer = ask(&server.anonymous(), &[]);
        assert_eq!(answer.header("content-type"), Some("application/geo+json"));
        let area = answer.ok();
        assert_eq!(area["type"], "FeatureCollection");
        let told: Vec<(Value, Value, Value)> = area["features"].as_array().expect("features").iter().map(|feature| {
            assert_eq!(feature["type"], "Feature");
            let properties = &feature["properties"];
            assert_eq!(properties["method"], "streets");
            (properties["kind"].clone(), properties["minutes"].clone(), feature["geometry"]["type"].clone())
        }).collect();
        let polygons = |minutes: u64| ("band".into(), minutes.into(), "MultiPolygon".into());
        let streets = ("streets".into(), 15_u64.into(), "MultiLineString".into());
        assert_eq!(told, [polygons(15), polygons(10), polygons(5), streets]);
        assert_eq!(area["method"], "streets");
        assert_eq!(area["direction"], "from");
        assert_eq!(area["model"]["pace"], "adult");
        assert_eq!(area["map"]["source"], "town.osm");
        assert!(area["attribution"][0].as_str().expect("words").contains("OpenStreetMap"));
        assert!(area["complete"].is_boolean());
        assert_eq!(area["streets_change_at"], Value::Null);
        assert!(area["at"].as_str().is_some_and(|at| at.ends_with('Z')));
        let snapped = &area["origin"]["snapped"][0];
        assert!(metres_between(position(snapped), at(0.0, 0.0)) < 0.5);
        let two = ask(&server.anonymous(), &[("minutes", "3,12,3")]).ok();
        let minutes: Vec<u64> = two["features"].as_array().expect("features").iter().filter_map(|feature| feature["properties"]["minutes"].as_u64()).collect();
        assert_eq!(minutes, [12, 3, 12]);
        let plain = server.anonymous().with("accept", "application/json");
        assert_eq!(ask(&plain, &[]).with_status(200).header("content-type"), Some("application/json"));
        ask(&server.anonymous().with("accept", "text/html"), &[]).is_problem(406, "not-acceptable");
    }

    fn a_band_is_the_street_as_far_as_its_minutes_and_the_ground_beside_it(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        let area = ask(&client, &[]).ok();
        // 5 minutes are 425 m: 405 m of street either way; 10 are 850: 830; 15 are 1275, more than there is.
        for (minutes, street_m) in [(5, 405.0), (10, 830.0), (15, 1000.0)] {
            let rings = rings(&area, minutes);
            for east_m in [-street_m + 1.0, -200.0, 0.0, 200.0, street_m - 1.0] {
                assert!(is_in(&rings, at(east_m, 0.0)), "{east_m} in {minutes}");
            }
            assert!(!is_in(&rings, at(street_m + 12.0 + 25.0, 0.0)), "{minutes}");
            assert!(is_in(&rings, at(200.0, 20.0)) && !is_in(&rings, at(200.0, 40.0)), "{minutes}");
            assert!(is_in(&rings, at(0.0, -20.0)), "the origin in {minutes}");
            assert_eq!(is_in(&rings, at(0.0, 500.0)), minutes > 5);
            assert_eq!(is_in(&rings, at(0.0, 410.0)), minutes > 5, "the northern street ends at 405 m, too");
        }
        let streets = &area["features"][3]["geometry"]["coordinates"];
        let metres: f64 = streets.as_array().expect("lines").iter().map(|line| {
            let points: Vec<[f64; 2]> = serde_json::from_value(line.clone()).expect("positions");
            points.windows(2).map(|pair| metres_between((pair[0][1], pair[0][0]), (pair[1][1], pair[1][0]))).sum::<f64>()
        }).sum();
        // 2000 m and 600 m of street, 40 m of steps (60 s), and 300 m of path.
        assert!((metres - 2940.0).abs() < 2.0, "{metres}");
        let wheels = ask(&client, &[("pace", "wheelchair"), ("minutes", "30")]).ok();
        assert!(!is_in(&rings(&wheels, 30), at(600.0, 200.0)), "nothing leads there without steps");
    }

    fn the_far_bank_is_in_no_band(world: &World) {
        let mut town = Town::default();
        let street = [("highway", "residential")];
        town.way(&[(-500.0, 60.0), (500.0, 60.0)], &street);
        town.way(&[(-500.0, -20.0), (500.0, -20.0)], &street);
        town.way(&[(-5000.0, -10.0), (5000.0, -10.0)], &[("waterway", "river")]);
        world.build_map(&town);
        let server = world.serve();
        let area = server.anonymous().get("/v1/circle/area?lat=31.2&lon=112.6&minutes=5,30").ok();
        for minutes in [5, 30] {
            let rings = rings(&area, minutes);
            for number in -20..=20 {
                let east_m = f64::from(number) * 25.0;
                assert!(!is_in(&rings, at(east_m, -12.0)) && !is_in(&rings, at(east_m, -20.0)), "{east_m}");
            }
            assert!(is_in(&rings, at(0.0, 60.0)) && is_in(&rings, at(0.0, 0.0)));
        }
    }

    fn a_place_or_a_building_may_be_the_origin(world: &World) {
        world.import_units();
        world.import_places(&Fixture::places().place("小学", "primary_school", 300.0, 10.0));
        let server = world.serve();
        let client = server.anonymous();
        let school = client.get("/v1/places").ok()["items"][0]["id"].as_str().expect("an id").to_owned();
        let of_place = client.ask("/v1/circle/area", &[("place", &school), ("minutes", "1")]).ok();
        assert_eq!(of_place["origin"]["place"], school.as_str());
        let around = rings(&of_place, 1);
        assert!(is_in(&around, at(300.0, 10.0)) && is_in(&around, at(360.0, 0.0)) && !is_in(&around, at(100.0, 0.0)));
        let building = crate::harness::unit_id(&client, "429901001001001A1");
        let of_building = client.ask("/v1/circle/area", &[("building", &building), ("minutes", "1")]).ok();
        assert_eq!(of_building["origin"]["building"], building.as_str());
        assert!(is_in(&rings(&of_building, 1), at(0.0, 0.0)));
        client.ask("/v1/circle/area", &[("place", &school), ("building", &building)])
            .is_invalid_at(&[("query", "/building", "one_origin"), ("query", "/place", "one_origin")]);
    }

    fn far_from_all_streets_a_band_is_a_disc_and_says_so(world: &World) {
        let server = world.serve();
        let (lat, lon) = at(0.0, -5000.0);
        let (lat, lon) = (lat.to_string(), lon.to_string());
        let area = server.anonymous().ask("/v1/circle/area", &[("lat", &lat), ("lon", &lon), ("minutes", "5,10")]).ok();
        assert_eq!(area["method"], "straight_line");
        assert_eq!(area["features"][0]["properties"]["method"], "straight_line");
        assert_eq!(area["features"][2]["geometry"]["coordinates"], serde_json::json!([]));
        // 5 minutes are 425 m of walking: 425 / 1.4 = 303.6 m as the crow flies.
        let rings = rings(&area, 5);
        for corner in &rings[0] {
            let metres = metres_between((corner[1], corner[0]), at(0.0, -5000.0));
            assert!((metres - 303.6).abs() < 0.5, "{metres}");
        }
    }

    fn every_bad_parameter_is_named_at_once(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        let faults = client.get("/v1/circle/area?lat=31.2&minutes=5,31&crs=gcj02&max_incline=5&at=1900-01-01T00:00:00Z&pace=runner&x=1");
        faults.is_invalid_at(&[
            ("query", "/lon", "required"),
            ("query", "/minutes", "range"),
            ("query", "/crs", "geojson_is_wgs84"),
            ("query", "/max_incline", "wheelchair_only"),
            ("query", "/at", "range"),
            ("query", "/pace", "enum"),
            ("query", "/x", "unknown_field"),
        ]);
        for (minutes, code) in [("0", "range"), ("5,", "pattern"), ("1,2,3,4,5,6,7", "pattern"), ("a", "pattern"), ("", "pattern"), ("5;10", "pattern")] {
            ask(&client, &[("minutes", minutes)]).is_invalid_at(&[("query", "/minutes", code)]);
        }
        let nowhere = "plc_00000000000000000000000000";
        client.ask("/v1/circle/area", &[("place", nowhere)]).is_invalid_at(&[("query", "/place", "unknown_place")]);
    }

    fn an_area_costs_as_much_as_five_circles(world: &World) {
        // 10 a second in the long run, 20 at once.
        let server = world.serve_with(&[("ONEGRID_CIRCLE_RATE", "10")]);
        let client = server.anonymous();
        let refused = crate::harness::until("a refusal", || {
            let answers: Vec<u16> = (0..6).map(|_| ask(&client, &[("minutes", "1")]).status).collect();
            answers.contains(&429).then_some(answers)
        });
        assert!(refused.iter().all(|status| [200, 429].contains(status)), "{refused:?}");
    }

    fn what_the_circle_reaches_is_in_its_band_and_what_it_does_not_reach_is_not(world: &World) {
        world.build_map(&blocks());
        world.import_places(&shops());
        let server = world.serve();
        let client = server.anonymous();
        let origin = (-60.0..760.0, -60.0..660.0);
        let pace = prop::sample::select(vec!["adult", "elder", "child", "wheelchair"]);
        let direction = prop::sample::select(vec!["from", "to"]);
        runner(12).run(&(origin, pace, direction, 2_u32..12), |(origin, pace, direction, minutes)| {
            let (lat, lon) = at(origin.0, origin.1);
            let (lat, lon, minutes) = (lat.to_string(), lon.to_string(), minutes.to_string());
            let walk = [("lat", lat.as_str()), ("lon", lon.as_str()), ("pace", pace), ("direction", direction), ("minutes", &minutes)];
            let area = client.ask("/v1/circle/area", &walk).ok();
            let rings = rings(&area, minutes.parse().expect("a number"));
            prop_assert!(is_in(&rings, at(origin.0, origin.1)), "the origin is inside");
            let mut walk = walk.to_vec();
            walk.push(("limit", "1000"));
            let circle = client.ask("/v1/circle", &walk).ok();
            let reached = circle["places"].as_array().expect("places");
            let street_points: Vec<Position> = reached.iter().map(|place| position(&place["door"]["snapped"])).collect();
            for (place, street) in reached.iter().zip(&street_points) {
                prop_assert!(is_in(&rings, *street), "{} is not inside", place["name"]);
            }
            let streets = streets(&area);
            let last = walk.len() - 2;
            walk[last].1 = "30";
            let wider = client.ask("/v1/circle", &walk).ok();
            for place in wider["places"].as_array().expect("places") {
                let street = position(&place["door"]["snapped"]);
                // Nearer than that the ground of a reached street may hold it.
                if streets.iter().all(|reached| metres_between(*reached, street) > 14.0) {
                    prop_assert!(!is_in(&rings, street), "{} is inside", place["name"]);
                }
            }
            Ok(())
        }).expect("the area of a circle");
    }
}

/// Blocks of 90 × 120 m with some stairs and a compound of its own.
fn blocks() -> Town {
    let mut town = Town::default();
    for row in 0..6_i32 {
        let along: Vec<(f64, f64)> = (0..9_i32)
            .map(|column| (f64::from(column) * 90.0, f64::from(row) * 120.0))
            .collect();
        town.way(&along, &[("highway", "residential")]);
    }
    for column in 0..9_i32 {
        let up: Vec<(f64, f64)> = (0..6_i32)
            .map(|row| (f64::from(column) * 90.0, f64::from(row) * 120.0))
            .collect();
        let tags: &[(&str, &str)] = match column % 3 {
            0 => &[("highway", "residential")],
            1 => &[("highway", "footway"), ("oneway:foot", "yes")],
            _ => &[("highway", "service"), ("access", "private")],
        };
        town.way(&up, tags);
    }
    town
}

fn shops() -> Fixture {
    (0..90_u32).fold(Fixture::places(), |table, number| {
        let (east_m, north_m) = (f64::from(number * 53 % 720), f64::from(number * 29 % 600));
        table.place(&format!("店{number}"), "shop", east_m, north_m)
    })
}
