//! Places over HTTP: entering them, what is refused, and finding them.

use serde_json::{Value, json};

use crate::harness::{Client, Fixture, World, at, both_databases, metres_between, place, unit_id, until};
use crate::units::all_pages;

/// Enters a place, which must succeed.
#[track_caller]
pub fn create(staff: &Client, place: &Value) -> Value {
    staff.post("/v1/places", place).with_status(201).json
}

/// The names that a list shows, once it shows as many.
#[track_caller]
fn listed(client: &Client, query: &[(&str, &str)], expected: &[&str]) {
    let mut last = Vec::new();
    let what = format!("{query:?} lists {expected:?}");
    until(&what, || {
        last = client.ask("/v1/places", query).with_status(200).listed("name");
        (last == expected).then_some(())
    });
}

/// A place with everything that can be said about one.
fn full_place(unit_id: &str) -> Value {
    let (lat, lon) = at(300.0, 10.0);
    let (door_lat, door_lon) = at(300.0, 2.0);
    json!({
        "name": "幸福药店",
        "name_en": "Happiness Pharmacy",
        "kind": "pharmacy",
        "unit_id": unit_id,
        "location": { "lat": lat, "lon": lon },
        "opening_hours": "Mo-Fr 08:30-20:00; Sa,Su 09:00-18:00; PH off",
        "phone": "0999-5550123",
        "wheelchair": "limited",
        "doors": [{ "kind": "main", "location": { "lat": door_lat, "lon": door_lon } }],
        "stops": [],
    })
}

both_databases! {
    fn a_place_that_is_entered_comes_back_as_it_was_said(world: &World) {
        world.import_units();
        let server = world.serve();
        let unit = unit_id(&server.anonymous(), "429901001001");
        let said = full_place(&unit);
        let answer = server.staff().post("/v1/places", &said).with_status(201);
        let id = answer.json["id"].as_str().expect("an id").to_owned();
        assert!(id.starts_with("plc_"), "{id}");
        assert_eq!(answer.needed_header("location"), format!("/v1/places/{id}"));
        let read = server.anonymous().get(&answer.needed_header("location")).with_status(200);
        assert_eq!(read.json, answer.json);
        assert_eq!(read.header("etag"), answer.header("etag"));
        for field in ["name", "name_en", "kind", "unit_id", "opening_hours", "phone", "wheelchair", "stops"] {
            assert_eq!(read.json[field], said[field], "{field}");
        }
        for pointer in ["/location/lat", "/location/lon", "/doors/0/location/lat", "/doors/0/location/lon"] {
            let (told, kept) = (said.pointer(pointer), read.json.pointer(pointer));
            let difference = told.and_then(Value::as_f64).expect("said") - kept.and_then(Value::as_f64).expect("kept");
            assert!(difference.abs() < 1e-7, "{pointer}: {difference}");
        }
        assert_eq!(read.json["doors"][0]["kind"], "main");
        assert_eq!(read.json["category"], "medical", "the kind fixes the category");
        assert_eq!(read.json["source"], "operator");
        assert_eq!(read.json["status"], "open");
        assert_eq!(read.json["osm"], Value::Null);
        server.anonymous().with("if-none-match", &read.needed_header("etag")).get(&format!("/v1/places/{id}")).with_status(304);
    }

    fn a_place_that_is_only_named_and_located_is_taken(world: &World) {
        let server = world.serve();
        let made = create(&server.staff(), &place("小店", "shop", 0.0, 0.0));
        for field in ["name_en", "unit_id", "opening_hours", "phone", "wheelchair"] {
            assert_eq!(made[field], Value::Null, "{field}");
        }
        assert_eq!((made["doors"].clone(), made["stops"].clone()), (json!([]), json!([])));
    }

    fn nobody_enters_a_place_without_a_role(world: &World) {
        let server = world.serve();
        let anonymous = server.anonymous();
        let fine = place("店", "shop", 0.0, 0.0);
        let id = create(&server.staff(), &fine)["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/places/{id}");
        for credential in [
            None,
            Some("Bearer wrong-wrong-wrong-wrong-wrong"),
            Some("Bearer "),
            Some("Bearer"),
            Some(""),
            Some("Basic b3BlcmF0b3I6eA=="),
            Some("Token x"),
        ] {
            let caller = credential.map_or_else(|| anonymous.clone(), |text| anonymous.with("authorization", text));
            let changing = caller.with("if-match", "*");
            for answer in [
                caller.post("/v1/places", &fine),
                changing.put(&path, &fine),
                changing.send("POST", &format!("{path}/close"), None),
                changing.send("POST", &format!("{path}/reopen"), None),
                // Who may not do it learns nothing of what would be wrong with it.
                caller.post("/v1/places", &json!({})),
                caller.send("POST", "/v1/places", Some("{")),
                caller.send("POST", "/v1/places", None),
                changing.put("/v1/places/plc_01h455vb4pex5vsknk084sn02q", &fine),
            ] {
                answer.is_problem(401, "unauthenticated");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{credential:?}");
            }
        }
        assert_eq!(anonymous.get(&path).ok()["version"], 1, "nothing was changed");
    }

    fn every_bad_field_is_named_at_once_in_the_language_of_the_caller(world: &World) {
        let server = world.serve();
        let wrong = json!({
            "name": "",
            "name_en": 7,
            "kind": "pharmacy",
            "unit_id": "nonsense",
            "location": { "lat": 91, "height": 3 },
            "opening_hours": "sometimes",
            "phone": "call me",
            "wheelchair": "perhaps",
            "doors": [{ "kind": "window", "location": { "lat": "north", "lon": 1 } }],
            "stops": [{ "location": { "lat": 31, "lon": 112 }, "opening_hours": "25:00-26:99" }],
            "colour": "red",
            "a/b~c": 1,
        });
        let expected = [
            ("body", "/name", "min_length"),
            ("body", "/name_en", "type"),
            ("body", "/unit_id", "pattern"),
            ("body", "/location/lat", "maximum"),
            ("body", "/location/lon", "required"),
            ("body", "/location/height", "unknown_field"),
            ("body", "/opening_hours", "opening_hours"),
            ("body", "/phone", "pattern"),
            ("body", "/wheelchair", "enum"),
            ("body", "/doors/0/kind", "enum"),
            ("body", "/doors/0/location/lat", "type"),
            ("body", "/stops/0/opening_hours", "opening_hours"),
            ("body", "/colour", "unknown_field"),
            ("body", "/a~1b~0c", "unknown_field"),
        ];
        let chinese = server.staff().with("accept-language", "zh-CN").post("/v1/places", &wrong);
        chinese.is_invalid_at(&expected);
        let english = server.staff().with("accept-language", "en").post("/v1/places", &wrong);
        english.is_invalid_at(&expected);
        let is_chinese = |text: &str| text.chars().any(|letter| ('\u{4e00}'..'\u{a000}').contains(&letter));
        for (zh, en) in chinese.json["errors"].as_array().expect("a list").iter().zip(english.json["errors"].as_array().expect("a list")) {
            let (zh, en) = (zh["detail"].as_str().expect("words"), en["detail"].as_str().expect("words"));
            assert!(is_chinese(zh) && !is_chinese(en) && !en.is_empty(), "{zh} / {en}");
        }
        assert!(server.anonymous().get("/v1/places").listed("name").is_empty(), "nothing was taken");
    }

    fn what_is_needed_and_missing_is_named(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let needed = [("body", "/name", "required"), ("body", "/kind", "required"), ("body", "/location", "required")];
        staff.post("/v1/places", &json!({})).is_invalid_at(&needed);
        for not_an_object in [json!([]), json!("x"), json!(1), Value::Null, json!(true)] {
            staff.post("/v1/places", &not_an_object).is_invalid_at(&[("body", "", "type")]);
        }
    }

    fn an_unknown_kind_or_unit_is_refused(world: &World) {
        let server = world.serve();
        let mut wrong = place("店", "teleport", 0.0, 0.0);
        wrong["unit_id"] = json!("unt_01h455vb4pex5vsknk084sn02q");
        let expected = [("body", "/kind", "unknown_kind"), ("body", "/unit_id", "unknown_unit")];
        server.staff().post("/v1/places", &wrong).is_invalid_at(&expected);
        wrong["unit_id"] = json!("plc_01h455vb4pex5vsknk084sn02q");
        let answer = server.staff().post("/v1/places", &wrong);
        answer.is_problem(422, "invalid-input");
        assert!(answer.faults().iter().any(|fault| fault.1 == "/unit_id"), "{answer:?}");
    }

    fn a_faulty_kind_is_named_beside_faulty_fields(world: &World) {
        let server = world.serve();
        let mut wrong = place("", "teleport", 0.0, 0.0);
        wrong["unit_id"] = json!("unt_01h455vb4pex5vsknk084sn02q");
        let expected = [
            ("body", "/name", "min_length"),
            ("body", "/kind", "unknown_kind"),
            ("body", "/unit_id", "unknown_unit"),
        ];
        server.staff().post("/v1/places", &wrong).is_invalid_at(&expected);
    }

    fn names_are_measured_in_characters(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        create(&staff, &place(&"长".repeat(80), "shop", 0.0, 0.0));
        let long = place(&"长".repeat(81), "shop", 0.0, 0.0);
        staff.post("/v1/places", &long).is_invalid_at(&[("body", "/name", "max_length")]);
    }

    fn what_contradicts_itself_is_refused(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let stop = serde_json::json!([{"location": {"lat": 31.2, "lon": 112.6}, "opening_hours": "Tu 09:00-11:00"}]);
        let mut mobile = place("流动诊所", "clinic", 0.0, 0.0);
        mobile["stops"] = stop;
        mobile["opening_hours"] = "24/7".into();
        mobile["doors"] = serde_json::json!([{"kind": "gate", "location": {"lat": 31.2, "lon": 112.6}}]);
        let answer = staff.post("/v1/places", &mobile);
        answer.is_invalid_at(&[("body", "/doors", "mobile"), ("body", "/opening_hours", "mobile")]);
        let mut far = place("店", "shop", 0.0, 0.0);
        far["doors"] = serde_json::json!([{"kind": "gate", "location": {"lat": 40.0, "lon": 112.6}}]);
        staff.post("/v1/places", &far).is_invalid_at(&[("body", "/doors", "too_far")]);
    }

    fn a_name_that_shows_nothing_is_refused(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        for blank in ["   ", "\u{3000}", "\u{200b}", "店\u{202e}铺"] {
            let answer = staff.post("/v1/places", &place(blank, "shop", 0.0, 0.0));
            answer.is_problem(422, "invalid-input");
        }
    }

    fn a_name_with_control_characters_is_refused(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        for control in ["店\0铺", "店\n铺"] {
            staff.post("/v1/places", &place(control, "shop", 0.0, 0.0)).is_problem(422, "invalid-input");
        }
    }

    fn numbers_that_are_no_coordinates_are_refused(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        for (lat, lon, fault) in [
            ("31.2", "180.1", ("body", "/location/lon", "maximum")),
            ("-90.1", "112.6", ("body", "/location/lat", "minimum")),
            ("112.6", "31.2", ("body", "/location/lat", "swapped")),
            ("\"31.2\"", "112.6", ("body", "/location/lat", "type")),
            ("null", "112.6", ("body", "/location/lat", "type")),
        ] {
            let body = format!("{{\"name\":\"店\",\"kind\":\"shop\",\"location\":{{\"lat\":{lat},\"lon\":{lon}}}}}");
            staff.send("POST", "/v1/places", Some(&body)).is_invalid_at(&[fault]);
        }
        for beyond in ["1e999", "NaN", "Infinity", "-1e400"] {
            let body = format!("{{\"name\":\"店\",\"kind\":\"shop\",\"location\":{{\"lat\":{beyond},\"lon\":0}}}}");
            let status = staff.send("POST", "/v1/places", Some(&body)).status;
            assert!(status == 400 || status == 422, "{beyond}: {status}");
        }
    }

    fn what_is_not_json_is_400_and_another_type_is_415(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        for broken in ["{", "", "nonsense", "{\"name\": }", "{} {}", "\u{feff}{}"] {
            staff.send("POST", "/v1/places", Some(broken)).is_problem(400, "malformed-body");
        }
        let body = place("店", "shop", 0.0, 0.0).to_string();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            let client = staff.with("content-type", kind);
            client.send("POST", "/v1/places", Some(&body)).is_problem(415, "unsupported-media-type");
        }
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            let client = staff.with("content-type", kind);
            client.send("POST", "/v1/places", Some(&body)).with_status(201);
        }
    }

    fn a_body_that_is_too_large_is_413(world: &World) {
        let server = world.serve_with(&[("ONEGRID_BODY_LIMIT", "2048")]);
        let mut large = place("店", "shop", 0.0, 0.0);
        large["opening_hours"] = json!("x".repeat(2048));
        server.staff().post("/v1/places", &large).is_problem(413, "body-too-large");
        create(&server.staff(), &place("店", "shop", 0.0, 0.0));
    }

    fn the_same_name_twice_in_a_body_is_not_taken_silently(world: &World) {
        let server = world.serve();
        let body = "{\"name\":\"甲\",\"name\":\"乙\",\"kind\":\"shop\",\"location\":{\"lat\":31.2,\"lon\":112.6}}";
        let status = server.staff().send("POST", "/v1/places", Some(body)).status;
        assert!(status == 400 || status == 422, "{status}");
    }

    fn coordinates_are_taken_and_given_in_the_system_that_is_asked_for(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let made = create(&staff, &place("店", "shop", 0.0, 0.0));
        let id = made["id"].as_str().expect("an id");
        let position = |place: &Value| {
            let number = |name: &str| place["location"][name].as_f64().expect("a number");
            (number("lat"), number("lon"))
        };
        let true_position = position(&made);
        for crs in ["gcj02", "bd09"] {
            let shifted = staff.get(&format!("/v1/places/{id}?crs={crs}")).ok();
            let off = metres_between(true_position, position(&shifted));
            assert!((100.0..2000.0).contains(&off), "{crs} is {off} m off");
            let mut again = place(crs, "shop", 0.0, 0.0);
            again["location"] = shifted["location"].clone();
            let made = staff.post(&format!("/v1/places?crs={crs}"), &again).with_status(201).json;
            assert_eq!(made["location"], shifted["location"], "the answer is in the system of the question");
            let read = staff.get(&format!("/v1/places/{}", made["id"].as_str().expect("an id"))).ok();
            let back = metres_between(true_position, position(&read));
            assert!(back < 0.5, "{crs} comes back {back} m off");
        }
        staff.get(&format!("/v1/places/{id}?crs=mars")).is_invalid_at(&[("query", "/crs", "enum")]);
    }

    fn unknown_parameters_are_refused_everywhere(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let id = create(&staff, &place("店", "shop", 0.0, 0.0))["id"].as_str().expect("an id").to_owned();
        let fault = [("query", "/colour", "unknown_field")];
        for path in ["/v1/places", "/v1/units", "/v1/circle?lat=31.2&lon=112.6", "/v1/categories"] {
            let joint = if path.contains('?') { '&' } else { '?' };
            staff.get(&format!("{path}{joint}colour=red")).is_invalid_at(&fault);
        }
        staff.get(&format!("/v1/places/{id}?colour=red")).is_invalid_at(&fault);
        staff.post("/v1/places?colour=red", &place("店", "shop", 0.0, 0.0)).is_invalid_at(&fault);
        let changing = staff.with("if-match", "*");
        changing.put(&format!("/v1/places/{id}?colour=red"), &place("店", "shop", 0.0, 0.0)).is_invalid_at(&fault);
        changing.send("POST", &format!("/v1/places/{id}/close?colour=red"), None).is_invalid_at(&fault);
        staff.get("/v1/places?limit=1&limit=2").is_invalid_at(&[("query", "/limit", "repeated")]);
    }

    fn an_id_that_names_no_place_is_404(world: &World) {
        let server = world.serve();
        let staff = server.staff().with("if-match", "*");
        for wrong in ["plc_01h455vb4pex5vsknk084sn02q", "unt_01h455vb4pex5vsknk084sn02q", "x", "plc_", "%00"] {
            server.anonymous().get(&format!("/v1/places/{wrong}")).is_problem(404, "not-found");
            staff.put(&format!("/v1/places/{wrong}"), &place("店", "shop", 0.0, 0.0)).is_problem(404, "not-found");
            for act in ["close", "reopen"] {
                staff.send("POST", &format!("/v1/places/{wrong}/{act}"), None).is_problem(404, "not-found");
            }
        }
    }

    fn places_are_listed_by_unit_category_kind_status_and_name(world: &World) {
        world.import_units();
        let server = world.serve();
        let (client, staff) = (server.anonymous(), server.staff());
        let community = unit_id(&client, "429901001001");
        let grid = unit_id(&client, "429901001001001");
        let village = unit_id(&client, "429901100201");
        let street = unit_id(&client, "429901001");
        for (name, kind, unit) in [
            ("幸福药店", "pharmacy", Some(&grid)),
            ("平安诊所", "clinic", Some(&community)),
            ("龙门卫生室", "village_health_room", Some(&village)),
            ("幸福公园", "park", None),
        ] {
            let mut place = place(name, kind, 0.0, 0.0);
            place["unit_id"] = json!(unit);
            create(&staff, &place);
        }
        listed(&client, &[], &["平安诊所", "幸福公园", "幸福药店", "龙门卫生室"]);
        listed(&client, &[("unit", &street)], &["平安诊所", "幸福药店"]);
        listed(&client, &[("unit", &grid)], &["幸福药店"]);
        listed(&client, &[("unit", &street), ("category", "medical"), ("kind", "clinic")], &["平安诊所"]);
        listed(&client, &[("category", "medical")], &["平安诊所", "幸福药店", "龙门卫生室"]);
        listed(&client, &[("category", "party")], &[]);
        listed(&client, &[("kind", "park")], &["幸福公园"]);
        // By name: two characters, traditional, pinyin, initials, and narrowed.
        listed(&client, &[("q", "幸福")], &["幸福公园", "幸福药店"]);
        listed(&client, &[("q", "藥店")], &["幸福药店"]);
        listed(&client, &[("q", "xingfu"), ("category", "leisure")], &["幸福公园"]);
        listed(&client, &[("q", "lmwss")], &["龙门卫生室"]);
        listed(&client, &[("q", "pingan")], &["平安诊所"]);
        listed(&client, &[("q", "店")], &["幸福药店"]);
        listed(&client, &[("q", "福幸")], &[]);
        for (name, value, code) in [
            ("category", "food", "enum"),
            ("kind", "teleport", "unknown_kind"),
            ("status", "gone", "enum"),
            ("limit", "501", "maximum"),
            ("cursor", "zz", "cursor"),
            ("q", "。", "format"),
        ] {
            client.ask("/v1/places", &[(name, value)]).is_invalid_at(&[("query", &format!("/{name}"), code)]);
        }
    }

    fn a_list_of_places_comes_in_pages_without_loss_or_double(world: &World) {
        let mut table = Fixture::places();
        for number in 0..25 {
            table = table.place(&format!("甲{number:02}"), "shop", f64::from(number), 0.0);
        }
        // Equal names are told apart.
        let csv = table.csv().to_owned();
        let twins: String = (0..8)
            .map(|number| format!("twin{number},乙,,shop,31.2,112.6,,,,\n"))
            .collect();
        let file = world.file("twins.csv", &format!("{csv}{twins}"));
        world.run(&["import", "places", &file]).succeeded();
        let server = world.serve();
        let client = server.anonymous();
        let expected: Vec<String> = (0..8)
            .map(|_| "乙".to_owned())
            .chain((0..25).map(|number| format!("甲{number:02}")))
            .collect();
        for limit in [1, 3, 8, 32, 33, 34, 500] {
            let found = all_pages(&client, "/v1/places", &[], limit);
            assert_eq!(found, expected, "{limit} at a time");
        }
        let found = all_pages(&client, "/v1/places", &[("q", "甲")], 4);
        assert_eq!(found, expected[8..], "also of a search");
    }

    fn the_ten_categories_are_in_their_order_with_the_village_rooms_among_the_kinds(world: &World) {
        let server = world.serve();
        let categories = server.anonymous().get("/v1/categories").with_status(200);
        let expected = [
            "party", "government", "household", "medical", "elder_care", "education", "culture", "sports", "leisure", "commerce",
        ];
        assert_eq!(categories.listed("code"), expected);
        assert_eq!(categories.listed("character").concat(), "党政居医养教文体娱商");
        let staff = server.staff();
        for (category, kind) in [
            ("government", "village_convenience_room"),
            ("medical", "village_health_room"),
            ("education", "left_behind_children_room"),
            ("culture", "village_culture_room"),
            ("medical", "pharmacy"),
            ("household", "bus_stop"),
            ("household", "public_toilet"),
        ] {
            let kinds = categories.json["items"].as_array().expect("a list").iter().find(|item| item["code"] == category);
            let kinds = kinds.and_then(|item| item["kinds"].as_array()).expect("kinds");
            let known = kinds.iter().find(|known| known["code"] == kind);
            let known = known.unwrap_or_else(|| panic!("{kind} is no kind of {category}"));
            assert!(known["name"].is_string() && known["name_en"].is_string());
            assert_eq!(create(&staff, &place(kind, kind, 0.0, 0.0))["category"], category);
        }
    }
}
