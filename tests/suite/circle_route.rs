//! The walk to one place, as GeoJSON with its steps in words.

use proptest::prelude::*;
use serde_json::Value;

use crate::harness::{Answer, Client, Fixture, Town, World, at, both_databases, metres_between, place, until};
use crate::http_surprises::runner;

/// Streets with names, a crossing with a light, steps, an alley:
///
/// ```text
///                          clinic · (215, 182)
///                  (200, 180) ────┘
///                       | an alley without a name
///                  (200, 100)
///                       # 40 steps
///                  (200, 80)
///                       | 中山路 (Zhongshan Road)
///  人民路 (0, 0) ───(200, 0)──┆ light ┆──(400, 0)
///  · origin (0, -20)
/// ```
fn town() -> Town {
    let mut town = Town::default();
    town.way(
        &[(-100.0, 0.0), (0.0, 0.0), (200.0, 0.0), (300.0, 0.0)],
        &[("highway", "residential"), ("name", "人民路")],
    );
    town.way(
        &[(300.0, 0.0), (312.0, 0.0)],
        &[
            ("highway", "footway"),
            ("footway", "crossing"),
            ("crossing", "traffic_signals"),
        ],
    );
    town.way(
        &[(312.0, 0.0), (400.0, 0.0)],
        &[("highway", "residential"), ("name", "人民路")],
    );
    town.way(
        &[(200.0, 0.0), (200.0, 80.0)],
        &[
            ("highway", "residential"),
            ("name", "中山路"),
            ("name:en", "Zhongshan Road"),
        ],
    );
    town.way(
        &[(200.0, 80.0), (200.0, 100.0)],
        &[("highway", "steps"), ("step_count", "40")],
    );
    town.way(
        &[(200.0, 100.0), (200.0, 180.0), (215.0, 180.0)],
        &[("highway", "footway")],
    );
    town
}

fn fixture() -> Fixture {
    Fixture::places()
        .place("卫生站", "clinic", 215.0, 192.0)
        .place("路口店", "shop", 390.0, 0.0)
        .place("远处", "shop", 0.0, 9000.0)
        .mobile(
            "流动诊所",
            "clinic",
            &[(100.0, 5.0, "Tu 09:00-11:00"), (-90.0, 5.0, "Tu 14:00-16:00")],
        )
}

fn id(client: &Client, name: &str) -> String {
    until("the place", || {
        let list = client.get("/v1/places?limit=500").ok();
        let item = list["items"].as_array()?.iter().find(|item| item["name"] == name)?;
        item["id"].as_str().map(str::to_owned)
    })
}

fn ask(client: &Client, to: &str, query: &[(&str, &str)]) -> Answer {
    let (lat, lon) = at(0.0, -20.0);
    let (lat, lon, to) = (lat.to_string(), lon.to_string(), id(client, to));
    let mut all = vec![("lat", lat.as_str()), ("lon", lon.as_str()), ("to", &to)];
    all.extend(query);
    client.ask("/v1/circle/route", &all)
}

fn texts(route: &Value) -> Vec<&str> {
    let steps = route["properties"]["steps"].as_array().expect("steps");
    steps.iter().filter_map(|step| step["text"].as_str()).collect()
}

fn line(route: &Value) -> Vec<(f64, f64)> {
    assert_eq!(route["geometry"]["type"], "LineString");
    let line: Vec<[f64; 2]> = serde_json::from_value(route["geometry"]["coordinates"].clone()).expect("positions");
    line.into_iter().map(|[lon, lat]| (lat, lon)).collect()
}

both_databases! {
    fn a_walk_is_told_step_by_step_in_both_languages(world: &World) {
        world.build_map(&town());
        world.import_places(&fixture());
        let server = world.serve();
        let client = server.anonymous();
        let answer = ask(&client, "卫生站", &[]);
        assert_eq!(answer.header("content-type"), Some("application/geo+json"));
        let route = answer.ok();
        assert_eq!(route["type"], "Feature");
        assert_eq!(texts(&route), [
            "向北走 20 米到路边",
            "右转进入人民路，走 200 米",
            "左转进入中山路，走 80 米",
            "走台阶 40 级",
            "直行进入小路，走 80 米",
            "右转进入小路，走 15 米",
            "向北走 10 米到门口",
            "到达：卫生站",
        ]);
        let english = ask(&client.with("accept-language", "en"), "卫生站", &[]).ok();
        assert_eq!(texts(&english), [
            "Walk north for 20 m to the street",
            "Turn right onto 人民路 and walk 200 m",
            "Turn left onto Zhongshan Road and walk 80 m",
            "Take 40 steps",
            "Go straight on along the path for 80 m",
            "Turn right onto the path and walk 15 m",
            "Walk north for 10 m to the door",
            "Arrive: 卫生站",
        ]);
        // 20 + 200 + 80 + 20 + 95 + 12 = 427 m: 407 on the level at 12/17 s a metre, and 40 steps at 0.6 s.
        let told = &route["properties"];
        let number = |name: &str| told[name].as_f64().expect("a number");
        assert!((number("walk_m") - 427.0).abs() < 0.5, "{told}");
        assert!((number("network_m") - 395.0).abs() < 0.5, "{told}");
        assert!((number("walk_s") - (407.0 * 12.0 / 17.0 + 24.0)).abs() < 1.5, "{told}");
        let steps = told["steps"].as_array().expect("steps");
        let sum = |name: &str| steps.iter().filter_map(|step| step[name].as_f64()).sum::<f64>();
        assert!((sum("walk_m") - number("walk_m")).abs() < 0.5);
        assert!((sum("walk_s") - number("walk_s")).abs() < 1.5);
        let line = line(&route);
        assert!(metres_between(line[0], at(0.0, -20.0)) < 0.1);
        assert!(metres_between(line[line.len() - 1], at(215.0, 192.0)) < 0.1);
        let starts: Vec<(f64, f64)> = steps.iter().map(|step| line[step["starts_at"].as_u64().expect("a number") as usize]).collect();
        let expected = [(0.0, -20.0), (0.0, 0.0), (200.0, 0.0), (200.0, 80.0), (200.0, 100.0), (200.0, 180.0), (215.0, 180.0), (215.0, 192.0)];
        for (found, expected) in starts.iter().zip(expected) {
            assert!(metres_between(*found, at(expected.0, expected.1)) < 0.2, "{expected:?}");
        }
        assert_eq!(told["door"]["kind"], "location");
        assert_eq!(told["method"], "streets");
        assert_eq!(told["private_end"], false);
        assert_eq!(told["unknown_m"], Value::Null);
        assert!(told["attribution"][0].as_str().expect("words").contains("OpenStreetMap"));
    }

    fn a_light_is_a_step_and_the_same_street_goes_on_behind_it(world: &World) {
        world.build_map(&town());
        world.import_places(&fixture());
        let server = world.serve();
        let route = ask(&server.anonymous(), "路口店", &[]).ok();
        assert_eq!(texts(&route), [
            "向北走 20 米到路边",
            "右转进入人民路，走 300 米",
            "过有信号灯的路口",
            "继续沿人民路走 80 米",
            "到达：路口店",
        ]);
        let kinds: Vec<&Value> = route["properties"]["steps"].as_array().expect("steps").iter().map(|step| &step["kind"]).collect();
        assert_eq!(kinds, ["walk", "walk", "crossing", "walk", "arrive"]);
        assert_eq!(route["properties"]["steps"][1]["turn"], "right");
        // The wait of the model, ten seconds, is in the step over the crossing.
        let crossing_s = route["properties"]["steps"][2]["walk_s"].as_f64().expect("seconds");
        assert!((crossing_s - (10.0 + 12.0 * 12.0 / 17.0)).abs() < 0.2, "{crossing_s}");
    }

    fn a_walk_to_the_origin_is_told_in_its_own_direction(world: &World) {
        world.build_map(&town());
        world.import_places(&fixture());
        let server = world.serve();
        let route = ask(&server.anonymous(), "卫生站", &[("direction", "to")]).ok();
        let line = line(&route);
        assert!(metres_between(line[0], at(215.0, 192.0)) < 0.1);
        assert!(metres_between(line[line.len() - 1], at(0.0, -20.0)) < 0.1);
        assert_eq!(texts(&route), [
            "向南走 10 米到路边",
            "右转进入小路，走 15 米",
            "左转进入小路，走 80 米",
            "走台阶 40 级",
            "直行进入中山路，走 80 米",
            "右转进入人民路，走 200 米",
            "向南走 20 米到门口",
            "到达：目的地",
        ]);
    }

    fn what_cannot_be_reached_or_is_not_there_is_told_apart(world: &World) {
        world.build_map(&town());
        world.import_places(&fixture());
        let server = world.serve();
        let client = server.anonymous();
        ask(&client, "远处", &[]).is_problem(404, "unreachable");
        let nowhere = "/v1/circle/route?lat=31.2&lon=112.6&to=plc_00000000000000000000000000";
        client.get(nowhere).is_problem(404, "not-found");
        let path = format!("/v1/places/{}", id(&client, "路口店"));
        let tag = client.get(&path).needed_header("etag");
        server.staff().with("if-match", &tag).send("POST", &format!("{path}/close"), None).with_status(200);
        until("the closing", || (ask(&client, "路口店", &[]).status == 404).then_some(()));
        ask(&client, "路口店", &[]).is_problem(404, "not-found");
        let faults = client.get("/v1/circle/route?lat=91&to=x&crs=bd09&max_incline=3");
        faults.is_invalid_at(&[
            ("query", "/lat", "maximum"),
            ("query", "/lon", "required"),
            ("query", "/to", "pattern"),
            ("query", "/crs", "geojson_is_wgs84"),
            ("query", "/max_incline", "wheelchair_only"),
        ]);
        client.get("/v1/circle/route?lat=31.2&lon=112.6").is_invalid_at(&[("query", "/to", "required")]);
    }

    fn a_mobile_service_is_met_at_the_stop_that_the_circle_names(world: &World) {
        world.build_map(&town());
        world.import_places(&fixture());
        let server = world.serve();
        let client = server.anonymous();
        // On a Tuesday at ten it stands in the east, at three in the west.
        for (at_time, east_m) in [("2026-03-03T10:00:00+08:00", 100.0), ("2026-03-03T15:00:00+08:00", -90.0)] {
            let route = ask(&client, "流动诊所", &[("at", at_time)]).ok();
            let line = line(&route);
            assert!(metres_between(line[line.len() - 1], at(east_m, 5.0)) < 0.1, "{at_time}");
            assert_eq!(route["properties"]["door"]["kind"], "stop");
        }
        ask(&client, "流动诊所", &[("at", "2026-03-04T10:00:00+08:00")]).is_problem(404, "unreachable");
    }

    fn the_door_has_its_name_in_the_last_step(world: &World) {
        world.build_map(&town());
        let server = world.serve();
        let client = server.anonymous();
        let (lat, lon) = at(100.0, 6.0);
        let mut hall = place("文化站", "library", 100.0, 40.0);
        hall["doors"] = serde_json::json!([{ "kind": "gate", "name": "东门", "location": { "lat": lat, "lon": lon } }]);
        server.staff().post("/v1/places", &hall).with_status(201);
        let route = until("the hall", || Some(ask(&client, "文化站", &[])).filter(|answer| answer.status == 200)).ok();
        assert_eq!(texts(&route).last(), Some(&"到达：文化站（东门）"));
        assert_eq!(route["properties"]["door"]["kind"], "gate");
    }

    fn without_streets_a_walk_is_a_straight_line(world: &World) {
        world.import_places(&Fixture::places().place("海边", "shop", 0.0, -5100.0));
        let server = world.serve();
        let client = server.anonymous();
        let (lat, lon) = at(0.0, -5000.0);
        let (lat, lon, to) = (lat.to_string(), lon.to_string(), id(&client, "海边"));
        let route = client.ask("/v1/circle/route", &[("lat", &lat), ("lon", &lon), ("to", &to)]).ok();
        assert_eq!(route["properties"]["method"], "straight_line");
        assert_eq!(route["properties"]["network_m"], Value::Null);
        // 100 m times 1.4.
        assert!((route["properties"]["walk_m"].as_f64().expect("metres") - 140.0).abs() < 0.2);
        assert_eq!(line(&route).len(), 2);
        assert_eq!(texts(&route), ["附近没有道路数据，请向南走，约 140 米", "到达：海边"]);
    }

    fn a_walk_takes_what_the_circle_says(world: &World) {
        let mut streets = town();
        streets.way(&[(200.0, 0.0), (200.0, -300.0), (0.0, -300.0), (0.0, 0.0)], &[("highway", "service"), ("access", "private")]);
        streets.way(&[(0.0, -300.0), (-400.0, -300.0), (-400.0, 0.0), (-100.0, 0.0)], &[("highway", "footway"), ("oneway:foot", "yes")]);
        world.build_map(&streets);
        let places = (0..40_u32).fold(fixture(), |table, number| {
            let (east_m, north_m) = (f64::from(number * 131 % 800) - 400.0, f64::from(number * 59 % 500) - 310.0);
            table.place(&format!("店{number}"), "shop", east_m, north_m)
        });
        world.import_places(&places);
        let server = world.serve();
        let client = server.anonymous();
        let origin = (-450.0..450.0, -350.0..250.0);
        let pace = prop::sample::select(vec!["adult", "elder", "child", "wheelchair"]);
        let direction = prop::sample::select(vec!["from", "to"]);
        runner(8).run(&(origin, pace, direction), |(origin, pace, direction)| {
            let (lat, lon) = at(origin.0, origin.1);
            let (lat, lon) = (lat.to_string(), lon.to_string());
            let walk = [("lat", lat.as_str()), ("lon", lon.as_str()), ("pace", pace), ("direction", direction), ("at", "2026-03-03T10:00:00+08:00")];
            let circle = client.ask("/v1/circle", &[&walk[..], &[("minutes", "30"), ("limit", "1000")]].concat()).ok();
            let listed = circle["places"].as_array().expect("places");
            for place in listed {
                let to = place["id"].as_str().expect("an id");
                let route = client.ask("/v1/circle/route", &[&walk[..], &[("to", to)]].concat()).ok();
                let told = &route["properties"];
                for name in ["walk_s", "walk_m", "network_m", "private_end", "unknown_m", "door"] {
                    prop_assert_eq!(&told[name], &place[name], "{} of {}", name, place["name"]);
                }
                let line = line(&route);
                let drawn_m: f64 = line.windows(2).map(|pair| metres_between(pair[0], pair[1])).sum();
                if told["method"] == "streets" {
                    prop_assert!((drawn_m - told["walk_m"].as_f64().expect("metres")).abs() < 1.5, "{}: {drawn_m}", place["name"]);
                }
            }
            Ok(())
        }).expect("a walk as in the circle");
    }
}
