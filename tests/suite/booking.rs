//! Booking a place: what is taken, what is refused and why, and what becomes of it.

use serde_json::{Value, json};

use crate::harness::facility::{Facility, act, at, book, book_with, day, id, new_key, state, verify};
use crate::harness::{Client, World, both_databases};

fn problem(slot: &Value) -> &str {
    let kind = slot["why"]["type"].as_str().unwrap_or_default();
    kind.rsplit('/').next().unwrap_or_default()
}

fn change(client: &Client, booking: &str, body: &Value) -> crate::harness::Answer {
    client.post(&format!("/v1/bookings/{booking}/change"), body)
}

both_databases! {
    fn five_people_share_a_slot_and_the_sixth_is_told_that_it_is_full(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({}));
        let room = facility.resource(&rules, &json!({}));
        let (ann, bob) = (server.person(1), server.person(2));
        let first = book(&ann, &room, &at(1, "10:00"), 3).with_status(201);
        assert!(first.needed_header("location").ends_with(&id(&first.json)));
        let tag = first.needed_header("etag");
        assert_eq!(
            (&first.json["state"], &first.json["party"], &first.json["resource"]["id"]),
            (&json!("confirmed"), &json!(3), &json!(room))
        );
        let seen = ann.get(&format!("/v1/bookings/{}", id(&first.json))).with_status(200);
        assert_eq!((seen.needed_header("etag"), &seen.json), (tag, &first.json));
        // Not enough, full, and free beside it.
        let few = book(&bob, &room, &at(1, "10:00"), 3);
        few.is_problem(409, "not-enough-places");
        assert_eq!(few.json["remaining"], 2);
        book(&bob, &room, &at(1, "10:00"), 2).with_status(201);
        book(&server.person(3), &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        book(&server.person(3), &room, &at(1, "11:00"), 5).with_status(201);
        let slot = facility.slot(&server.person(4), &room, 1, "10:00");
        assert_eq!(
            (&slot["capacity"], &slot["remaining"], &slot["bookable"], problem(&slot)),
            (&json!(5), &json!(0), &json!(false), "slot-full")
        );
        let slot = facility.slot(&server.anonymous(), &room, 1, "12:00");
        assert_eq!((&slot["remaining"], &slot["bookable"], &slot["why"]), (&json!(5), &json!(true), &Value::Null));
        // What one gives back another has, and the others are not touched.
        act(&ann, &id(&first.json), "cancel").ok();
        book(&server.person(3), &room, &at(1, "10:00"), 3).with_status(201);
        assert_eq!(facility.slots(&ann, &room, 1).len(), 12);
        assert!(verify(world).contains(" 0 errors, 0 excess"));
    }

    fn what_is_not_offered_or_over_or_too_many_is_refused_with_what_to_do(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "slots_max": 3, "party_min": 2, "party_max": 4, "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({ "interval_minutes": 30 }));
        let ann = server.person(1);
        for (start, end, kind) in [
            (at(1, "07:00"), None, "slot-not-offered"),
            (at(1, "10:10"), None, "slot-not-offered"),
            (at(1, "19:30"), None, "slot-not-offered"),
            (at(1, "10:00"), Some(at(1, "10:30")), "slot-not-offered"),
            (at(1, "10:00"), Some(at(1, "09:00")), "slot-not-offered"),
            (at(1, "18:00"), Some(at(1, "21:00")), "slot-not-offered"),
            (at(0, "00:00"), None, "slot-past"),
            ("2020-01-01T10:00:00+08:00".to_owned(), None, "slot-past"),
            (at(40, "10:00"), None, "booking-too-early"),
        ] {
            let answer = book_with(&ann, &json!({ "resource_id": room, "start": start, "end": end, "party": 2 }));
            answer.is_problem(409, kind);
        }
        let asked = |with: Value| {
            let mut body = json!({ "resource_id": room, "start": at(1, "10:00"), "party": 2 });
            for (name, value) in with.as_object().expect("an object") {
                body[name] = value.clone();
            }
            book_with(&ann, &body)
        };
        asked(json!({ "party": 1 })).is_invalid_at(&[("body", "/party", "minimum")]);
        asked(json!({ "party": 5 })).is_invalid_at(&[("body", "/party", "maximum")]);
        asked(json!({ "party": 6 })).is_invalid_at(&[("body", "/party", "maximum")]);
        asked(json!({ "end": at(1, "14:00") })).is_invalid_at(&[("body", "/end", "maximum")]);
        asked(json!({ "colour": "red" })).is_invalid_at(&[("body", "/colour", "unknown_field")]);
        asked(json!({ "start": "2400-01-01T00:00:00Z" })).is_invalid_at(&[("body", "/start", "range")]);
        asked(json!({ "resource_id": "res_01h455vb4pex5vsknk084sn02q" })).is_problem(404, "not-found");
        let without_key = ann.post("/v1/bookings", &json!({ "resource_id": room, "start": at(1, "10:00") }));
        without_key.is_invalid_at(&[("header", "/Idempotency-Key", "required")]);
        server.anonymous().with("idempotency-key", "k").post("/v1/bookings", &json!({})).is_problem(401, "unauthenticated");
        // Three in a row are one booking, all or none.
        let three = asked(json!({ "end": at(1, "13:00") })).with_status(201).json;
        asked(json!({ "start": at(1, "11:00"), "end": at(1, "12:00"), "party": 4 })).is_problem(409, "not-enough-places");
        act(&ann, &id(&three), "cancel").ok();
        asked(json!({ "start": at(1, "11:00"), "end": at(1, "12:00"), "party": 4 })).with_status(201);
        asked(json!({ "end": at(1, "13:00") })).is_problem(409, "not-enough-places");
        asked(json!({ "party": 4 })).with_status(201);
        // A resource is checked as well.
        let wrong = facility.ask_resource(&rules, &json!({ "slot_minutes": 7, "capacity": 0, "opening_hours": "immer" }));
        wrong.is_invalid_at(&[
            ("body", "/resource/slot_minutes", "multiple_of"),
            ("body", "/resource/capacity", "minimum"),
            ("body", "/resource/opening_hours", "opening_hours"),
        ]);
        let terms = json!({ "party_min": 3, "party_max": 2, "limits": [{ "of": "person", "per": "day" }] });
        let body = json!({ "unit_id": facility.unit, "name": "x", "terms": terms });
        facility.staff.post("/v1/booking-rules", &body).is_invalid_at(&[
            ("body", "/terms/party_max", "minimum"),
            ("body", "/terms/limits/0", "required"),
        ]);
    }

    fn the_same_request_twice_is_one_booking_and_another_body_is_told_apart(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let room = facility.resource(&facility.rules(&json!({})), &json!({ "capacity": 1 }));
        let ann = server.person(1).with("idempotency-key", "one");
        let body = json!({ "resource_id": room, "start": at(1, "10:00"), "party": 1 });
        let first = ann.post("/v1/bookings", &body).with_status(201).json;
        let again = ann.post("/v1/bookings", &body).with_status(201).json;
        assert_eq!(first, again);
        let other = json!({ "resource_id": room, "start": at(1, "11:00"), "party": 1 });
        ann.post("/v1/bookings", &other).is_problem(422, "idempotency-key-reused");
        // The key of one is not that of another.
        server.person(2).with("idempotency-key", "one").post("/v1/bookings", &body).is_problem(409, "slot-full");
        // As it stands now: what was cancelled is shown so, and is not made again.
        act(&server.person(1), &id(&first), "cancel").ok();
        assert_eq!(ann.post("/v1/bookings", &body).with_status(201).json["state"], "cancelled");
        let own = server.person(1).get("/v1/me/bookings").ok();
        assert_eq!(own["items"].as_array().map(Vec::len), Some(1));
        // The same at once.
        let key = new_key();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..16)
                .map(|_| {
                    let client = server.person(3).with("idempotency-key", &key).on_own_connection();
                    let body = json!({ "resource_id": room, "start": at(1, "12:00"), "party": 1 });
                    scope.spawn(move || client.post("/v1/bookings", &body))
                })
                .collect();
            tries.into_iter().map(|one| one.join().expect("it ended")).collect()
        });
        let ids: std::collections::BTreeSet<String> = answers.into_iter().map(|one| id(&one.with_status(201).json)).collect();
        assert_eq!(ids.len(), 1);
    }

    fn a_hall_blocks_its_halves_and_a_half_blocks_the_hall_and_not_the_other(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let hall = facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 100 }));
        let half = |part: &str| facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 50, "part_of": part }));
        let (left, right) = (half(&hall), half(&hall));
        let corner = facility.resource(&rules, &json!({ "kind": "shared", "capacity": 5, "part_of": left }));
        let ann = server.person(1);
        let whole = book(&ann, &hall, &at(1, "10:00"), 80).with_status(201).json;
        for part in [&left, &right, &corner] {
            book(&ann, part, &at(1, "10:00"), 1).is_problem(409, "slot-full");
            assert_eq!(facility.slot(&ann, part, 1, "10:00")["remaining"], 0);
        }
        act(&ann, &id(&whole), "cancel").ok();
        book(&ann, &corner, &at(1, "10:00"), 2).with_status(201);
        book(&ann, &hall, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        book(&ann, &left, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        book(&ann, &right, &at(1, "10:00"), 1).with_status(201);
        book(&ann, &corner, &at(1, "10:00"), 3).with_status(201);
        book(&ann, &hall, &at(1, "11:00"), 100).with_status(201);
        // Nothing is part of itself, nor of what is elsewhere.
        facility.ask_change(&hall, &json!({ "part_of": corner })).is_invalid_at(&[("body", "/part_of", "circle")]);
        facility.ask_change(&hall, &json!({ "part_of": hall })).is_invalid_at(&[("body", "/part_of", "circle")]);
        assert!(verify(world).contains("4 resources"));
    }

    fn a_pool_gives_one_of_its_courts_and_the_staff_move_a_booking_inside_it(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow", "slots_max": 2 }));
        let pool = facility.resource(&rules, &json!({ "kind": "pool", "capacity": 4, "name": "球场" }));
        let court = || facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 4, "part_of": pool }));
        let courts = [court(), court(), court()];
        let ann = server.person(1);
        let mut taken = std::collections::BTreeMap::new();
        for left in [8, 4, 0] {
            let made = book(&ann, &pool, &at(1, "10:00"), 4).with_status(201).json;
            assert_eq!(made["asked_id"], json!(pool));
            taken.insert(made["resource"]["id"].as_str().expect("an id").to_owned(), id(&made));
            assert_eq!(facility.slot(&ann, &pool, 1, "10:00")["remaining"], left);
        }
        assert_eq!(taken.len(), 3);
        book(&ann, &pool, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        book(&ann, &courts[0], &at(1, "10:00"), 1).is_problem(409, "slot-full");
        book(&ann, &pool, &at(1, "11:00"), 5).is_invalid_at(&[("body", "/party", "maximum")]);
        // One court for itself; the pool has two left then.
        book(&ann, &courts[1], &at(1, "11:00"), 2).with_status(201);
        assert_eq!(facility.slot(&ann, &pool, 1, "11:00")["remaining"], 8);
        // The staff put a party on another court, which must be free.
        let staff = &facility.staff;
        let moved = |booking: &str, court: &str| {
            let path = format!("/v1/bookings/{booking}");
            let tag = staff.get(&path).with_status(200).needed_header("etag");
            change(&staff.with("if-match", &tag), booking, &json!({ "resource_id": court }))
        };
        let booking = &taken[&courts[0]];
        change(staff, booking, &json!({ "resource_id": courts[1] })).is_problem(428, "precondition-required");
        moved(booking, &courts[1]).is_problem(409, "slot-full");
        act(&ann, &taken[&courts[1]], "cancel").ok();
        let now = moved(booking, &courts[1]).ok();
        assert_eq!((&now["resource"]["id"], &now["changes"]), (&json!(courts[1]), &json!(0)));
        book(&ann, &courts[0], &at(1, "10:00"), 1).with_status(201);
        change(&ann, booking, &json!({ "resource_id": courts[2] })).is_problem(403, "forbidden");
        verify(world);
    }

    fn buffers_of_both_neighbours_keep_them_apart_also_where_the_grid_changed(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let buffers = json!({ "kind": "exclusive", "interval_minutes": 30, "buffer_after_minutes": 30 });
        let room = facility.resource(&rules, &buffers);
        let ann = server.person(1);
        book(&ann, &room, &at(1, "10:00"), 1).with_status(201);
        book(&ann, &room, &at(1, "11:00"), 1).is_problem(409, "slot-full");
        book(&ann, &room, &at(1, "08:30"), 1).with_status(201);
        book(&ann, &room, &at(1, "11:30"), 1).with_status(201);
        // Asked from inside of the buffer the list knows of it as well.
        let path = format!("/v1/resources/{room}/slots");
        let list = ann.ask(&path, &[("from", &at(1, "11:00")), ("to", &at(1, "11:30"))]).ok();
        assert_eq!((&list["items"][0]["bookable"], list["items"].as_array().map(Vec::len)), (&json!(false), Some(1)));
        // Buffers of those who come later count; those of bookings that are there stay.
        let left = facility.ask_change(&room, &json!({ "buffer_before_minutes": 30, "buffer_after_minutes": 0, "slot_minutes": 30 })).ok();
        assert_eq!(left["conflicts"], json!({ "excess": [], "outside": [] }));
        book(&ann, &room, &at(1, "13:00"), 1).is_problem(409, "slot-full");
        book(&ann, &room, &at(1, "13:30"), 1).with_status(201);
        book(&ann, &room, &at(1, "14:00"), 1).is_problem(409, "slot-full");
        verify(world);
    }

    fn a_change_keeps_the_old_place_where_the_new_one_cannot_be_had(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "slots_max": 3, "changes_max": 2 }));
        let room = facility.resource(&rules, &json!({ "kind": "exclusive" }));
        let (ann, bob) = (server.person(1), server.person(2));
        let own = id(&book(&ann, &room, &at(1, "10:00"), 2).with_status(201).json);
        let his = id(&book(&bob, &room, &at(1, "12:00"), 2).with_status(201).json);
        change(&ann, &own, &json!({ "start": at(1, "12:00") })).is_problem(409, "slot-full");
        assert_eq!(ann.get(&format!("/v1/bookings/{own}")).ok()["version"], 1);
        change(&bob, &own, &json!({ "party": 1 })).is_problem(404, "not-found");
        // It does not collide with itself, and what was its place is free at once.
        let longer = change(&ann, &own, &json!({ "end": at(1, "12:00") })).ok();
        assert_eq!((&longer["changes"], &longer["version"]), (&json!(1), &json!(2)));
        change(&ann, &own, &json!({ "end": at(1, "13:00") })).is_problem(409, "slot-full");
        change(&ann, &own, &json!({ "party": 50 })).is_invalid_at(&[("body", "/party", "maximum")]);
        let moved = change(&ann, &own, &json!({ "start": at(1, "15:00"), "end": at(1, "16:00"), "party": 1 })).ok();
        assert_eq!((&moved["party"], &moved["changes"]), (&json!(1), &json!(2)));
        change(&bob, &his, &json!({ "start": at(1, "10:00") })).ok();
        change(&ann, &own, &json!({ "party": 2 })).is_problem(409, "too-many-changes");
        let history = ann.get(&format!("/v1/bookings/{own}/history")).ok();
        let acts: Vec<&str> = history["items"].as_array().expect("items").iter().map(|one| one["act"].as_str().expect("an act")).collect();
        assert_eq!(acts, ["make", "change", "change"]);
        let first: onegrid::clock::Timestamp = at(1, "10:00").parse().expect("a time");
        assert_eq!(history["items"][0]["start"], first.to_string());
        bob.get(&format!("/v1/bookings/{own}/history")).is_problem(404, "not-found");
        // Two of the staff who saw the same version.
        let tag = facility.staff.get(&format!("/v1/bookings/{own}")).needed_header("etag");
        let seen = facility.staff.with("if-match", &tag);
        change(&seen, &own, &json!({ "party": 3, "reason": "人数有变" })).ok();
        change(&seen, &own, &json!({ "party": 4 })).is_problem(412, "version-mismatch");
        let letters = ann.get("/v1/me/inbox").ok();
        assert_eq!(letters["items"][0]["kind"], "booking_changed");
        verify(world);
    }

    fn what_a_change_of_a_resource_leaves_stays_and_is_told_apart_from_an_error(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({}));
        let people: Vec<Client> = (1..=5).map(|number| server.person(number)).collect();
        for one in &people {
            book(one, &room, &at(1, "10:00"), 1).with_status(201);
        }
        let late = id(&book(&people[0], &room, &at(1, "19:00"), 1).with_status(201).json);
        let left = facility.ask_change(&room, &json!({ "capacity": 3, "opening_hours": "08:00-18:00" })).ok();
        assert_eq!(left["conflicts"]["excess"].as_array().map(Vec::len), Some(5));
        assert_eq!(left["conflicts"]["outside"][0]["id"], json!(late));
        assert!(verify(world).contains(" 0 errors, 1 excess"));
        assert_eq!(state(&people[0], &late), "confirmed");
        book(&people[0], &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        let same = facility.staff.get(&format!("/v1/resources/{room}/conflicts")).ok();
        assert_eq!(same["excess"].as_array().map(Vec::len), Some(5));
        people[1].get(&format!("/v1/resources/{room}/conflicts")).is_problem(404, "not-found");
        // It fits when enough have gone, and is then taken again.
        let path = format!("/v1/resources/{room}/bookings?day={}", day(1));
        let listed = facility.staff.get(&path).ok();
        let ten: Vec<String> = listed["items"].as_array().expect("items").iter().map(|one| id(&one["booking"])).collect();
        assert_eq!(ten.len(), 6);
        for gone in &ten[..3] {
            act(&facility.staff, gone, "cancel").ok();
        }
        assert!(verify(world).contains(" 0 errors, 0 excess"));
        book(&server.person(6), &room, &at(1, "10:00"), 1).with_status(201);
        book(&server.person(7), &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        assert!(verify(world).contains(" 0 errors, 0 excess"));
        // How it is shared stays as long as somebody is to come.
        facility.ask_change(&room, &json!({ "kind": "exclusive" })).is_problem(409, "state-conflict");
        // A resource becomes part of a hall that is booked.
        let hall = facility.resource(&rules, &json!({ "kind": "exclusive" }));
        book(&people[0], &hall, &at(1, "10:00"), 1).with_status(201);
        let left = facility.ask_change(&room, &json!({ "part_of": hall })).ok();
        assert_eq!(left["conflicts"]["excess"].as_array().map(Vec::len), Some(4));
        assert!(verify(world).contains(" 0 errors, "));
    }

    fn closures_are_shown_with_their_reason_and_bookings_that_they_meet_are_listed(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let hall = facility.resource(&rules, &json!({}));
        let room = facility.resource(&rules, &json!({ "part_of": hall }));
        let ann = server.person(1);
        let made = id(&book(&ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        let path = format!("/v1/resources/{hall}/closures");
        let body = json!({ "from": at(1, "09:30"), "to": at(1, "11:00"), "reason": "设备检修" });
        let closed = facility.staff.post(&path, &body).with_status(201).json;
        assert_eq!(closed["conflicts"]["outside"][0]["id"], json!(made));
        let slot = facility.slot(&ann, &room, 1, "09:00");
        assert_eq!((&slot["remaining"], problem(&slot)), (&json!(0), "slot-not-offered"));
        assert!(slot["why"]["detail"].as_str().expect("words").contains("设备检修"));
        book(&ann, &hall, &at(1, "10:00"), 1).is_problem(409, "slot-not-offered");
        assert_eq!(facility.slot(&ann, &hall, 1, "08:00")["bookable"], json!(true));
        let again = json!({ "from": at(0, "00:00"), "hours": "12:00-14:00", "reason": "午休" });
        facility.staff.post(&path, &again).with_status(201);
        book(&ann, &room, &at(2, "13:00"), 1).is_problem(409, "slot-not-offered");
        facility.staff.post(&path, &json!({ "from": at(1, "09:30"), "reason": "x" })).is_invalid_at(&[("body", "/to", "required")]);
        ann.post(&path, &body).is_problem(403, "forbidden");
        let listed = ann.get(&path).ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
        let lift = format!("/v1/closures/{}/lift", id(&closed["closure"]));
        facility.staff.post(&lift, &json!({})).ok();
        facility.staff.post(&lift, &json!({})).is_problem(409, "state-conflict");
        book(&ann, &hall, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        // What was given up is not booked.
        let tag = facility.staff.get(&format!("/v1/resources/{hall}")).needed_header("etag");
        facility.staff.with("if-match", &tag).post(&format!("/v1/resources/{hall}/close"), &json!({})).ok();
        book(&ann, &hall, &at(3, "10:00"), 1).is_problem(409, "slot-not-offered");
    }
}
