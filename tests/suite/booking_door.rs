//! Finding a free room nearby, coming to its door, and calendars of other programs.

use std::collections::BTreeMap;

use calcard::common::IanaString;
use calcard::icalendar::{ICalendarComponentType, ICalendarValue};
use calcard::{Entry, Parser};
use serde_json::{Value, json};

use crate::harness::facility::{Facility, act, at, book, book_with, day, id, state};
use crate::harness::{World, at as position, both_databases, place, until};
use crate::moved_clock::set_clock;

/// A calendar as a parser reads it that nobody here wrote: the properties of each event.
fn events(text: &str) -> Vec<BTreeMap<String, String>> {
    let Entry::ICalendar(calendar) = Parser::new(text).entry() else {
        panic!("no calendar: {text}")
    };
    let events = calendar.components.iter();
    events
        .filter(|one| one.component_type == ICalendarComponentType::VEvent)
        .map(|event| {
            let entries = event.entries.iter();
            entries
                .map(|entry| {
                    (
                        entry.name.as_str().to_owned(),
                        entry.values.first().map(shown).unwrap_or_default(),
                    )
                })
                .collect()
        })
        .collect()
}

fn shown(value: &ICalendarValue) -> String {
    match value {
        ICalendarValue::Text(text) => text.clone(),
        ICalendarValue::Integer(number) => number.to_string(),
        ICalendarValue::Status(status) => status.as_str().to_owned(),
        ICalendarValue::PartialDateTime(at) => at.to_timestamp().expect("a time").to_string(),
        other => format!("{other:?}"),
    }
}

both_databases! {
    fn what_is_free_nearby_is_found_in_the_order_of_the_walk(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({}));
        let staff = &facility.staff;
        let mut far = place("远馆", "library", 0.0, 400.0);
        far["unit_id"] = json!(facility.unit);
        let far = id(&staff.post("/v1/places", &far).with_status(201).json);
        let room = facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 4 }));
        let pool = facility.resource(&rules, &json!({ "kind": "pool", "capacity": 2, "name": "球场" }));
        let court = facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 2, "part_of": pool }));
        let distant = json!({
            "place_id": far,
            "resource": {
                "name": "阅览座位", "kind": "shared", "capacity": 10, "opening_hours": "09:00-11:00",
                "slot_minutes": 60, "rules_id": rules,
            },
        });
        let seats = id(&staff.post("/v1/resources", &distant).with_status(201).json);
        let (lat, lon) = position(0.0, 0.0);
        let (lat, lon, tomorrow) = (lat.to_string(), lon.to_string(), day(1).to_string());
        let ask = |client: &crate::harness::Client, more: &[(&str, &str)]| {
            let mut query = vec![("lat", lat.as_str()), ("lon", lon.as_str()), ("from", &tomorrow), ("to", &tomorrow)];
            query.extend(more);
            client.ask("/v1/circle/bookable", &query)
        };
        let ann = server.person(1);
        let found = until("the places are known", || {
            let found = ask(&ann, &[]).ok();
            (found["items"].as_array().map(Vec::len) == Some(2)).then_some(found)
        });
        let items = found["items"].as_array().expect("items");
        assert_eq!((&items[0]["name"], &items[1]["name"]), (&json!("文化中心"), &json!("远馆")));
        assert!(items[0]["walk_s"].as_u64() < items[1]["walk_s"].as_u64());
        let near = |found: &Value| -> Vec<String> { found["items"][0]["resources"].as_array().expect("resources").iter().map(id).collect() };
        assert_eq!(near(&found), [room.clone(), pool.clone()], "parts of a pool are told by their pool");
        let first: onegrid::clock::Timestamp = at(1, "08:00").parse().expect("a time");
        assert_eq!(items[0]["resources"][0]["first_free"][0]["start"], first.to_string());
        // For more people, of a category, when the first hours are taken.
        let many = ask(&ann, &[("party", "3")]).ok();
        assert_eq!(near(&many), std::slice::from_ref(&room));
        let reading = ask(&ann, &[("kind", "library")]).ok();
        assert_eq!(near(&reading), [seats]);
        book(&ann, &court, &at(1, "08:00"), 1).with_status(201);
        let later = ask(&server.person(2), &[("category", "culture"), ("kind", "community_centre")]);
        assert!(later.status == 200 || later.status == 422, "{}", later.text);
        let after = ask(&server.person(2), &[]).ok();
        let free: onegrid::clock::Timestamp = at(1, "09:00").parse().expect("a time");
        assert_eq!(after["items"][0]["resources"][1]["first_free"][0]["start"], free.to_string());
        ask(&ann, &[("party", "0")]).is_invalid_at(&[("query", "/party", "minimum")]);
        let wrong = [("lat", lat.as_str()), ("lon", lon.as_str()), ("from", "gestern---"), ("to", "2026-13-01")];
        ann.ask("/v1/circle/bookable", &wrong).is_invalid_at(&[("query", "/from", "format"), ("query", "/to", "format")]);
    }

    fn they_check_in_by_qr_by_a_code_or_at_a_door_and_a_photograph_proves_nothing(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({}));
        let other = facility.resource(&rules, &json!({}));
        let ann = server.person(1);
        let booked = |time: &str| id(&book(&ann, &room, &at(1, time), 1).with_status(201).json);
        let (qr, spoken, door, gone) = (booked("10:00"), booked("10:00"), booked("11:00"), booked("11:00"));
        set_clock(world, &at(1, "09:50"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let (ann, bob, staff) = (server.person(1), server.person(2), server.staff());
        let ticket = |booking: &str| ann.get(&format!("/v1/bookings/{booking}/ticket"));
        let scan = |resource: &str, body: Value| staff.post(&format!("/v1/resources/{resource}/check-ins"), &body);
        let shown = ticket(&qr).with_status(200);
        assert_eq!(shown.needed_header("cache-control"), "no-store");
        bob.get(&format!("/v1/bookings/{qr}/ticket")).is_problem(404, "not-found");
        // Only at its resource, only for a minute.
        scan(&other, json!({ "payload": shown.json["payload"] })).is_invalid_at(&[("body", "/payload", "unknown_code")]);
        set_clock(world, &at(1, "09:52"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        scan(&room, json!({ "payload": shown.json["payload"] })).is_invalid_at(&[("body", "/payload", "unknown_code")]);
        let fresh = ticket(&qr).ok();
        let there = scan(&room, json!({ "payload": fresh["payload"] })).ok();
        assert_eq!((&there["booking"]["state"], &there["person"]["phone"]), (&json!("checked_in"), &json!("199****0001")));
        scan(&room, json!({ "payload": fresh["payload"] })).is_problem(409, "state-conflict");
        // What was cancelled after they came is told so.
        act(&ann, &qr, "cancel").ok();
        let told = scan(&room, json!({ "payload": fresh["payload"] }));
        told.is_problem(409, "state-conflict");
        assert!(told.json["detail"].as_str().expect("words").contains("已取消"));
        ticket(&qr).is_problem(409, "state-conflict");
        // By a code that is read out.
        let code = ticket(&spoken).ok()["code"].as_str().expect("a code").to_lowercase();
        assert_eq!(scan(&room, json!({ "code": code })).ok()["booking"]["id"], json!(spoken));
        scan(&room, json!({})).is_invalid_at(&[("body", "/payload", "one_of")]);
        // At the door, by what its screen shows.
        set_clock(world, &at(1, "10:45"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let screen = || staff.get(&format!("/v1/resources/{room}/door-code")).ok()["code"].clone();
        let enter = |booking: &str, code: &Value| ann.post(&format!("/v1/bookings/{booking}/door"), &json!({ "code": code }));
        let photograph = screen();
        set_clock(world, &at(1, "10:47"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        enter(&door, &photograph).is_problem(403, "wrong-code");
        assert_eq!(enter(&door, &screen()).ok()["state"], "checked_in");
        bob.post(&format!("/v1/bookings/{gone}/door"), &json!({ "code": "123456" })).is_problem(404, "not-found");
        ann.get(&format!("/v1/resources/{room}/door-code")).is_problem(404, "not-found");
        // Five wrong codes, then none is looked at.
        let wrong = json!("000000");
        let tries: Vec<u16> = (0..6).map(|_| enter(&gone, &wrong).status).collect();
        assert_eq!(tries, [403, 403, 403, 403, 403, 429]);
        enter(&gone, &screen()).is_problem(429, "too-many-requests");
        assert_eq!(state(&ann, &gone), "confirmed");
    }

    fn who_comes_on_the_third_day_is_found_by_their_code(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "slots_max": 4 }));
        let hall = facility.resource(&rules, &json!({ "kind": "exclusive", "opening_hours": "24/7", "slot_minutes": 1440 }));
        let ann = server.person(1);
        let days = json!({ "resource_id": hall, "start": at(1, "00:00"), "end": at(5, "00:00") });
        let booked = id(&crate::harness::facility::book_with(&ann, &days).with_status(201).json);
        // Nobody gets a day between.
        book(&server.person(2), &hall, &at(3, "00:00"), 1).is_problem(409, "slot-full");
        set_clock(world, &at(3, "15:00"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let code = server.person(1).get(&format!("/v1/bookings/{booked}/ticket")).ok()["code"].clone();
        let path = format!("/v1/resources/{hall}/check-ins");
        let there = server.staff().post(&path, &json!({ "code": code })).ok();
        assert_eq!((&there["booking"]["id"], &there["booking"]["state"]), (&json!(booked), &json!("checked_in")));
    }

    fn a_private_calendar_opens_elsewhere_follows_each_change_and_ends_when_it_is_told_to(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let room = facility.resource(&facility.rules(&json!({ "slots_max": 3 })), &json!({ "kind": "exclusive", "name": "多功能厅; 二楼, 东" }));
        let ann = server.person(1);
        let kept = id(&book(&ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        let gone = id(&book(&ann, &room, &at(2, "10:00"), 1).with_status(201).json);
        book_with(&ann, &json!({ "resource_id": room, "start": at(3, "10:00"), "hold": true })).with_status(201);
        let made = ann.post("/v1/me/calendar-feed", &json!({})).with_status(201);
        assert_eq!(made.needed_header("cache-control"), "no-store");
        let path = made.json["path"].as_str().expect("a path").to_owned();
        let fetched = server.anonymous().get(&path).with_status(200);
        assert_eq!(fetched.needed_header("content-type"), "text/calendar; charset=utf-8");
        assert!(fetched.text.lines().all(|line| line.len() <= 75), "lines are folded");
        let read = events(&fetched.text);
        assert_eq!(read.len(), 2, "a hold is no event yet");
        let of = |read: &[BTreeMap<String, String>], booking: &str| {
            read.iter().find(|event| event["UID"].starts_with(booking)).expect("an event").clone()
        };
        let event = of(&read, &kept);
        let begins: onegrid::clock::Timestamp = at(1, "10:00").parse().expect("a time");
        assert_eq!(event["DTSTART"], begins.to_utc().timestamp().to_string());
        assert_eq!((event["SEQUENCE"].as_str(), event["STATUS"].as_str()), ("0", "CONFIRMED"));
        assert_eq!(event["LOCATION"], "文化中心");
        ann.post(&format!("/v1/bookings/{kept}/change"), &json!({ "end": at(1, "12:00") })).ok();
        act(&ann, &gone, "cancel").ok();
        let read = events(&server.anonymous().get(&path).with_status(200).text);
        assert_eq!(of(&read, &kept)["SEQUENCE"], "1");
        assert_eq!(of(&read, &gone)["STATUS"], "CANCELLED");
        // The resource's has no names, and free/busy needs no secret.
        let of_room = format!("/v1/resources/{room}/calendar-feed");
        ann.post(&of_room, &json!({})).is_problem(404, "not-found");
        let own = facility.staff.post(&of_room, &json!({})).with_status(201).json;
        let text = server.anonymous().get(own["path"].as_str().expect("a path")).with_status(200).text;
        let busy = server.anonymous().get(&format!("/v1/resources/{room}/free-busy")).with_status(200).text;
        for text in [&text, &busy] {
            assert!(!text.contains("per_") && !text.contains("1990"), "{text}");
        }
        let taken = format!("FREEBUSY;FBTYPE=BUSY:{}/", begins.to_utc().format("%Y%m%dT%H%M%SZ"));
        assert!(busy.contains(&taken), "{busy}");
        // Another address ends the first; none is left when it is revoked.
        let next = ann.post("/v1/me/calendar-feed", &json!({})).with_status(201).json;
        server.anonymous().get(&path).is_problem(410, "address-over");
        ann.send("DELETE", "/v1/me/calendar-feed", None).with_status(204);
        server.anonymous().get(next["path"].as_str().expect("a path")).is_problem(410, "address-over");
        server.anonymous().get("/calendars/x.ics").is_problem(410, "address-over");
    }
}
