//! Bookings that somebody makes for another: by delegation or at the desk, on record in both names, with
//! the rights and limits of whom it is for; and what somebody takes along of theirs, or leaves behind.

use serde_json::{Value, json};

use crate::acting::family;
use crate::harness::facility::{Facility, act, at, book, id, new_key, state, verify};
use crate::harness::people::{Messages, phone};
use crate::harness::{Client, World, both_databases, until};
use crate::moved_clock::set_clock;

fn whose(client: &Client) -> String {
    client.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned()
}

fn kinds(client: &Client) -> Vec<String> {
    let inbox = client.get("/v1/me/inbox").ok();
    let items = inbox["items"].as_array().expect("items");
    items
        .iter()
        .map(|one| one["kind"].as_str().expect("a kind").to_owned())
        .collect()
}

both_databases! {
    fn a_daughter_books_for_her_father_who_is_told_and_can_undo_it(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = messages.serve(world);
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "person", "per": "active", "bookings": 2 }]);
        let rules = facility.rules(&json!({ "limits": limits, "cancel_until_seconds": 2_000_000, "changes_max": 0 }));
        let room = facility.resource(&rules, &json!({}));
        let (father, daughter, delegation) = family(&server, &messages, &["book"]);
        let for_him = daughter.with("acting-for", &delegation);
        let made = book(&for_him, &room, &at(1, "10:00"), 1).with_status(201).json;
        assert_eq!(made["person_id"], json!(whose(&father)));
        assert_eq!(made["made_by"], json!(format!("{} for {}", whose(&daughter), whose(&father))));
        assert_eq!(kinds(&father)[0], "done_for_you");
        // It counts for him and not for her.
        book(&father, &room, &at(1, "11:00"), 1).with_status(201);
        book(&for_him, &room, &at(1, "12:00"), 1).is_problem(409, "booking-limit");
        book(&daughter, &room, &at(1, "10:00"), 1).with_status(201);
        // Without the scope nobody books for him.
        book(&server.person(77).with("acting-for", &delegation), &room, &at(1, "13:00"), 1).with_status(403);
        // He undoes it: it is cancelled, and late it is not, nor a change of his.
        let acts = father.get("/v1/me/acts").ok();
        let of_it = acts["items"].as_array().expect("acts").iter().find(|one| one["what"] == "booking_made").expect("it is told");
        father.send("POST", &format!("/v1/me/acts/{}/undo", id(of_it)), None).ok();
        let gone = father.get(&format!("/v1/bookings/{}", id(&made))).ok();
        assert_eq!((&gone["state"], &gone["late"], &gone["changes"]), (&json!("cancelled"), &json!(false), &json!(0)));
        father.send("POST", &format!("/v1/me/acts/{}/undo", id(of_it)), None).is_problem(409, "state-conflict");
        let history = father.get(&format!("/v1/bookings/{}/history", id(&made))).ok();
        assert_eq!(history["items"][0]["actor"], made["made_by"]);
        book(&for_him, &room, &at(1, "12:00"), 1).with_status(201);
        verify(world);
    }

    fn the_desk_books_for_who_sits_there_with_their_limits_and_they_take_a_slip_home(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "person", "per": "active", "bookings": 1 }]);
        let rules = facility.rules(&json!({ "limits": limits }));
        let room = facility.resource(&rules, &json!({}));
        let staff = server.holding(1, "community_staff", crate::harness::facility::COMMUNITY);
        let person = json!({ "name": "赵秀英", "birth_year": 1948, "reason": "本人无手机" });
        let session = staff.post(&format!("/v1/units/{}/desk-people", facility.unit), &person).with_status(201).json;
        let path = format!("/v1/resources/{room}/bookings");
        let make = |time: &str| {
            let body = json!({ "desk_session": id(&session), "start": at(1, time), "party": 2 });
            staff.with("idempotency-key", &new_key()).post(&path, &body)
        };
        let made = make("10:00").with_status(201).json;
        assert_eq!(made["person_id"], session["person"]["id"]);
        assert!(made["made_by"].as_str().expect("a name").ends_with(&format!(" for {}", session["person"]["id"].as_str().expect("an id"))));
        make("12:00").is_problem(409, "booking-limit");
        let slip = staff.with("accept", "text/plain").get(&format!("/v1/bookings/{}", id(&made))).with_status(200);
        let joined: String = slip.text.lines().collect();
        assert!(joined.contains("10:00 至 11:00") && joined.contains("签到码"), "{joined}");
        // Another's session is nobody else's.
        let other = server.holding(2, "community_staff", crate::harness::facility::COMMUNITY);
        let body = json!({ "desk_session": id(&session), "start": at(1, "14:00") });
        other.with("idempotency-key", &new_key()).post(&path, &body).with_status(403);
        verify(world);
    }

    fn a_copy_has_the_bookings_and_who_is_erased_leaves_their_places(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let clock = set_clock(world, &at(0, "10:00"));
        let server = messages.serve_with(world, &[("ONEGRID_CLOCK_FILE", &clock)]);
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({}));
        let room = facility.resource(&rules, &json!({ "capacity": 1 }));
        let mei = messages.sign_in(&server, &phone(7)).on(&server);
        let kept = id(&book(&mei, &room, &at(9, "10:00"), 1).with_status(201).json);
        let gone = id(&book(&mei, &room, &at(9, "12:00"), 1).with_status(201).json);
        mei.post(&format!("/v1/bookings/{gone}/cancel"), &json!({ "reason": "孩子发烧" })).ok();
        let other = server.person(8);
        book(&other, &room, &at(9, "14:00"), 1).with_status(201);
        let wait = |client: &Client, time: &str| {
            let path = format!("/v1/resources/{room}/waiting");
            client.with("idempotency-key", &new_key()).post(&path, &json!({ "start": at(9, time) })).with_status(201)
        };
        wait(&mei, "14:00");
        wait(&other, "10:00");
        let feed = mei.send("POST", "/v1/me/calendar-feed", None).with_status(201).json;
        let copy = id(&mei.send("POST", "/v1/me/export", None).with_status(202).json);
        until("the copy is made", || (mei.get(&format!("/v1/me/exports/{copy}")).ok()["state"] == "ready").then_some(()));
        let bundle = mei.send("POST", &format!("/v1/me/exports/{copy}/fetch"), None).ok();
        let told = &bundle["bookings"];
        let ids: Vec<&Value> = told["bookings"].as_array().expect("bookings").iter().map(|one| &one["booking"]).collect();
        assert_eq!(ids, [&json!(kept), &json!(gone)]);
        assert_eq!(told["bookings"][1]["steps"][1]["reason"], "孩子发烧");
        assert_eq!((told["waiting"].as_array().map(Vec::len), told["calendar_feeds"].as_array().map(Vec::len)), (Some(1), Some(1)));
        // She waits as well for any time of a day on which she has one of the others.
        let lax = facility.rules(&json!({ "overlap": "allow" }));
        let full = facility.resource(&lax, &json!({ "capacity": 1, "opening_hours": "09:00-11:00" }));
        let morning = id(&book(&mei, &full, &at(9, "09:00"), 1).with_status(201).json);
        book(&server.person(9), &full, &at(9, "10:00"), 1).with_status(201);
        let path = format!("/v1/resources/{full}/waiting");
        let any = json!({ "day": crate::harness::facility::day(9).to_string() });
        mei.with("idempotency-key", &new_key()).post(&path, &any).with_status(201);
        // Erased after a week: what she booked is free, and whoever waited has it.
        mei.send("DELETE", "/v1/me", None).with_status(202);
        set_clock(world, &at(7, "10:05"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let other = server.person(8);
        let offer = until("her place is offered", || {
            let list = other.get("/v1/me/bookings?state=offered").ok();
            list["items"][0]["id"].as_str().map(str::to_owned)
        });
        act(&other, &offer, "confirm").ok();
        assert_eq!(state(&server.staff(), &kept), "cancelled");
        until("nothing is hers", || {
            let list = server.staff().get(&format!("/v1/resources/{full}/bookings?day={}", crate::harness::facility::day(9))).ok();
            let states: Vec<String> = list["items"].as_array().expect("items").iter().map(|one| one["booking"]["state"].as_str().expect("a state").to_owned()).collect();
            (!states.contains(&"offered".to_owned()) && state(&server.staff(), &morning) == "cancelled").then_some(())
        });
        server.anonymous().get(feed["path"].as_str().expect("a path")).is_problem(410, "address-over");
        let history = server.staff().get(&format!("/v1/bookings/{gone}/history")).ok();
        assert_eq!(history["items"][1]["reason"], Value::Null, "the words are gone, the record stays");
        verify(world);
    }
}
