//! The doors of places and of units: a list of their own, written whole.

use serde_json::{Value, json};

use crate::circle_lookup::ask;
use crate::harness::{Client, Fixture, Server, World, at, both_databases, place, unit_id, until};

/// A door as its list has it, so many metres east and north of the origin.
fn door(kind: &str, name: Option<&str>, east_m: f64, north_m: f64) -> Value {
    let (lat, lon) = at(east_m, north_m);
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    json!({ "kind": kind, "name": name, "lat": round(lat), "lon": round(lon) })
}

fn doors(doors: &[Value]) -> Value {
    json!({ "doors": doors, "crs": "wgs84" })
}

/// The path of a new place's doors.
fn a_place(staff: &Client) -> String {
    let made = staff
        .post("/v1/places", &place("广场", "park", 300.0, 100.0))
        .with_status(201);
    format!("{}/doors", made.needed_header("location"))
}

/// The path of a building's doors.
fn a_building(world: &World, server: &Server) -> String {
    world.import_units();
    let client = server.anonymous();
    until("the units", || {
        (!client.get("/v1/units?level=building").listed("name").is_empty()).then_some(())
    });
    format!("/v1/units/{}/doors", unit_id(&client, "429901001001001A1"))
}

/// Both lists, empty yet.
fn both_lists(world: &World, server: &Server) -> [String; 2] {
    [a_place(&server.staff()), a_building(world, server)]
}

both_databases! {
    fn doors_are_added_named_moved_and_removed(world: &World) {
        let server = world.serve();
        let (client, staff) = (server.anonymous(), server.staff());
        for path in both_lists(world, &server) {
            let empty = client.get(&path).with_status(200);
            assert_eq!(empty.json, doors(&[]), "{path}");
            assert_eq!(empty.header("etag"), Some("\"v1\""));
            let two = doors(&[door("main", Some("东门"), 100.0, 5.0), door("street", None, 110.0, 0.0)]);
            let added = staff.with("if-match", "\"v1\"").put(&path, &two).with_status(200);
            assert_eq!((&added.json, added.header("etag")), (&two, Some("\"v2\"")));
            let read = client.get(&path).with_status(200);
            assert_eq!((&read.json, read.header("etag")), (&two, Some("\"v2\"")));
            client.with("if-none-match", "\"v2\"").get(&path).with_status(304);
            // The second is first now, the first has moved, and one is new.
            let three = doors(&[
                door("street", None, 110.0, 0.0),
                door("gate", Some("东门"), 90.0, 5.0),
                door("entrance", Some("3 号口"), 95.0, -5.0),
            ]);
            staff.with("if-match", "\"v2\"").put(&path, &three).with_status(200);
            assert_eq!(client.get(&path).ok(), three);
            staff.with("if-match", "\"v3\"").put(&path, &doors(&[])).with_status(200);
            let none = client.get(&path).with_status(200);
            assert_eq!((&none.json, none.header("etag")), (&doors(&[]), Some("\"v4\"")));
        }
    }

    fn the_doors_of_a_place_are_a_part_of_it(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let path = a_place(&staff);
        let whole = path.strip_suffix("/doors").expect("the doors of something").to_owned();
        let tag = server.anonymous().get(&whole).with_status(200).needed_header("etag");
        let one = door("gate", Some("西门"), 290.0, 5.0);
        staff.with("if-match", &tag).put(&path, &doors(std::slice::from_ref(&one))).with_status(200);
        let place = server.anonymous().get(&whole).with_status(200);
        assert_eq!(place.json["version"], 2);
        assert_eq!(place.header("etag"), server.anonymous().get(&path).header("etag"));
        let shown = json!([{ "kind": "gate", "name": "西门", "location": { "lat": one["lat"], "lon": one["lon"] } }]);
        assert_eq!(place.json["doors"], shown);
        assert_eq!(place.json["name"], "广场", "all else stays as it was");
        // Written with the place they are the same list.
        let mut said = crate::harness::place("广场", "park", 300.0, 100.0);
        said["doors"] = json!([{ "kind": "main", "location": shown[0]["location"] }]);
        staff.with("if-match", "\"v2\"").put(&whole, &said).with_status(200);
        let read = server.anonymous().get(&path).ok();
        assert_eq!(read["doors"], json!([{ "kind": "main", "name": null, "lat": one["lat"], "lon": one["lon"] }]));
    }

    fn a_place_is_read_as_it_was_at_one_moment(world: &World) {
        let server = world.serve();
        let made = server.staff().post("/v1/places", &place("零", "park", 0.0, 0.0)).with_status(201);
        let path = made.needed_header("location");
        // So many doors as the name says, and of that name.
        let state = |name: &str, count: usize| {
            let mut said = place(name, "park", 0.0, 0.0);
            let location = said["location"].clone();
            let doors = (0..count).map(|_| json!({ "kind": "gate", "name": name, "location": location }));
            said["doors"] = doors.collect();
            said
        };
        let (client, other) = (server.anonymous(), server.staff().on_own_connection().with("if-match", "*"));
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                for turn in 0..150 {
                    let said = if turn % 2 == 0 { state("一", 1) } else { state("五", 5) };
                    other.put(&path, &said).with_status(200);
                }
            });
            while !writing.is_finished() {
                let read = client.get(&path).ok();
                let doors = read["doors"].as_array().expect("doors");
                let expected = ["零", "一", "", "", "", "五"].get(doors.len());
                assert_eq!(read["name"].as_str(), expected.copied(), "{read}");
                assert!(doors.iter().all(|door| door["name"] == read["name"]), "{read}");
            }
        });
    }

    fn a_moved_door_is_in_every_servers_circle(world: &World) {
        let servers = [world.serve(), world.serve()];
        let path = a_place(&servers[0].staff());
        // An adult takes 12/17 s a metre. The origin is 20 m from the street, as far as
        // the first foot at 0; the place is 100 m from the street at 300.
        for (number, (doors_at, metres)) in [
            (vec![], 20.0 + 300.0 + 100.0),
            // By the nearer of two doors.
            (vec![(500.0, 10.0), (250.0, 10.0)], 20.0 + 250.0 + 10.0),
            (vec![(500.0, 10.0), (350.0, 10.0)], 20.0 + 350.0 + 10.0),
            (vec![(500.0, 10.0)], 20.0 + 500.0 + 10.0),
            (vec![], 20.0 + 300.0 + 100.0),
        ]
        .into_iter()
        .enumerate()
        {
            let list: Vec<Value> = doors_at.iter().map(|(east, north)| door("gate", None, *east, *north)).collect();
            let staff = servers[number % 2].staff();
            staff.with("if-match", "*").put(&path, &doors(&list)).with_status(200);
            for server in &servers {
                until(&format!("{metres} m on {}", server.address()), || {
                    let circle = ask(&server.anonymous(), &[("minutes", "15")]).ok();
                    let walk_s = circle["places"][0]["walk_s"].as_f64()?;
                    ((walk_s - metres * 12.0 / 17.0).abs() <= 1.0).then_some(())
                });
            }
        }
    }

    fn a_list_needs_the_version_that_it_changes(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let one = doors(&[door("main", None, 100.0, 5.0)]);
        for path in both_lists(world, &server) {
            staff.put(&path, &one).is_problem(428, "precondition-required");
            for stale in ["\"v0\"", "\"v2\"", "v1", "\"nonsense\"", "W/\"v1\""] {
                staff.with("if-match", stale).put(&path, &one).is_problem(412, "version-mismatch");
            }
            assert_eq!(server.anonymous().get(&path).ok(), doors(&[]), "nothing was changed");
            staff.with("if-match", "\"v1\"").put(&path, &one).with_status(200);
            staff.with("if-match", "\"v1\"").put(&path, &one).is_problem(412, "version-mismatch");
            staff.with("if-match", "\"v2-gcj02\"").put(&path, &one).with_status(200);
            staff.with("if-match", "*").put(&path, &one).with_status(200);
        }
    }

    fn of_lists_for_one_version_one_wins(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        for path in both_lists(world, &server) {
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let changing: Vec<_> = (0..8)
                    .map(|number| {
                        let client = staff.on_own_connection().with("if-match", "\"v1\"");
                        let list = doors(&[door("gate", None, 100.0 + f64::from(number), 5.0)]);
                        let path = &path;
                        scope.spawn(move || client.put(path, &list).status)
                    })
                    .collect();
                changing.into_iter().map(|thread| thread.join().expect("an answer")).collect()
            });
            assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
            assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
            assert_eq!(server.anonymous().get(&path).ok()["doors"].as_array().map(Vec::len), Some(1));
        }
    }

    fn nobody_writes_doors_without_a_role_nor_of_what_is_not_there(world: &World) {
        let server = world.serve();
        let one = doors(&[door("main", None, 100.0, 5.0)]);
        for path in both_lists(world, &server) {
            let nobody = server.anonymous().with("if-match", "*");
            nobody.put(&path, &one).is_problem(401, "unauthenticated");
            let stranger = nobody.with("authorization", "Bearer wrong-wrong-wrong-wrong-wrong");
            stranger.put(&path, &one).is_problem(401, "unauthenticated");
            stranger.put(&path, &json!({})).is_problem(401, "unauthenticated");
            assert_eq!(server.anonymous().get(&path).ok(), doors(&[]));
        }
        for path in [
            "/v1/places/plc_01h455vb4pex5vsknk084sn02q/doors",
            "/v1/units/unt_01h455vb4pex5vsknk084sn02q/doors",
            "/v1/places/x/doors",
            "/v1/units/x/doors",
        ] {
            server.anonymous().get(path).is_problem(404, "not-found");
            server.staff().with("if-match", "*").put(path, &one).is_problem(404, "not-found");
        }
    }

    fn every_bad_field_of_a_list_is_named_at_once(world: &World) {
        let server = world.serve();
        let staff = server.staff().with("if-match", "*");
        let (lat, lon) = at(100.0, 5.0);
        let wrong = json!({
            "doors": [
                { "kind": "window", "lat": 91, "lon": "east" },
                { "kind": "main", "lat": lat, "lon": lon, "name": "东门" },
                { "kind": "gate", "lat": lon, "lon": lat, "name": "" },
                { "lon": -181, "name": "门".repeat(81) },
                { "kind": "gate", "lat": lat, "lon": lon, "name": "东\u{202e}门", "colour": "red" },
                7,
            ],
            "crs": "mars",
            "name": "x",
        });
        let expected = [
            ("body", "/doors/0/kind", "enum"),
            ("body", "/doors/0/lat", "maximum"),
            ("body", "/doors/0/lon", "type"),
            ("body", "/doors/2/lat", "swapped"),
            ("body", "/doors/2/name", "min_length"),
            ("body", "/doors/3/kind", "required"),
            ("body", "/doors/3/lat", "required"),
            ("body", "/doors/3/lon", "minimum"),
            ("body", "/doors/3/name", "max_length"),
            ("body", "/doors/4/name", "format"),
            ("body", "/doors/4/colour", "unknown_field"),
            ("body", "/doors/5", "type"),
            ("body", "/crs", "enum"),
            ("body", "/name", "unknown_field"),
        ];
        for path in both_lists(world, &server) {
            staff.put(&path, &wrong).is_invalid_at(&expected);
            staff.put(&path, &json!({})).is_invalid_at(&[("body", "/doors", "required")]);
            staff.put(&path, &json!({ "doors": null })).is_invalid_at(&[("body", "/doors", "type")]);
            let in_query = staff.put(&format!("{path}?crs=gcj02"), &doors(&[]));
            in_query.is_invalid_at(&[("query", "/crs", "unknown_field")]);
            let fifty: Vec<Value> = (0..50).map(|number| door("gate", None, f64::from(number), 0.0)).collect();
            let more = [fifty.as_slice(), &fifty[..1]].concat();
            staff.put(&path, &doors(&more)).is_invalid_at(&[("body", "/doors", "max_items")]);
            staff.put(&path, &doors(&fifty)).with_status(200);
        }
    }

    fn a_door_that_is_far_away_is_refused(world: &World) {
        let server = world.serve();
        let staff = server.staff().with("if-match", "*");
        // The place is 100 m north of the street at 300, the building 20 m south at 0.
        for path in both_lists(world, &server) {
            let list = doors(&[
                door("gate", None, 5_250.0, 0.0),
                door("main", None, 5.0, 5.0),
                door("gate", None, -4_660.0, 0.0),
                door("gate", None, 0.0, 4_970.0),
            ]);
            let far: &[&str] = match path.starts_with("/v1/places") {
                // 4,951 m, 310 m, 4,961 m, 4,879 m.
                true => &[],
                // 5,250 m, 25 m, 4,660 m, 4,990 m.
                false => &["/doors/0"],
            };
            let answer = staff.put(&path, &list);
            match far.is_empty() {
                true => assert_eq!(answer.status, 200, "{answer:?}"),
                false => {
                    answer.is_invalid_at(&[("body", far[0], "too_far")]);
                }
            }
            let list = doors(&[door("gate", None, 9_000.0, 0.0), door("main", None, 5.0, 5.0), door("gate", None, 0.0, 6_000.0)]);
            staff.put(&path, &list).is_invalid_at(&[("body", "/doors/0", "too_far"), ("body", "/doors/2", "too_far")]);
        }
        // A unit without a location is where its first door is.
        let homeless = format!("/v1/units/{}/doors", unit_id(&server.anonymous(), "429901001001001A2"));
        let apart = doors(&[door("main", None, 0.0, 0.0), door("gate", None, 5_100.0, 0.0)]);
        staff.put(&homeless, &apart).is_invalid_at(&[("body", "/doors/1", "too_far")]);
        staff.put(&homeless, &doors(&[door("main", None, 0.0, 0.0), door("gate", None, 4_900.0, 0.0)])).with_status(200);
    }

    fn a_mobile_service_has_no_doors(world: &World) {
        world.import_places(&Fixture::places().mobile("流动诊所", "clinic", &[(200.0, 5.0, "Tu 09:00-11:00")]));
        let server = world.serve();
        let places = server.anonymous().get("/v1/places").ok();
        let path = format!("/v1/places/{}/doors", places["items"][0]["id"].as_str().expect("an id"));
        let staff = server.staff().with("if-match", "*");
        // The place itself is at home 50 km east.
        let at_home = doors(&[door("main", None, 50_000.0, 5.0)]);
        staff.put(&path, &at_home).is_invalid_at(&[("body", "/doors", "mobile")]);
        staff.put(&path, &doors(&[])).with_status(200);
    }

    fn a_list_is_in_the_system_of_coordinates_that_it_names(world: &World) {
        let server = world.serve();
        let (client, staff) = (server.anonymous(), server.staff());
        let list = doors(&[door("main", Some("东门"), 100.0, 5.0), door("gate", None, 120.0, -5.0)]);
        for path in both_lists(world, &server) {
            staff.with("if-match", "*").put(&path, &list).with_status(200);
            for crs in ["gcj02", "bd09"] {
                let shifted = client.get(&format!("{path}?crs={crs}")).with_status(200);
                assert_eq!(shifted.json["crs"], crs);
                let number = |list: &Value, name: &str| list["doors"][0][name].as_f64().expect("a number");
                let position = |list: &Value| (number(list, "lat"), number(list, "lon"));
                let off = crate::harness::metres_between(position(&shifted.json), position(&list));
                assert!((100.0..2_000.0).contains(&off), "{crs} is {off} m off");
                // Sent back as it came it changes nothing but the version.
                let tag = shifted.needed_header("etag");
                let back = staff.with("if-match", &tag).put(&path, &shifted.json).with_status(200);
                assert_eq!(back.json["crs"], crs);
                let read = client.get(&path).ok();
                let off = crate::harness::metres_between(position(&read), position(&list));
                assert!(off < 0.1, "{crs}: {off} m");
                assert_eq!((&read["crs"], &read["doors"][0]["name"]), (&json!("wgs84"), &json!("东门")));
            }
        }
    }

    fn an_import_of_units_keeps_their_doors_and_counts_as_a_change(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let path = a_building(world, &server);
        let list = doors(&[door("main", Some("1 单元"), 5.0, -10.0)]);
        staff.with("if-match", "\"v1\"").put(&path, &list).with_status(200);
        // The same table once more changes nothing.
        world.import_units();
        assert_eq!(server.anonymous().get(&path).header("etag"), Some("\"v2\""));
        let file = world.file("renamed.csv", "code,parent_code,level,name,setting,lat,lon\n\
            429901001001001A1,429901001001001A,building,幸福里新1号楼,urban,31.19982,112.6\n");
        world.run(&["import", "units", &file]).succeeded();
        let read = server.anonymous().get(&path).with_status(200);
        assert_eq!((&read.json, read.header("etag")), (&list, Some("\"v3\"")));
        staff.with("if-match", "\"v2\"").put(&path, &doors(&[])).is_problem(412, "version-mismatch");
    }

    fn an_import_of_places_reads_kinds_and_names_of_doors(world: &World) {
        let file = world.file("places.csv", "reference,name,kind,lat,lon,doors\n\
            a,公园,park,31.2,112.6,gate 31.2 112.601 东 门; 31.2 112.599; street 31.201 112.6;31.199 112.6 后门\n");
        world.run(&["import", "places", &file]).succeeded();
        let server = world.serve();
        let places = server.anonymous().get("/v1/places").ok();
        let path = format!("/v1/places/{}/doors", places["items"][0]["id"].as_str().expect("an id"));
        let expected = json!([
            { "kind": "gate", "name": "东 门", "lat": 31.2, "lon": 112.601 },
            { "kind": "entrance", "name": null, "lat": 31.2, "lon": 112.599 },
            { "kind": "street", "name": null, "lat": 31.201, "lon": 112.6 },
            { "kind": "entrance", "name": "后门", "lat": 31.199, "lon": 112.6 },
        ]);
        assert_eq!(server.anonymous().get(&path).ok()["doors"], expected);
        let nameless = world.file("wrong.csv", &format!("reference,name,kind,lat,lon,doors\n\
            b,公园,park,31.2,112.6,gate 31.2 112.6 {}\n", "门".repeat(81)));
        assert_eq!(world.run(&["import", "places", &nameless]).code, Some(1));
    }
}
