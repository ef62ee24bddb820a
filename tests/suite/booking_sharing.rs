//! Sharing: agreements with hours and parties of their own, who may book, and shares of the places
//! that are withheld for some until a stated time.

use serde_json::{Value, json};

use crate::harness::facility::{Facility, act, at, book, day, id, new_key, state, verify};
use crate::harness::{Answer, Client, Server, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

const HOME: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";

fn walk_in(staff: &Client, resource: &str, start: &str, party: i64) -> Answer {
    let path = format!("/v1/resources/{resource}/bookings");
    let body = json!({ "start": start, "party": party });
    staff.with("idempotency-key", &new_key()).post(&path, &body)
}

fn agreement(with: &Value) -> Value {
    let mut body = json!({
        "mode": "by_agreement", "name": "晚间共用协议", "from": day(1), "to": day(3), "hours": "18:00-20:00",
        "parties": [{ "name": "学校", "duties": "开门和保洁" }],
    });
    for (name, value) in with.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// Says in which year somebody was born.
fn born(client: &Client, year: i32) {
    let tag = client.get("/v1/me").needed_header("etag");
    let body = json!({ "birth_year": year }).to_string();
    client
        .with("if-match", &tag)
        .send("PATCH", "/v1/me", Some(&body))
        .with_status(200);
}

fn why(client: &Client, facility: &Facility, resource: &str, ahead: u64, time: &str) -> String {
    let slot = facility.slot(client, resource, ahead, time);
    let kind = slot["why"]["type"].as_str().unwrap_or_default();
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

fn withhold(facility: &Facility, resource: &str, share: &Value) -> Answer {
    facility.staff.post(&format!("/v1/resources/{resource}/shares"), share)
}

/// Residents of a building, each with a number of their own.
fn residents(server: &Server, building: &str, numbers: std::ops::Range<u32>) -> Vec<Client> {
    numbers
        .map(|number| server.holding(number, "resident", building))
        .collect()
}

both_databases! {
    fn hours_beyond_the_owners_exist_only_inside_an_agreement_and_for_its_parties(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({ "opening_hours": "08:00-12:00" }));
        let path = format!("/v1/resources/{room}/agreements");
        let anybody = server.anonymous();
        let (ann, bob) = (server.holding(1, "resident", HOME), server.holding(2, "resident", NEXT_DOOR));
        book(&ann, &room, &at(1, "18:00"), 1).is_problem(409, "slot-not-offered");
        // What is at fault is named, all of it at once.
        let wrong = agreement(&json!({ "from": day(3), "to": day(1), "parties": [{ "unit_id": room.replace("res_", "unt_"), "name": "x", "duties": "y" }] }));
        let answer = facility.staff.post(&path, &wrong).with_status(422);
        let faults: Vec<&str> = answer.json["errors"].as_array().expect("faults").iter().map(|one| one["pointer"].as_str().expect("a pointer")).collect();
        assert_eq!(faults, ["/to", "/parties/0/unit_id"]);
        facility.staff.post(&path, &agreement(&json!({ "hours": "nonsense" }))).with_status(422);
        bob.post(&path, &agreement(&json!({}))).is_problem(403, "forbidden");
        let home = unit_id(&anybody, HOME);
        let parties = json!([
            { "unit_id": home, "name": "幸福里1号楼", "duties": "轮流值班" },
            { "name": "学校", "duties": "开门和保洁" },
        ]);
        for mode in ["co_owned", "shared", "co_built"] {
            let other = facility.resource(&rules, &json!({}));
            facility.staff.post(&format!("/v1/resources/{other}/agreements"), &agreement(&json!({ "mode": mode }))).with_status(201);
        }
        let made = facility.staff.post(&path, &agreement(&json!({ "parties": parties }))).with_status(201).json;
        assert_eq!(anybody.get(&path).ok()["items"][0], made);
        assert_eq!(anybody.get(&format!("/v1/agreements/{}", id(&made))).ok()["parties"][1]["duties"], "开门和保洁");
        // In its hours and on its days only, for the residents of its parties.
        let kept = id(&book(&ann, &room, &at(1, "18:00"), 1).with_status(201).json);
        assert_eq!(ann.get(&format!("/v1/bookings/{kept}")).ok()["agreement_id"], made["id"]);
        let refused = book(&bob, &room, &at(1, "18:00"), 1);
        refused.is_problem(409, "not-for-you");
        assert!(refused.json["detail"].as_str().expect("words").contains("幸福里1号楼"));
        for (client, expected) in [(&ann, ""), (&bob, "not-for-you"), (&anybody, "not-for-you")] {
            assert_eq!(why(client, &facility, &room, 2, "19:00"), expected);
            assert_eq!(why(client, &facility, &room, 2, "09:00"), "");
        }
        assert_eq!(facility.slots(&ann, &room, 3).len(), 6);
        assert_eq!(facility.slots(&ann, &room, 4).len(), 4, "after its last day there is nothing more than before");
        book(&ann, &room, &at(4, "18:00"), 1).is_problem(409, "slot-not-offered");
        book(&bob, &room, &at(1, "09:00"), 1).with_status(201);
        // Who walks in is known to the staff.
        walk_in(&facility.staff, &room, &at(1, "19:00"), 1).with_status(201);
        // Its end leaves no slot; what was booked stays and is listed.
        bob.send("POST", &format!("/v1/agreements/{}/end", id(&made)), None).is_problem(403, "forbidden");
        let ended = facility.staff.send("POST", &format!("/v1/agreements/{}/end", id(&made)), None).ok();
        assert!(ended["agreement"]["ended_at"].is_string());
        let outside: Vec<&Value> = ended["conflicts"]["outside"].as_array().expect("bookings").iter().collect();
        assert!(outside.iter().any(|one| one["id"] == json!(kept)), "{ended}");
        facility.staff.send("POST", &format!("/v1/agreements/{}/end", id(&made)), None).is_problem(409, "state-conflict");
        assert_eq!(facility.slots(&ann, &room, 1).len(), 4);
        book(&ann, &room, &at(2, "18:00"), 1).is_problem(409, "slot-not-offered");
        assert_eq!(state(&ann, &kept), "confirmed");
        // Who did it stands in the audit.
        let audit = facility.staff.get(&format!("/v1/units/{}/audit?limit=500", facility.unit)).ok();
        let acts: Vec<&str> = audit["items"].as_array().expect("entries").iter().filter_map(|one| one["act"].as_str()).collect();
        for act in ["agreement_entered", "agreement_ended", "resource_entered", "rules_written"] {
            assert!(acts.contains(&act), "{act}: {acts:?}");
        }
        verify(world);
    }

    fn a_resource_is_for_the_residents_of_some_units_and_a_party_has_its_limit_together(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "party", "per": "week", "bookings": 3 }]);
        let rules = facility.rules(&json!({ "limits": limits, "overlap": "allow" }));
        let (home, next) = (unit_id(&server.anonymous(), HOME), unit_id(&server.anonymous(), NEXT_DOOR));
        let room = facility.resource(&rules, &json!({ "open_to": [home], "capacity": 50 }));
        let unknown = facility.ask_resource(&rules, &json!({ "open_to": [room.replace("res_", "unt_")] }));
        unknown.is_invalid_at(&[("body", "/resource/open_to/0", "unknown_unit")]);
        let own = server.holding(1, "resident", HOME);
        // A whole's word holds for its parts.
        let hall = facility.resource(&rules, &json!({ "kind": "exclusive", "open_to": [home] }));
        let half = facility.resource(&rules, &json!({ "kind": "exclusive", "part_of": hall }));
        book(&server.person(9), &half, &at(1, "10:00"), 1).is_problem(409, "not-for-you");
        book(&own, &half, &at(1, "19:00"), 1).with_status(201);
        book(&own, &room, &at(1, "10:00"), 1).with_status(201);
        let others = residents(&server, NEXT_DOOR, 2..6);
        book(&others[0], &room, &at(1, "10:00"), 1).is_problem(409, "not-for-you");
        book(&server.person(9), &room, &at(1, "10:00"), 1).is_problem(409, "not-for-you");
        // By agreement those next door have three bookings a week together, whoever asks, at once too.
        let parties = json!([{ "unit_id": next, "name": "幸福里2号楼", "duties": "自带球网" }]);
        let body = agreement(&json!({ "from": day(0), "to": day(9), "hours": "08:00-20:00", "parties": parties }));
        facility.staff.post(&format!("/v1/resources/{room}/agreements"), &body).with_status(201);
        let monday = (1..8).find(|ahead| day(*ahead).format("%u").to_string() == "1").expect("a Monday");
        let times = ["09:00", "10:00", "11:00", "12:00"];
        let made: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = others
                .iter()
                .flat_map(|client| times.map(|time| (client, time)))
                .map(|(client, time)| {
                    let room = &room;
                    scope.spawn(move || book(client, room, &at(monday, time), 1).status)
                })
                .collect();
            asked.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert_eq!(made.iter().filter(|status| **status == 201).count(), 3, "{made:?}");
        assert_eq!(made.iter().filter(|status| **status == 409).count(), 13, "{made:?}");
        let refused = book(&others[1], &room, &at(monday, "15:00"), 1);
        refused.is_problem(409, "booking-limit");
        assert_eq!(why(&others[2], &facility, &room, monday, "15:00"), "booking-limit");
        for ahead in [monday, monday] {
            book(&own, &room, &at(ahead, "16:00"), 1).with_status(201);
        }
        // Nor by moving what somebody has in the owner's right into a party's hours.
        let own_hours = facility.resource(&rules, &json!({ "opening_hours": "08:00-12:00" }));
        let body = agreement(&json!({ "from": day(0), "to": day(9), "hours": "18:00-20:00", "parties": parties }));
        facility.staff.post(&format!("/v1/resources/{own_hours}/agreements"), &body).with_status(201);
        let theirs = id(&book(&others[3], &own_hours, &at(monday, "09:00"), 1).with_status(201).json);
        let evening = json!({ "start": at(monday, "18:00") });
        others[3].post(&format!("/v1/bookings/{theirs}/change"), &evening).is_problem(409, "booking-limit");
        verify(world);
    }

    fn what_is_withheld_is_told_with_its_reason_and_released_in_time(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({ "capacity": 5 }));
        let people: Vec<Client> = (1..=6).map(|number| server.person(number)).collect();
        let elder = &people[0];
        born(elder, 1950);
        born(&people[1], 1990);
        let desk = json!({ "holder": "desk", "places": 2, "reason": "为来电居民保留", "release_seconds": 3600 });
        let elders = json!({ "holder": "elders", "places": 1, "reason": "优先老人", "release_seconds": 7200 });
        withhold(&facility, &room, &json!({ "holder": "desk", "places": 6, "reason": "x", "release_seconds": 0 })).is_invalid_at(&[("body", "/places", "maximum")]);
        withhold(&facility, &room, &json!({ "holder": "unit", "places": 1, "reason": "x", "release_seconds": 0 })).is_invalid_at(&[("body", "/unit_id", "one_of")]);
        let desk_share = id(&withhold(&facility, &room, &desk).with_status(201).json);
        withhold(&facility, &room, &elders).with_status(201);
        let listed = server.anonymous().get(&format!("/v1/resources/{room}/shares")).ok();
        assert_eq!((&listed["items"][0]["reason"], &listed["items"][1]["holder"]), (&json!("为来电居民保留"), &json!("elders")));
        // Two are for everybody; three for an elder.
        let slot = facility.slot(&people[1], &room, 1, "10:00");
        assert_eq!((&slot["remaining"], slot["withheld"].as_array().map(Vec::len)), (&json!(2), Some(2)), "{slot}");
        assert_eq!((&slot["withheld"][0]["places"], &slot["withheld"][0]["reason"]), (&json!(2), &json!("为来电居民保留")));
        let released: onegrid::clock::Timestamp = at(1, "09:00").parse().expect("a time");
        assert_eq!(slot["withheld"][0]["released_at"], released.to_string());
        assert_eq!(facility.slot(elder, &room, 1, "10:00")["remaining"], 3);
        book(&people[1], &room, &at(1, "10:00"), 3).is_problem(409, "slot-withheld");
        for client in &people[1..3] {
            book(client, &room, &at(1, "10:00"), 1).with_status(201);
        }
        let refused = book(&people[3], &room, &at(1, "10:00"), 1);
        refused.is_problem(409, "slot-withheld");
        let first: onegrid::clock::Timestamp = at(1, "08:00").parse().expect("a time");
        assert_eq!(refused.json["opens_at"], first.to_string(), "the elders' place is released first");
        assert_eq!(why(&people[3], &facility, &room, 1, "10:00"), "slot-withheld");
        let old = book(elder, &room, &at(1, "10:00"), 1).with_status(201).json;
        assert!(old["share_id"].is_string());
        assert_eq!(facility.slot(elder, &room, 1, "10:00")["remaining"], 0, "what is the desk's is not the elders'");
        let made = walk_in(&facility.staff, &room, &at(1, "10:00"), 1).with_status(201).json;
        assert_eq!(made["share_id"], json!(desk_share));
        let slot = facility.slot(&people[3], &room, 1, "10:00");
        assert_eq!((&slot["remaining"], &slot["withheld"]), (&json!(0), &json!([{
            "share_id": desk_share, "holder": "desk", "unit_id": null, "places": 1, "reason": "为来电居民保留", "released_at": released.to_string(),
        }])));
        // Somebody waits: at nine o'clock what nobody took is theirs before anybody else's.
        let path = format!("/v1/resources/{room}/waiting");
        people[3].with("idempotency-key", &new_key()).post(&path, &json!({ "start": at(1, "10:00") })).with_status(201);
        set_clock(world, &at(1, "08:59"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let late = server.person(4);
        assert_eq!(late.get("/v1/me/waiting").ok()["items"][0]["state"], "waiting");
        set_clock(world, &at(1, "09:01"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        // At that very instant nobody is faster.
        book(&server.person(5), &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        let offered = until("what was released is offered", || {
            let list = late.get("/v1/me/waiting").ok();
            (list["items"][0]["state"] == "offered").then(|| list["items"][0]["booking_id"].clone())
        });
        book(&server.person(5), &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        act(&late, offered.as_str().expect("an id"), "confirm").ok();
        // Withheld no more, all are everybody's.
        let staff = server.staff();
        staff.send("POST", &format!("/v1/shares/{desk_share}/end"), None).ok();
        staff.send("POST", &format!("/v1/shares/{desk_share}/end"), None).is_problem(409, "state-conflict");
        assert_eq!(facility.slot(&server.person(5), &room, 2, "10:00")["remaining"], 4);
        verify(world);
    }

    fn what_is_withheld_is_kept_from_nobody_whom_it_is_for_and_given_away_by_nobody(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let people: Vec<Client> = (1..=5).map(|number| server.person(number)).collect();
        for elder in &people[..3] {
            born(elder, 1950);
        }
        let (old, older, oldest, young, other) = (&people[0], &people[1], &people[2], &people[3], &people[4]);
        let elders = |places: i64, release: i64| json!({ "holder": "elders", "places": places, "reason": "优先老人", "release_seconds": release });
        let wait = |client: &Client, room: &str, start: &str| {
            let path = format!("/v1/resources/{room}/waiting");
            client.with("idempotency-key", &new_key()).post(&path, &json!({ "start": start })).with_status(201)
        };
        // Somebody young who waits first keeps no elder from what is the elders'.
        let strict = facility.rules(&json!({ "waiting": "strict", "overlap": "allow" }));
        let room = facility.resource(&strict, &json!({ "capacity": 2 }));
        withhold(&facility, &room, &elders(1, 60)).with_status(201);
        book(other, &room, &at(1, "10:00"), 1).with_status(201);
        wait(young, &room, &at(1, "10:00"));
        assert_eq!(facility.slot(old, &room, 1, "10:00")["remaining"], 1);
        book(old, &room, &at(1, "10:00"), 1).with_status(201);
        // Nor does somebody with a large party; and what comes free for everybody is kept for them.
        let room = facility.resource(&strict, &json!({ "capacity": 5 }));
        withhold(&facility, &room, &elders(3, 60)).with_status(201);
        let booked = id(&book(other, &room, &at(1, "14:00"), 1).with_status(201).json);
        book(other, &room, &at(1, "14:00"), 1).with_status(201);
        let path = format!("/v1/resources/{room}/waiting");
        let two = json!({ "start": at(1, "14:00"), "party": 2 });
        young.with("idempotency-key", &new_key()).post(&path, &two).with_status(201);
        old.with("idempotency-key", &new_key()).post(&path, &json!({ "start": at(1, "14:00") })).is_problem(409, "state-conflict");
        book(old, &room, &at(1, "14:00"), 1).with_status(201);
        act(other, &booked, "cancel").ok();
        book(other, &room, &at(1, "14:00"), 1).is_problem(409, "slot-full");
        // A share of one hour opens no other that is kept.
        let both = facility.rules(&json!({ "waiting": "strict", "overlap": "allow", "slots_max": 2 }));
        let room = facility.resource(&both, &json!({ "capacity": 3 }));
        let hour = json!({ "holder": "elders", "places": 1, "reason": "晨练", "release_seconds": 60, "hours": "09:00-10:00" });
        withhold(&facility, &room, &hour).with_status(201);
        book(other, &room, &at(1, "10:00"), 2).with_status(201);
        let path = format!("/v1/resources/{room}/waiting");
        let two = json!({ "start": at(1, "10:00"), "party": 2 });
        young.with("idempotency-key", &new_key()).post(&path, &two).with_status(201);
        let span = json!({ "resource_id": room, "start": at(1, "09:00"), "end": at(1, "11:00") });
        crate::harness::facility::book_with(old, &span).is_problem(409, "slot-full");
        book(old, &room, &at(1, "09:00"), 1).with_status(201);
        // Several slots in a row are withheld as long as any of them is.
        let long = facility.rules(&json!({ "slots_max": 4, "overlap": "allow" }));
        let room = facility.resource(&long, &json!({ "capacity": 1 }));
        withhold(&facility, &room, &elders(1, 26 * 3600)).with_status(201);
        let span = |end: &str| json!({ "resource_id": room, "start": at(1, "13:00"), "end": at(1, end) });
        let asked = |client: &Client, end: &str| crate::harness::facility::book_with(client, &span(end));
        asked(young, "16:00").is_problem(409, "slot-withheld");
        asked(old, "16:00").with_status(201);
        // Who has more than is left since may have less of it.
        let room = facility.resource(&long, &json!({ "capacity": 5 }));
        let own = id(&book(young, &room, &at(2, "10:00"), 5).with_status(201).json);
        withhold(&facility, &room, &elders(2, 60)).with_status(201);
        young.post(&format!("/v1/bookings/{own}/change"), &json!({ "party": 4 })).ok();
        young.post(&format!("/v1/bookings/{own}/change"), &json!({ "party": 5 })).is_problem(409, "slot-withheld");
        // Requests that compete are not agreed to beyond what is everybody's.
        let competes = facility.rules(&json!({ "approval": "competes", "overlap": "allow" }));
        let room = facility.resource(&competes, &json!({ "capacity": 2 }));
        withhold(&facility, &room, &elders(1, 60)).with_status(201);
        let requests: Vec<String> = [young, other, old].iter().map(|client| id(&book(client, &room, &at(1, "10:00"), 1).with_status(201).json)).collect();
        act(&facility.staff, &requests[0], "approve").ok();
        act(&facility.staff, &requests[1], "approve").is_problem(409, "slot-withheld");
        assert!(act(&facility.staff, &requests[2], "approve").ok()["share_id"].is_string());
        let desk = json!({ "holder": "desk", "places": 1, "reason": "现场", "release_seconds": 60 });
        let room = facility.resource(&competes, &json!({ "capacity": 1 }));
        withhold(&facility, &room, &desk).with_status(201);
        let asked = id(&walk_in(&facility.staff, &room, &at(1, "10:00"), 1).with_status(201).json);
        assert_eq!(act(&facility.staff, &asked, "approve").ok()["state"], "confirmed");
        // A court that is closed is none of those that are left.
        let pool = facility.resource(&long, &json!({ "kind": "pool", "capacity": 4 }));
        let courts: Vec<String> = (0..3).map(|_| facility.resource(&long, &json!({ "kind": "exclusive", "capacity": 4, "part_of": pool }))).collect();
        withhold(&facility, &pool, &elders(1, 60)).with_status(201);
        let closure = json!({ "from": at(1, "08:00"), "to": at(1, "20:00"), "reason": "换网" });
        facility.staff.post(&format!("/v1/resources/{}/closures", courts[2]), &closure).with_status(201);
        book(young, &pool, &at(1, "10:00"), 1).with_status(201);
        assert_eq!(facility.slot(other, &pool, 1, "10:00")["remaining"], 0);
        book(other, &pool, &at(1, "10:00"), 1).is_problem(409, "slot-withheld");
        book(old, &pool, &at(1, "10:00"), 1).with_status(201);
        // Offers of a share that lapse together on different days stop nothing.
        let quick = facility.rules(&json!({ "offer_seconds": 60, "overlap": "allow" }));
        let room = facility.resource(&quick, &json!({ "capacity": 1 }));
        withhold(&facility, &room, &elders(1, 0)).with_status(201);
        let (soon, later) = (at(3, "10:00"), at(5, "10:00"));
        let booked: Vec<String> = [&soon, &later].iter().map(|start| id(&book(old, &room, start, 1).with_status(201).json)).collect();
        wait(older, &room, &soon);
        wait(oldest, &room, &later);
        for one in &booked {
            act(old, one, "cancel").ok();
        }
        let offered = |client: &Client| client.get("/v1/me/bookings?state=offered").ok()["items"].as_array().map(Vec::len);
        assert_eq!((offered(older), offered(oldest)), (Some(1), Some(1)));
        set_clock(world, &at(0, "12:05"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let (old, older, oldest) = (server.person(1), server.person(2), server.person(3));
        book(&old, &room, &at(4, "10:00"), 1).with_status(201);
        for client in [&older, &oldest] {
            until("they wait again", || (client.get("/v1/me/waiting").ok()["items"][0]["state"] == "waiting").then_some(()));
        }
        for start in [&soon, &later] {
            book(&old, &room, start, 1).with_status(201);
        }
        verify(world);
    }

    fn of_courts_and_halls_what_is_withheld_counts_by_courts_and_halls(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let pool = facility.resource(&rules, &json!({ "kind": "pool", "capacity": 4 }));
        let courts: Vec<String> = (0..3).map(|_| facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 4, "part_of": pool }))).collect();
        let share = json!({ "holder": "desk", "places": 1, "reason": "现场", "release_seconds": 0, "hours": "08:00-12:00" });
        withhold(&facility, &pool, &share).with_status(201);
        let (ann, bob) = (server.person(1), server.person(2));
        book(&ann, &pool, &at(1, "10:00"), 2).with_status(201);
        book(&bob, &pool, &at(1, "10:00"), 2).with_status(201);
        assert_eq!(facility.slot(&bob, &pool, 1, "11:00")["remaining"], 8, "two of the three courts are for everybody");
        assert_eq!(facility.slot(&bob, &pool, 1, "10:00")["remaining"], 0);
        assert_eq!(facility.slot(&bob, &pool, 1, "14:00")["remaining"], 12);
        let third = book(&bob, &pool, &at(1, "10:00"), 2);
        third.is_problem(409, "slot-withheld");
        // Nor by asking for the very court.
        let statuses: Vec<u16> = courts.iter().map(|court| book(&ann, court, &at(1, "10:00"), 2).status).collect();
        assert_eq!(statuses, [409; 3]);
        walk_in(&facility.staff, &pool, &at(1, "10:00"), 2).with_status(201);
        walk_in(&facility.staff, &pool, &at(1, "10:00"), 2).is_problem(409, "slot-full");
        for client in [&ann, &ann, &bob] {
            book(client, &pool, &at(1, "14:00"), 2).with_status(201);
        }
        // A hall that is kept for a unit in the morning; its halves with it.
        let hall = facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 100 }));
        let half = facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 50, "part_of": hall }));
        let home = unit_id(&server.anonymous(), HOME);
        let share = json!({ "holder": "unit", "unit_id": home, "places": 1, "reason": "小区活动", "release_seconds": 0, "hours": "08:00-12:00" });
        withhold(&facility, &hall, &share).with_status(201);
        let resident = server.holding(3, "resident", HOME);
        for of in [&hall, &half] {
            book(&ann, of, &at(2, "10:00"), 1).is_problem(409, "slot-withheld");
            book(&ann, of, &at(3, "13:00"), 1).with_status(201);
            let other = server.person(4);
            book(&other, of, &at(4, "11:00"), 1).is_problem(409, "slot-withheld");
            if of == &hall {
                act(&ann, ann.get("/v1/me/bookings?upcoming=true").ok()["items"].as_array().expect("items").iter().rfind(|one| one["resource"]["id"] == json!(hall)).expect("one")["id"].as_str().expect("an id"), "cancel").ok();
            }
        }
        book(&resident, &half, &at(2, "10:00"), 1).with_status(201);
        book(&resident, &hall, &at(2, "11:00"), 1).with_status(201);
        verify(world);
    }
}
