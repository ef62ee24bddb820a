//! The circle on hand-made streets, with times worked by hand.
//!
//! An adult walks 5.1 km/h, so 12/17 s a metre; an elder 3.0 km/h, 1.2 s; a child
//! 3.6 km/h, 1 s; a wheelchair 2.9 km/h. The origin stands 20 m south of the street.

use serde_json::Value;

use crate::harness::{Client, Fixture, Town, World, at, both_databases, metres_between};

const ADULT_S: f64 = 12.0 / 17.0;

/// The origin of most tests, as query parameters.
pub fn origin() -> (String, String) {
    let (lat, lon) = at(0.0, -20.0);
    (format!("{lat:.7}"), format!("{lon:.7}"))
}

/// The circle around the usual origin.
#[track_caller]
pub fn circle(client: &Client, query: &[(&str, &str)]) -> Value {
    ask(client, query).with_status(200).json
}

/// The answer to the same.
#[track_caller]
pub fn ask(client: &Client, query: &[(&str, &str)]) -> crate::harness::Answer {
    let (lat, lon) = origin();
    let mut all = vec![("lat", lat.as_str()), ("lon", lon.as_str())];
    all.extend(query);
    client.ask("/v1/circle", &all)
}

/// The names of a circle's places, in their order.
pub fn names(circle: &Value) -> Vec<&str> {
    let places = circle["places"].as_array().expect("places");
    places.iter().filter_map(|place| place["name"].as_str()).collect()
}

/// The place of that name in a circle.
#[track_caller]
pub fn named<'a>(circle: &'a Value, name: &str) -> &'a Value {
    let places = circle["places"].as_array().expect("places");
    places
        .iter()
        .find(|place| place["name"] == name)
        .unwrap_or_else(|| panic!("{name} is not among {:?}", names(circle)))
}

#[track_caller]
fn near(found: &Value, expected: f64, within: f64, what: &str) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{what} is {found}"));
    assert!((found - expected).abs() <= within, "{what} is {found}, not {expected}");
}

/// Places all over the usual town.
fn usual_places() -> Fixture {
    Fixture::places()
        .place("东药店", "pharmacy", 300.0, 10.0)
        .place("北小学", "primary_school", 10.0, 400.0)
        .place("西公园", "park", -815.0, 5.0)
        .place("远西公园", "park", -845.0, 5.0)
        .place("图书馆", "library", 600.0, 350.0)
        .place("近便利店", "convenience_store", 50.0, 0.0)
        .place("海里的店", "shop", 0.0, -5000.0)
}

both_databases! {
    fn walks_are_along_the_streets_with_both_legs_counted(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let circle = circle(&server.anonymous(), &[]);
        assert_eq!(circle["method"], "streets");
        assert_eq!(names(&circle), ["近便利店", "东药店", "北小学", "西公园"]);
        for (name, network_m, door_m, straight_m) in [
            ("近便利店", 50.0, 0.0, 50.0_f64.hypot(20.0)),
            ("东药店", 300.0, 10.0, 300.0_f64.hypot(30.0)),
            ("北小学", 400.0, 10.0, 10.0_f64.hypot(420.0)),
            ("西公园", 815.0, 5.0, 815.0_f64.hypot(25.0)),
        ] {
            let place = named(&circle, name);
            let walk_m = 20.0 + network_m + door_m;
            near(&place["network_m"], network_m, 0.5, "network_m");
            near(&place["walk_m"], walk_m, 0.5, "walk_m");
            near(&place["walk_s"], walk_m * ADULT_S, 1.0, "walk_s");
            near(&place["straight_m"], straight_m, 0.5, "straight_m");
            assert!(place["walk_s"].is_u64(), "whole seconds");
        }
    }

    fn the_answer_says_how_it_was_found(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let circle = circle(&server.anonymous(), &[("minutes", "10")]);
        let origin = &circle["origin"];
        near(&origin["lat"], at(0.0, -20.0).0, 1e-6, "lat");
        near(&origin["lon"], at(0.0, -20.0).1, 1e-6, "lon");
        assert_eq!(origin["island"], false);
        let snapped = origin["snapped"].as_array().expect("a list");
        assert!(!snapped.is_empty());
        near(&snapped[0]["snap_m"], 20.0, 0.2, "snap_m");
        let foot = (snapped[0]["lat"].as_f64().expect("lat"), snapped[0]["lon"].as_f64().expect("lon"));
        assert!(metres_between(foot, at(0.0, 0.0)) < 0.5, "the foot is on the street right north");
        assert_eq!(circle["minutes"], 10);
        assert_eq!(circle["model"]["pace"], "adult");
        assert_eq!(circle["model"]["km_per_hour"], 5.1);
        assert!(circle["model"]["name"].as_str().is_some_and(|name| !name.is_empty()));
        near(&circle["model"]["detour_factor"], 1.4, 1e-9, "detour_factor");
        assert!(circle["map"]["attribution"].as_str().expect("words").contains("OpenStreetMap"));
        assert_eq!(circle["map"]["source"], "town.osm");
        assert!(circle["map"]["id"].as_str().is_some_and(|id| !id.is_empty()));
        assert!(circle["at"].as_str().is_some_and(|at| at.ends_with('Z')));
        let place = named(&circle, "东药店");
        assert!(place["id"].as_str().is_some_and(|id| id.starts_with("plc_")));
        assert_eq!((&place["category"], &place["kind"]), (&"medical".into(), &"pharmacy".into()));
        assert_eq!(place["osm"], Value::Null);
        assert_eq!(place["phone"], Value::Null);
        assert!(metres_between(
            (place["lat"].as_f64().expect("lat"), place["lon"].as_f64().expect("lon")),
            at(300.0, 10.0),
        ) < 0.1);
    }

    fn minutes_are_the_border(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let client = server.anonymous();
        // 840 m are 593 s, 870 m are 614 s.
        assert!(names(&circle(&client, &[("minutes", "9")])).iter().all(|name| *name != "西公园"));
        assert!(!names(&circle(&client, &[("minutes", "10")])).contains(&"远西公园"));
        assert!(names(&circle(&client, &[("minutes", "11")])).contains(&"远西公园"));
        assert_eq!(names(&circle(&client, &[("minutes", "1")])), ["近便利店"]);
        let mut before: Vec<String> = Vec::new();
        for minutes in [1, 2, 5, 9, 10, 11, 15, 30] {
            let minutes = minutes.to_string();
            let circle = circle(&client, &[("minutes", &minutes)]);
            let now: Vec<String> = names(&circle).into_iter().map(str::to_owned).collect();
            assert!(before.iter().all(|name| now.contains(name)), "{minutes} minutes lost a place");
            before = now;
        }
        assert_eq!(before.len(), 6);
        for (minutes, code) in [("0", "minimum"), ("31", "maximum"), ("-1", "minimum"), ("10.5", "type"), ("x", "type"), ("", "type")] {
            ask(&client, &[("minutes", minutes)]).is_invalid_at(&[("query", "/minutes", code)]);
        }
    }

    fn each_pace_walks_at_its_own_speed_and_takes_stairs_as_it_can(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let client = server.anonymous();
        for (pace, km_per_hour) in [("adult", 5.1), ("elder", 3.0), ("child", 3.6), ("wheelchair", 2.9)] {
            let circle = circle(&client, &[("pace", pace), ("minutes", "30")]);
            assert_eq!(circle["model"]["pace"], pace);
            near(&circle["model"]["km_per_hour"], km_per_hour, 0.01, "km_per_hour");
            near(&named(&circle, "东药店")["walk_s"], 330.0 * 3.6 / km_per_hour, 1.5, pace);
        }
        // 930 m on the level and 100 steps: 60 s, half as long again for an elder, a fifth for a child.
        for (pace, seconds_a_metre, stairs_s) in [("adult", ADULT_S, 60.0), ("elder", 1.2, 90.0), ("child", 1.0, 72.0)] {
            let circle = circle(&client, &[("pace", pace), ("minutes", "30")]);
            let library = named(&circle, "图书馆");
            near(&library["walk_s"], 930.0 * seconds_a_metre + stairs_s, 2.0, pace);
            near(&library["walk_m"], 970.0, 1.0, "walk_m");
        }
        let wheelchair = circle(&client, &[("pace", "wheelchair"), ("minutes", "30")]);
        assert!(!names(&wheelchair).contains(&"图书馆"), "there is no way without steps");
        ask(&client, &[("pace", "runner")]).is_invalid_at(&[("query", "/pace", "enum")]);
    }

    fn what_an_elder_reaches_an_adult_reaches(world: &World) {
        let mut places = usual_places();
        for number in 1..40_i32 {
            let offset = f64::from(number) * 25.0;
            places = places.place(&format!("沿街{number}"), "shop", -offset, 8.0);
        }
        world.import_places(&places);
        let server = world.serve();
        let client = server.anonymous();
        for minutes in ["3", "5", "10", "30"] {
            let adult = circle(&client, &[("minutes", minutes)]);
            for pace in ["elder", "child", "wheelchair"] {
                let slower = circle(&client, &[("pace", pace), ("minutes", minutes)]);
                let fewer = names(&slower).len() < names(&adult).len();
                assert!(fewer || minutes == "30", "{pace} in {minutes} minutes");
                assert!(names(&slower).iter().all(|name| names(&adult).contains(name)), "{pace}");
            }
        }
    }

    fn places_come_in_the_order_of_walking_time_up_to_the_limit(world: &World) {
        let mut places = Fixture::places();
        for number in 0..230_i32 {
            let offset = f64::from(number * 7 % 230) * 3.0;
            places = places.place(&format!("店{number}"), "shop", offset, 0.0);
        }
        world.import_places(&places);
        let server = world.serve();
        let client = server.anonymous();
        let all = circle(&client, &[("limit", "1000")]);
        let seconds: Vec<u64> = all["places"].as_array().expect("places").iter().filter_map(|place| place["walk_s"].as_u64()).collect();
        assert!(seconds.is_sorted(), "{seconds:?}");
        assert_eq!((seconds.len(), &all["total"]), (230, &230.into()));
        let usual = circle(&client, &[]);
        assert_eq!((names(&usual).len(), &usual["total"]), (200, &230.into()), "200 unless told");
        assert_eq!(names(&usual), names(&all)[..200]);
        let few = circle(&client, &[("limit", "3")]);
        assert_eq!((names(&few).len(), &few["total"]), (3, &230.into()));
        assert_eq!(few["summary"][9]["count"], 230, "the summary counts all");
        for (limit, code) in [("0", "minimum"), ("1001", "maximum"), ("x", "type")] {
            ask(&client, &[("limit", limit)]).is_invalid_at(&[("query", "/limit", code)]);
        }
    }

    fn the_summary_has_all_ten_categories_whatever_is_filtered(world: &World) {
        world.import_places(&usual_places().open("东公园", "park", 200.0, 5.0, "24/7"));
        let server = world.serve();
        let client = server.anonymous();
        let expected = [
            "party", "government", "household", "medical", "elder_care", "education", "culture", "sports", "leisure", "commerce",
        ];
        let unfiltered = circle(&client, &[]);
        for query in [vec![], vec![("category", "medical")], vec![("kind", "library")], vec![("q", "药店")], vec![("open", "true")]] {
            let circle = circle(&client, &query);
            let summary = circle["summary"].as_array().expect("a summary");
            let categories: Vec<_> = summary.iter().filter_map(|item| item["category"].as_str()).collect();
            assert_eq!(categories, expected);
            assert_eq!(circle["summary"], unfiltered["summary"], "{query:?}");
        }
        let of = |category: &str| unfiltered["summary"].as_array().into_iter().flatten().find(|item| item["category"] == category).expect("it").clone();
        let leisure = of("leisure");
        assert_eq!((&leisure["count"], &leisure["open_now"]), (&2.into(), &1.into()));
        assert_eq!(leisure["nearest"]["name"], "东公园");
        assert_eq!(leisure["nearest"]["id"], named(&unfiltered, "东公园")["id"]);
        assert_eq!(leisure["nearest"]["walk_s"], named(&unfiltered, "东公园")["walk_s"]);
        let party = of("party");
        assert_eq!((&party["count"], &party["open_now"], &party["nearest"]), (&0.into(), &0.into(), &Value::Null));
    }

    fn places_are_filtered_by_category_kind_and_name(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let client = server.anonymous();
        for (query, expected) in [
            (vec![("category", "medical")], vec!["东药店"]),
            (vec![("kind", "park")], vec!["西公园"]),
            (vec![("category", "medical"), ("kind", "park")], vec![]),
            (vec![("q", "小学")], vec!["北小学"]),
            (vec![("q", "小學")], vec!["北小学"]),
            (vec![("q", "beixiaoxue")], vec!["北小学"]),
            (vec![("q", "dyd")], vec!["东药店"]),
            (vec![("q", "店"), ("category", "commerce")], vec!["近便利店"]),
            (vec![("category", "party")], vec![]),
        ] {
            let circle = circle(&client, &query);
            assert_eq!(names(&circle), expected, "{query:?}");
            assert_eq!(circle["total"], expected.len(), "{query:?}");
        }
        ask(&client, &[("category", "food")]).is_invalid_at(&[("query", "/category", "enum")]);
        ask(&client, &[("kind", "teleport")]).is_invalid_at(&[("query", "/kind", "unknown_kind")]);
        ask(&client, &[("open", "perhaps")]).is_invalid_at(&[("query", "/open", "type")]);
    }

    fn a_river_without_a_bridge_is_not_crossed(world: &World) {
        let mut town = Town::default();
        town.way(&[(-500.0, 60.0), (500.0, 60.0)], &[("highway", "residential")]);
        town.way(&[(-500.0, -20.0), (500.0, -20.0)], &[("highway", "residential")]);
        town.way(&[(-5000.0, -10.0), (5000.0, -10.0)], &[("waterway", "river")]);
        world.build_map(&town);
        world.import_places(&Fixture::places().place("此岸", "shop", 100.0, 60.0).place("彼岸", "shop", 100.0, -20.0));
        let server = world.serve();
        let circle = server.anonymous().get("/v1/circle?lat=31.2&lon=112.6").ok();
        assert_eq!(names(&circle), ["此岸"]);
        let snapped = circle["origin"]["snapped"].as_array().expect("a list");
        snapped.iter().for_each(|foot| near(&foot["snap_m"], 60.0, 1.0, "snap_m"));
    }

    fn the_walk_is_to_the_door_that_is_reached_first(world: &World) {
        let server = world.serve();
        let door = |east_m: f64, north_m: f64| {
            let (lat, lon) = at(east_m, north_m);
            serde_json::json!({ "kind": "gate", "location": { "lat": lat, "lon": lon } })
        };
        let mut park = crate::harness::place("大公园", "park", 500.0, 150.0);
        park["doors"] = serde_json::json!([door(700.0, 5.0), door(400.0, 5.0)]);
        server.staff().post("/v1/places", &park).with_status(201);
        let found = crate::harness::until("the park", || {
            let circle = circle(&server.anonymous(), &[]);
            (names(&circle).len() == 1).then(|| circle["places"][0].clone())
        });
        near(&found["walk_m"], 20.0 + 400.0 + 5.0, 0.5, "walk_m");
        near(&found["straight_m"], 400.0_f64.hypot(25.0), 0.5, "straight_m");
        near(&found["lat"], at(500.0, 150.0).0, 1e-6, "the place itself is shown");
    }

    fn equal_questions_get_equal_answers_from_64_at_once(world: &World) {
        let mut places = usual_places();
        for number in 0..60_i32 {
            // Many at one spot, so that only the order by id tells them apart.
            places = places.open(&format!("同处{number}"), "shop", 120.0, 4.0, "Mo-Fr 09:00-17:00");
        }
        world.import_places(&places);
        let server = world.serve_with(&[("ONEGRID_WORKERS", "4")]);
        let query = [("at", "2026-03-03T10:00:00+08:00"), ("profile", "plain"), ("minutes", "15")];
        let client = server.anonymous();
        let first = ask(&client, &query).with_status(200).text;
        std::thread::scope(|scope| {
            for number in 0..64 {
                let client = client.on_own_connection();
                let (first, query) = (&first, &query);
                scope.spawn(move || {
                    // Other questions in between, which must leave no trace.
                    let minutes = (number % 30 + 1).to_string();
                    ask(&client, &[("minutes", &minutes), ("pace", "wheelchair")]).with_status(200);
                    assert_eq!(&ask(&client, query).with_status(200).text, first);
                });
            }
        });
    }
}
