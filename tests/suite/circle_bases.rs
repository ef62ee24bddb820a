//! Two bases, what lies beyond, facilities, other origins, and batches.
//!
//! An adult walks 5.1 km/h, so 12/17 s a metre. The origin stands 20 m south of the
//! street of the usual town.

use serde_json::{Value, json};

use crate::circle_lookup::{ask, circle, named, names, origin};
use crate::harness::{Fixture, World, at, both_databases, unit_id, until};

fn usual_places() -> Fixture {
    Fixture::places()
        .place("便利店", "convenience_store", 50.0, 0.0)
        .place("东药店", "pharmacy", 300.0, 10.0)
        .place("北小学", "primary_school", 10.0, 400.0)
        .place("西公园", "park", -815.0, 5.0)
        .place("图书馆", "library", 600.0, 350.0)
}

#[track_caller]
fn of_category<'a>(answer: &'a Value, category: &str) -> &'a Value {
    let summary = answer["summary"].as_array().expect("a summary");
    summary
        .iter()
        .find(|one| one["category"] == category)
        .expect("the category")
}

both_databases! {
    fn the_standard_counts_metres_of_the_shortest_walk(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let client = server.anonymous();
        let ten = circle(&client, &[("basis", "gb50180")]);
        // 70 m, 330 m and 430 m; the park is 840 m away, the library 970 m.
        assert_eq!(names(&ten), ["便利店", "东药店", "北小学"]);
        assert_eq!(ten["basis"], "gb50180");
        let pharmacy = named(&ten, "东药店");
        assert_eq!(pharmacy["walk_m"], json!(330.0));
        // 330 m · 12/17 = 232.9 s.
        assert_eq!(pharmacy["walk_s"], json!(233));
        let fifteen = circle(&client, &[("basis", "gb50180"), ("minutes", "15")]);
        assert_eq!(names(&fifteen), ["便利店", "东药店", "北小学", "西公园", "图书馆"]);
        // Counting metres, 40 m of stairs are 40 m; the seconds told are those of the
        // walk: 930 m on the level and 100 steps of 0.6 s.
        let library = named(&fifteen, "图书馆");
        assert_eq!(library["walk_m"], json!(970.0));
        assert_eq!(library["walk_s"], json!(717));
        let five = circle(&client, &[("basis", "gb50180"), ("minutes", "5")]);
        assert_eq!(names(&five), ["便利店"]);
        ask(&client, &[("basis", "gb50180"), ("minutes", "7")])
            .is_invalid_at(&[("query", "/minutes", "gb50180_tiers")]);
    }

    fn the_summary_says_what_is_met_by_either_basis(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let client = server.anonymous();
        let ten = circle(&client, &[]);
        // 600 s are 850 m, the standard's ten minutes 500 m.
        for (category, time, gb50180) in [
            ("commerce", true, true),
            ("medical", true, true),
            ("education", true, true),
            ("leisure", true, false),
            ("culture", false, false),
            ("party", false, false),
        ] {
            let met = &of_category(&ten, category)["met"];
            assert_eq!(met, &json!({ "time": time, "gb50180": gb50180 }), "{category}");
        }
        // An elder's ten minutes are 500 m as well, less the legs' share of nothing: the
        // same by both; in fifteen minutes 750 m, but 1000 m by the standard.
        let elder = circle(&client, &[("pace", "elder"), ("minutes", "15")]);
        assert_eq!(of_category(&elder, "leisure")["met"], json!({ "time": false, "gb50180": true }));
        assert_eq!(of_category(&elder, "culture")["met"], json!({ "time": false, "gb50180": true }));
        let by_metres = circle(&client, &[("pace", "elder"), ("minutes", "15"), ("basis", "gb50180")]);
        assert_eq!(of_category(&by_metres, "leisure")["met"], json!({ "time": false, "gb50180": true }));
        let seven = circle(&client, &[("minutes", "7")]);
        assert_eq!(of_category(&seven, "medical")["met"], json!({ "time": true, "gb50180": null }));
    }

    fn what_the_circle_lacks_is_told_from_beyond(world: &World) {
        world.import_places(&usual_places());
        let server = world.serve();
        let client = server.anonymous();
        let ten = circle(&client, &[]);
        assert!(!names(&ten).contains(&"图书馆"));
        let beyond = &of_category(&ten, "culture")["beyond"];
        assert_eq!(beyond["name"], "图书馆");
        assert_eq!((&beyond["walk_s"], &beyond["walk_m"]), (&json!(717), &json!(970.0)));
        assert_eq!(of_category(&ten, "culture")["count"], 0);
        for present_or_nowhere in ["medical", "party"] {
            assert_eq!(of_category(&ten, present_or_nowhere)["beyond"], Value::Null);
        }
        let without = circle(&client, &[("beyond", "false")]);
        assert_eq!(of_category(&without, "culture")["beyond"], Value::Null);
        // By metres as well: nothing of medical within 300 m.
        let five = circle(&client, &[("basis", "gb50180"), ("minutes", "5")]);
        assert_eq!(of_category(&five, "medical")["beyond"]["walk_m"], json!(330.0));
    }

    fn facilities_of_the_table_are_judged_and_a_city_has_its_own_rows(world: &World) {
        world.import_places(&usual_places());
        let own = "[[facility]]\ncode = \"kindergarten\"\nzh = \"幼儿园\"\nen = \"Kindergarten\"\ncategory = \"education\"\n\
                   kinds = [\"kindergarten\", \"primary_school\"]\ntier = 5\nmetres = 450\nrequirement = \"should\"\n\
                   source = \"本市导则\"\nchecked = true\n";
        let path = world.file("facilities.toml", own);
        let server = world.serve_with(&[("ONEGRID_FACILITIES", &path)]);
        let client = server.anonymous();
        let table = client.get("/v1/facilities").ok();
        let row = |table: &Value, code: &str| {
            let rows = table.as_array().expect("rows");
            rows.iter().find(|row| row["code"] == code).expect("the row").clone()
        };
        assert_eq!(row(&table["items"], "kindergarten")["source"], "本市导则");
        assert_eq!(row(&table["items"], "market")["checked"], false);
        let ten = circle(&client, &[("basis", "gb50180")]);
        let shops = row(&ten["facilities"], "community_commerce");
        assert_eq!((&shops["met"], &shops["nearest"]["name"]), (&json!(true), &json!("便利店")));
        assert_eq!((&shops["national_standard"], &shops["requirement"]), (&json!(false), &json!("must")));
        assert_eq!(row(&ten["facilities"], "market")["met"], false);
        let own = row(&ten["facilities"], "kindergarten");
        // Checked, and yet a city's own rule: no national standard.
        assert_eq!((&own["met"], &own["national_standard"]), (&json!(true), &json!(false)));
        // In the five minutes' circle of 300 m a row of 450 m looks as far as that.
        let five = circle(&client, &[("basis", "gb50180"), ("minutes", "5")]);
        assert!(!names(&five).contains(&"北小学"));
        assert_eq!(row(&five["facilities"], "kindergarten")["met"], true);
        // Of the fifteen minutes' tier nothing is asked in ten.
        let codes: Vec<&Value> = ten["facilities"].as_array().expect("rows").iter().map(|row| &row["code"]).collect();
        assert!(!codes.contains(&&json!("post_office")));
        assert!(circle(&client, &[])["facilities"].is_null());
    }

    fn walks_begin_at_the_doors_of_a_building_or_place(world: &World) {
        world.import_units();
        world.import_places(&usual_places());
        let server = world.serve();
        let (client, staff) = (server.anonymous(), server.staff());
        let id = unit_id(&client, "429901001001001A1");
        let around = || client.ask("/v1/circle", &[("building", &id)]).with_status(200).json;
        let (lat, lon) = at(290.0, 0.0);
        let seconds = |answer: &Value| named(answer, "东药店")["walk_s"].as_u64().expect("seconds");
        // From its location, 20 m off the street: 330 m.
        assert_eq!(seconds(&around()), 233);
        let path = format!("/v1/units/{id}/doors");
        let tag = client.get(&path).needed_header("etag");
        let doors = json!({ "doors": [
            { "kind": "main", "name": "东门", "lat": lat, "lon": lon },
            { "kind": "gate", "lat": at(-300.0, 0.0).0, "lon": at(-300.0, 0.0).1 },
        ] });
        staff.with("if-match", &tag).put(&path, &doors).with_status(200);
        // An instance hears of a change within half a second.
        let moved = until("the doors to count", || Some(around()).filter(|answer| seconds(answer) != 233));
        // From the east door 10 m along and 10 m to the pharmacy: 14.1 s.
        assert_eq!(seconds(&moved), 15);
        assert_eq!(moved["origin"]["snapped"].as_array().expect("feet").len(), 2);
        // From the west door to the park: 515 m and 5 m.
        assert_eq!(named(&moved, "西公园")["walk_s"], json!(368));

        let pharmacy = named(&moved, "东药店")["id"].as_str().expect("an id").to_owned();
        let from_place = client.ask("/v1/circle", &[("place", &pharmacy)]).with_status(200).json;
        // 10 m to the street, 250 m along it.
        assert_eq!(named(&from_place, "便利店")["walk_s"], json!(184));
        assert_eq!(from_place["origin"]["place"], json!(pharmacy));
        let both = client.ask("/v1/circle", &[("place", &pharmacy), ("building", &id)]);
        both.is_invalid_at(&[("query", "/building", "one_origin"), ("query", "/place", "one_origin")]);
        let nobody = pharmacy.replace(&pharmacy[pharmacy.len() - 4..], "0000");
        client.ask("/v1/circle", &[("place", &nobody)]).is_invalid_at(&[("query", "/place", "unknown_place")]);
        ask(&client, &[("max_incline", "8")]).is_invalid_at(&[("query", "/max_incline", "wheelchair_only")]);
    }

    fn a_batch_has_the_summaries_of_its_circles(world: &World) {
        world.import_units();
        world.import_places(&usual_places());
        let server = world.serve();
        let staff = server.staff();
        let (lat, lon) = origin();
        let (lat, lon): (f64, f64) = (lat.parse().expect("degrees"), lon.parse().expect("degrees"));
        let building = unit_id(&staff, "429901001001001A1");
        let batch = json!({ "origins": [{ "lat": lat, "lon": lon }, { "building": building }], "beyond": true });
        let answer = staff.post("/v1/circle/batch", &batch).with_status(200).json;
        let alone = circle(&server.anonymous(), &[]);
        assert_eq!(answer["items"].as_array().expect("items").len(), 2);
        assert_eq!(answer["items"][0]["summary"], alone["summary"]);
        assert_eq!(answer["items"][1]["building"], json!(building));
        assert_eq!(answer["items"][1]["summary"], alone["summary"]);
        assert_eq!(answer["items"][0]["method"], "streets");

        server.anonymous().post("/v1/circle/batch", &batch).is_problem(401, "unauthenticated");
        let wrong = json!({ "origins": [{}, { "lat": 1.0 }, { "lat": lat, "lon": lon }], "basis": "gb50180", "minutes": 7 });
        staff.post("/v1/circle/batch", &wrong).is_invalid_at(&[
            ("body", "/origins/0", "one_origin"),
            ("body", "/origins/1", "one_origin"),
            ("body", "/minutes", "gb50180_tiers"),
        ]);
        let many = vec![json!({ "lat": lat, "lon": lon }); 1000];
        let thousand = staff.post("/v1/circle/batch", &json!({ "origins": many })).with_status(200).json;
        assert_eq!(thousand["items"].as_array().map(Vec::len), Some(1000));
        let too_many = vec![json!({ "lat": lat, "lon": lon }); 1001];
        staff
            .post("/v1/circle/batch", &json!({ "origins": too_many }))
            .is_invalid_at(&[("body", "/origins", "max_items")]);
    }
}
