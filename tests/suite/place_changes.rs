//! Places change: versions, closing, and the same request twice.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Client, World, both_databases, place, until};
use crate::places::create;

/// The path of a new place, and its first tag.
fn a_place(staff: &Client) -> (String, String) {
    let made = staff
        .post("/v1/places", &place("甲店", "shop", 100.0, 0.0))
        .with_status(201);
    (made.needed_header("location"), made.needed_header("etag"))
}

/// The names in the circle around the origin.
fn around(client: &Client) -> Vec<String> {
    client
        .get("/v1/circle?lat=31.2&lon=112.6")
        .with_status(200)
        .listed("name")
}

both_databases! {
    fn a_change_needs_the_version_that_it_changes(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let (path, tag) = a_place(&staff);
        let other = place("乙店", "pharmacy", 200.0, 0.0);
        staff.put(&path, &other).is_problem(428, "precondition-required");
        for stale in ["\"v0\"", "\"v2\"", "v1", "\"nonsense\"", "W/\"v1\""] {
            staff.with("if-match", stale).put(&path, &other).is_problem(412, "version-mismatch");
        }
        assert_eq!(server.anonymous().get(&path).ok()["name"], "甲店");
        let changed = staff.with("if-match", &tag).put(&path, &other).with_status(200);
        assert_eq!(changed.json["name"], "乙店");
        assert_eq!(changed.json["category"], "medical");
        assert_eq!(changed.json["version"], 2);
        let newer = changed.needed_header("etag");
        assert_ne!(newer, tag);
        let read = server.anonymous().get(&path).with_status(200);
        assert_eq!((read.header("etag"), &read.json), (Some(newer.as_str()), &changed.json));
        staff.with("if-match", &tag).put(&path, &other).is_problem(412, "version-mismatch");
        staff.with("if-match", &format!("\"x\", {newer}")).put(&path, &other).with_status(200);
        staff.with("if-match", "*").put(&path, &other).with_status(200);
    }

    fn what_is_wrong_with_a_change_is_named_before_its_version_is_asked_for(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let (path, tag) = a_place(&staff);
        let wrong = json!({ "name": "", "kind": "shop", "location": { "lat": 1, "lon": 2 } });
        staff.with("if-match", &tag).put(&path, &wrong).is_invalid_at(&[("body", "/name", "min_length")]);
        assert_eq!(server.anonymous().get(&path).ok()["version"], 1);
    }

    fn of_changes_to_one_version_one_wins(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        let (path, tag) = a_place(&staff);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let changing: Vec<_> = (0..8)
                .map(|number| {
                    let client = staff.on_own_connection().with("if-match", &tag);
                    let path = &path;
                    scope.spawn(move || client.put(path, &place(&format!("店{number}"), "shop", 0.0, 0.0)).status)
                })
                .collect();
            changing.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
        assert_eq!(server.anonymous().get(&path).ok()["version"], 2);
    }

    fn a_closed_place_is_on_record_and_in_nobodys_circle_until_it_opens_again(world: &World) {
        let server = world.serve();
        let (client, staff) = (server.anonymous(), server.staff());
        let (path, tag) = a_place(&staff);
        until("it is in the circle", || (around(&client) == ["甲店"]).then_some(()));
        let close = format!("{path}/close");
        staff.send("POST", &close, None).is_problem(428, "precondition-required");
        staff.with("if-match", "\"v9\"").send("POST", &close, None).is_problem(412, "version-mismatch");
        let closed = staff.with("if-match", &tag).send("POST", &close, None).with_status(200);
        assert_eq!(closed.json["status"], "closed");
        until("it is gone from the circle", || around(&client).is_empty().then_some(()));
        assert_eq!(client.get(&path).ok()["status"], "closed", "it stays on record");
        assert_eq!(client.get("/v1/places?status=closed").listed("name"), ["甲店"]);
        assert!(client.get("/v1/places?status=open").listed("name").is_empty());
        assert_eq!(client.get("/v1/places").listed("name"), ["甲店"]);
        let tag = closed.needed_header("etag");
        staff.with("if-match", &tag).send("POST", &close, None).is_problem(409, "state-conflict");
        let reopen = format!("{path}/reopen");
        let opened = staff.with("if-match", &tag).send("POST", &reopen, None).with_status(200);
        assert_eq!(opened.json["status"], "open");
        assert_eq!(opened.json["version"], 3);
        until("it is back", || (around(&client) == ["甲店"]).then_some(()));
        let tag = opened.needed_header("etag");
        staff.with("if-match", &tag).send("POST", &reopen, None).is_problem(409, "state-conflict");
    }

    fn the_same_key_and_body_have_one_effect_and_one_answer(world: &World) {
        let server = world.serve();
        let staff = server.staff().with("idempotency-key", "order-1");
        let first = staff.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201);
        let again = staff.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201);
        assert_eq!(first.text, again.text);
        for name in ["location", "etag", "content-type"] {
            assert_eq!(first.header(name), again.header(name), "{name}");
        }
        assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
        until("one place", || (server.anonymous().get("/v1/places").listed("name") == ["店"]).then_some(()));
        let other = staff.post("/v1/places", &place("另一家", "shop", 0.0, 0.0));
        other.is_problem(422, "idempotency-key-reused");
        // Another key is another request, no key is none.
        let another = server.staff().with("idempotency-key", "order-2");
        let second = another.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201);
        assert_ne!(second.json["id"], first.json["id"]);
        let third = create(&server.staff(), &place("店", "shop", 0.0, 0.0));
        assert_ne!(third["id"], second.json["id"]);
    }

    fn the_same_key_counts_on_every_server_and_after_a_restart(world: &World) {
        let (one, other) = (world.serve(), world.serve());
        let enter = |server: &crate::harness::Server| {
            let staff = server.staff().with("idempotency-key", "\"5f2a\"");
            staff.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201).json
        };
        let first = enter(&one);
        assert_eq!(enter(&other), first);
        drop((one, other));
        assert_eq!(enter(&world.serve()), first);
    }

    fn a_request_that_was_refused_leaves_its_key_free(world: &World) {
        let server = world.serve();
        let staff = server.staff().with("idempotency-key", "once");
        staff.post("/v1/places", &place("", "shop", 0.0, 0.0)).is_problem(422, "invalid-input");
        staff.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201);
    }

    fn a_key_that_is_none_is_refused(world: &World) {
        let server = world.serve();
        for wrong in ["", "\"\"", &"k".repeat(256)] {
            let staff = server.staff().with("idempotency-key", wrong);
            let answer = staff.post("/v1/places", &place("店", "shop", 0.0, 0.0));
            answer.is_invalid_at(&[("header", "/Idempotency-Key", "format")]);
        }
        let longest = server.staff().with("idempotency-key", &"k".repeat(255));
        longest.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201);
    }

    fn one_key_in_many_requests_at_once_has_one_effect(world: &World) {
        let servers = [world.serve(), world.serve()];
        let answers: Vec<(u16, Option<u64>, Value)> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..16)
                .map(|number| {
                    let staff = servers[number % 2].staff().with("idempotency-key", "together");
                    scope.spawn(move || {
                        let answer = staff.post("/v1/places", &place("店", "shop", 0.0, 0.0));
                        if answer.status == 409 {
                            answer.is_problem(409, "idempotency-in-progress");
                        }
                        let wait = answer.header("retry-after").and_then(|text| text.parse().ok());
                        (answer.status, wait, answer.json)
                    })
                })
                .collect();
            asking.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        let mut ids = HashSet::new();
        for (status, wait, body) in &answers {
            match status {
                201 => {
                    ids.insert(body["id"].to_string());
                }
                409 => assert!(wait.is_some_and(|seconds| seconds > 0), "409 says when to come back"),
                other => panic!("{other}: {body}"),
            }
        }
        assert_eq!(ids.len(), 1, "{answers:?}");
        for server in &servers {
            until("one place", || (server.anonymous().get("/v1/places").listed("name") == ["店"]).then_some(()));
        }
    }
}
