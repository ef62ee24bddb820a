//! Questions that are odd or wrong, and other forms of the answer.

use serde_json::Value;

use crate::circle_lookup::{ask, circle, named, names, origin};
use crate::harness::{Fixture, Town, World, at, both_databases, metres_between, unit_id};

fn two_places() -> Fixture {
    Fixture::places()
        .place("东药店", "pharmacy", 300.0, 10.0)
        .place("北小学", "primary_school", 10.0, 400.0)
}

fn position(thing: &Value) -> (f64, f64) {
    let number = |name: &str| thing[name].as_f64().expect("a number");
    (number("lat"), number("lon"))
}

both_databases! {
    fn a_circle_needs_no_account(world: &World) {
        let server = world.serve();
        let (lat, lon) = origin();
        let answer = server.anonymous().ask("/v1/circle", &[("lat", &lat), ("lon", &lon)]);
        assert!(answer.with_status(200).header("set-cookie").is_none());
        // Whoever shows a credential that is none is told so.
        let wrong = server.anonymous().with("authorization", "Bearer nonsense-nonsense-nonsense");
        wrong.ask("/v1/circle", &[("lat", &lat), ("lon", &lon)]).is_problem(401, "unauthenticated");
    }

    fn an_origin_in_the_sea_gets_straight_lines_and_is_told(world: &World) {
        world.import_places(&two_places().place("岛上的店", "shop", 0.0, -5000.0));
        let server = world.serve();
        let (lat, lon) = at(0.0, -5200.0);
        let circle = server.anonymous().ask("/v1/circle", &[("lat", &lat.to_string()), ("lon", &lon.to_string())]).ok();
        assert_eq!(circle["method"], "straight_line");
        assert_eq!(circle["origin"]["snapped"], serde_json::json!([]));
        assert_eq!(circle["model"]["detour_factor"], 1.4);
        assert_eq!(names(&circle), ["岛上的店"]);
        let place = named(&circle, "岛上的店");
        assert_eq!(place["network_m"], Value::Null);
        let number = |name: &str| place[name].as_f64().expect("a number");
        assert!((number("straight_m") - 200.0).abs() < 0.5, "{place}");
        assert!((number("walk_m") - 280.0).abs() < 0.5, "{place}");
        assert!((number("walk_s") - 280.0 * 12.0 / 17.0).abs() <= 1.0, "{place}");
        let open_sea = server.anonymous().get("/v1/circle?lat=0&lon=-150").ok();
        assert_eq!((names(&open_sea).len(), &open_sea["method"]), (0, &"straight_line".into()));
        for pole in ["lat=90&lon=0", "lat=-90&lon=180", "lat=0&lon=180", "lat=0&lon=-180"] {
            assert_eq!(server.anonymous().get(&format!("/v1/circle?{pole}")).ok()["total"], 0, "{pole}");
        }
    }

    fn without_a_map_walks_are_straight_lines_and_the_answer_says_so(world: &World) {
        world.import_places(&two_places());
        let server = world.serve_with(&[("ONEGRID_MAP", "")]);
        let circle = circle(&server.anonymous(), &[]);
        assert_eq!((&circle["map"], &circle["method"]), (&Value::Null, &"straight_line".into()));
        assert_eq!(names(&circle), ["东药店", "北小学"]);
    }

    fn an_empty_map_is_a_map_without_streets(world: &World) {
        world.build_map(&Town::default());
        world.import_places(&two_places());
        let server = world.serve();
        let circle = circle(&server.anonymous(), &[]);
        assert_eq!(circle["method"], "straight_line");
        assert_eq!(names(&circle), ["东药店", "北小学"]);
    }

    fn coordinates_that_are_none_are_named(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        for (lat, lon, faults) in [
            ("NaN", "112.6", vec![("query", "/lat", "type")]),
            ("inf", "-inf", vec![("query", "/lat", "type"), ("query", "/lon", "type")]),
            ("x", "", vec![("query", "/lat", "type"), ("query", "/lon", "type")]),
            ("1e999", "112.6", vec![("query", "/lat", "type")]),
            ("31,2", "112.6", vec![("query", "/lat", "type")]),
            ("91", "112.6", vec![("query", "/lat", "maximum")]),
            ("-91", "112.6", vec![("query", "/lat", "minimum")]),
            ("31.2", "180.5", vec![("query", "/lon", "maximum")]),
            ("31.2", "-180.5", vec![("query", "/lon", "minimum")]),
            ("112.6", "31.2", vec![("query", "/lat", "swapped")]),
        ] {
            client.ask("/v1/circle", &[("lat", lat), ("lon", lon)]).is_invalid_at(&faults);
        }
        let swapped = client.with("accept-language", "en").get("/v1/circle?lat=112.6&lon=31.2");
        assert!(swapped.json["errors"][0]["detail"].as_str().expect("words").contains("swapped"));
        let swapped = client.with("accept-language", "zh").get("/v1/circle?lat=112.6&lon=31.2");
        assert!(swapped.json["errors"][0]["detail"].as_str().expect("words").contains("反"));
    }

    fn everything_wrong_in_a_question_is_named_at_once(world: &World) {
        let server = world.serve();
        let answer = server.anonymous().get(
            "/v1/circle?lat=91&minutes=31&pace=runner&category=food&at=yesterday&open=maybe&limit=0&crs=mars&profile=robot&colour=red&kind=",
        );
        let expected = [
            ("query", "/lat", "maximum"),
            ("query", "/minutes", "maximum"),
            ("query", "/pace", "enum"),
            ("query", "/category", "enum"),
            ("query", "/at", "format"),
            ("query", "/open", "type"),
            ("query", "/limit", "minimum"),
            ("query", "/crs", "enum"),
            ("query", "/profile", "enum"),
            ("query", "/colour", "unknown_field"),
            ("query", "/kind", "min_length"),
        ];
        answer.is_problem(422, "invalid-input");
        // The missing lon is a matter of the whole question.
        let found = answer.faults();
        for fault in expected {
            let fault = (fault.0.to_owned(), fault.1.to_owned(), fault.2.to_owned());
            assert!(found.contains(&fault), "{fault:?} is not among {found:?}");
        }
    }

    fn a_building_may_be_the_origin(world: &World) {
        world.import_units();
        world.import_places(&two_places());
        let server = world.serve();
        let client = server.anonymous();
        let building = unit_id(&client, "429901001001001A1");
        let circle = client.ask("/v1/circle", &[("building", &building)]).ok();
        assert_eq!(circle["origin"]["building"], building);
        assert!(metres_between(position(&circle["origin"]), (31.19982, 112.6)) < 0.1);
        assert_eq!(names(&circle), ["东药店", "北小学"]);
        let nowhere = unit_id(&client, "429901001001001A2");
        client.ask("/v1/circle", &[("building", &nowhere)]).is_invalid_at(&[("query", "/building", "no_location")]);
        let unknown = "unt_01h455vb4pex5vsknk084sn02q";
        client.ask("/v1/circle", &[("building", unknown)]).is_invalid_at(&[("query", "/building", "unknown_unit")]);
        for malformed in ["x", "plc_01h455vb4pex5vsknk084sn02q", "unt_", ""] {
            let answer = client.ask("/v1/circle", &[("building", malformed)]);
            answer.is_problem(422, "invalid-input");
            assert!(answer.faults().iter().all(|fault| fault.1 == "/building"), "{answer:?}");
        }
        let both = client.ask("/v1/circle", &[("building", &building), ("lat", "31.2"), ("lon", "112.6")]);
        both.is_invalid_at(&[("query", "/building", "one_origin")]);
        client.get("/v1/circle").is_invalid_at(&[("query", "/lat", "required"), ("query", "/lon", "required")]);
        client.get("/v1/circle?lon=112.6").is_invalid_at(&[("query", "/lat", "required")]);
        client.get("/v1/circle?lat=31.2").is_invalid_at(&[("query", "/lon", "required")]);
    }

    fn the_same_as_geojson(world: &World) {
        world.import_places(&two_places());
        let server = world.serve();
        let client = server.anonymous();
        let plain = circle(&client, &[("at", "2026-03-03T10:00:00+08:00")]);
        let map_client = client.with("accept", "application/geo+json");
        let answer = ask(&map_client, &[("at", "2026-03-03T10:00:00+08:00")]).with_status(200);
        assert_eq!(answer.header("content-type"), Some("application/geo+json"));
        let collection = answer.json;
        assert_eq!(collection["type"], "FeatureCollection");
        let features = collection["features"].as_array().expect("features");
        let places = plain["places"].as_array().expect("places");
        assert_eq!(features.len(), places.len());
        for (feature, place) in features.iter().zip(places) {
            assert_eq!(feature["type"], "Feature");
            assert_eq!(feature["id"], place["id"]);
            assert_eq!(feature["geometry"]["type"], "Point");
            assert_eq!(feature["geometry"]["coordinates"], serde_json::json!([place["lon"], place["lat"]]));
            // The two are written by different code: all else is the same, member by member.
            let mut properties = place.clone();
            for moved in ["id", "lat", "lon"] {
                properties.as_object_mut().expect("an object").remove(moved);
            }
            assert_eq!(feature["properties"], properties);
        }
        for member in ["summary", "method", "origin", "map", "total"] {
            assert_eq!(collection[member], plain[member], "{member}");
        }
        assert!(collection.get("crs").is_none(), "RFC 7946 has no crs");
    }

    fn who_asks_again_is_told_the_same(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        for pace in ["adult", "elder", "child", "wheelchair"] {
            for (minutes, basis) in [("5", "time"), ("10", "time"), ("10", "gb50180"), ("7", "time")] {
                // The first answer is searched for, the third is put together from what
                // was remembered; between them only the clock goes on.
                let mut answers = (0..3).map(|_| {
                    let mut answer = circle(&client, &[("pace", pace), ("minutes", minutes), ("basis", basis)]);
                    answer.as_object_mut().expect("an object").remove("at");
                    answer
                });
                let first = answers.next().expect("an answer");
                for again in answers {
                    assert_eq!(again, first, "{pace}, {minutes} minutes, {basis}");
                }
            }
        }
    }

    fn geojson_is_wgs84_only(world: &World) {
        let server = world.serve();
        let client = server.anonymous().with("accept", "application/geo+json");
        for crs in ["gcj02", "bd09"] {
            ask(&client, &[("crs", crs)]).is_invalid_at(&[("query", "/crs", "geojson_is_wgs84")]);
        }
        ask(&client, &[("crs", "wgs84")]).with_status(200);
    }

    fn a_place_of_openstreetmap_names_its_element_and_its_source(world: &World) {
        let (lat, lon) = at(150.0, 5.0);
        let file = world.file("places.osm", &format!(
            "<osm version=\"0.6\"><node id=\"123\" version=\"1\" lat=\"{lat:.7}\" lon=\"{lon:.7}\">\
             <tag k=\"amenity\" v=\"pharmacy\"/><tag k=\"name\" v=\"地图药店\"/><tag k=\"name:en\" v=\"Map Pharmacy\"/>\
             <tag k=\"phone\" v=\"+86 999 5550123\"/><tag k=\"opening_hours\" v=\"24/7\"/></node></osm>"
        ));
        world.run(&["import", "osm-places", &file]).succeeded();
        let server = world.serve();
        let client = server.anonymous();
        let circle = circle(&client, &[]);
        let place = named(&circle, "地图药店");
        assert_eq!(place["osm"], "node/123");
        assert_eq!(place["name_en"], "Map Pharmacy");
        assert_eq!(place["phone"], "+86 999 5550123");
        assert_eq!(place["open_now"], true);
        let place = client.get(&format!("/v1/places/{}", place["id"].as_str().expect("an id"))).ok();
        assert_eq!((&place["source"], &place["osm"], &place["reference"]), (&"osm".into(), &"node/123".into(), &"node/123".into()));
        assert!(place["attribution"].as_str().is_some_and(|words| words.contains("OpenStreetMap")), "{place}");
    }

    fn the_type_is_what_the_client_accepts(world: &World) {
        let server = world.serve();
        let anonymous = server.anonymous();
        for (accept, kind) in [
            ("application/json", "application/json"),
            ("*/*", "application/json"),
            ("text/html, */*;q=0.1", "application/json"),
            ("application/geo+json, application/json;q=0.5", "application/geo+json"),
            ("application/geo+json;q=0.5, application/json", "application/json"),
            ("application/json, application/geo+json", "application/json"),
            ("application/geo+json, */*;q=0.1", "application/geo+json"),
            ("APPLICATION/GEO+JSON", "application/geo+json"),
        ] {
            let answer = ask(&anonymous.with("accept", accept), &[]).with_status(200);
            assert_eq!(answer.header("content-type"), Some(kind), "{accept}");
            assert!(answer.needed_header("vary").to_ascii_lowercase().contains("accept"));
        }
        for accept in ["text/html", "application/xml, text/plain", "application/json;q=0"] {
            ask(&anonymous.with("accept", accept), &[]).is_problem(406, "not-acceptable");
        }
    }

    fn other_systems_of_coordinates_ask_and_answer_the_same(world: &World) {
        world.import_units();
        world.import_places(&two_places());
        let server = world.serve();
        let client = server.anonymous();
        let building = unit_id(&client, "429901001001001A1");
        let plain = client.ask("/v1/circle", &[("building", &building)]).ok();
        for crs in ["gcj02", "bd09", "cgcs2000"] {
            let unit = client.get(&format!("/v1/units/{building}?crs={crs}")).ok();
            let (lat, lon) = position(&unit["location"]);
            let (lat, lon) = (lat.to_string(), lon.to_string());
            let circle = client.ask("/v1/circle", &[("lat", &lat), ("lon", &lon), ("crs", crs)]).ok();
            assert_eq!(names(&circle), names(&plain));
            let asked = (lat.parse().expect("a number"), lon.parse().expect("a number"));
            assert!(metres_between(position(&circle["origin"]), asked) < 0.5, "the origin comes back as it was given");
            for name in ["东药店", "北小学"] {
                let (shifted, true_one) = (named(&circle, name), named(&plain, name));
                let walked = |place: &Value| place["walk_m"].as_f64().expect("a number");
                assert!((walked(shifted) - walked(true_one)).abs() < 1.5, "{crs}");
                let off = metres_between(position(shifted), position(true_one));
                let expected = if crs == "cgcs2000" { 0.0..0.1 } else { 100.0..2000.0 };
                assert!(expected.contains(&off), "{crs} is {off} m off");
            }
        }
        // Outside China nothing is shifted.
        let monaco = client.get("/v1/circle?lat=43.7384&lon=7.4246&crs=gcj02").ok();
        assert!(metres_between(position(&monaco["origin"]), (43.7384, 7.4246)) < 0.01);
    }
}

#[test]
fn a_map_that_is_none_stops_the_start_and_is_named() {
    let world = World::sqlite();
    let map = world.path("streets.map");
    let whole = std::fs::read(&map).expect("a map");
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for (what, bytes) in [
        ("cut short", whole[..whole.len() - 1].to_vec()),
        ("cut to its head", whole[..16.min(whole.len())].to_vec()),
        ("one bit flipped", flipped),
        ("empty", Vec::new()),
        (
            "no map at all",
            b"not a map at all, but long enough to have a header of some kind".repeat(10),
        ),
    ] {
        std::fs::write(&map, bytes).expect("written");
        let ran = world.run(&["serve"]);
        assert_eq!(ran.code, Some(1), "{what}: {ran:?}");
        assert!(ran.err.contains("ONEGRID_MAP"), "{what}: {ran:?}");
        assert!(!ran.err.contains("panicked"), "{what}: {ran:?}");
    }
}
