//! What rules ask for: limits, times, approval, holds, and what becomes of those who do not come.

use serde_json::{Value, json};

use crate::harness::facility::{COMMUNITY, Facility, act, at, book, book_with, day, id, state, verify};
use crate::harness::{Client, Server, World, both_databases, until};
use crate::moved_clock::set_clock;

fn hold(client: &Client, resource: &str, start: &str, party: i64) -> crate::harness::Answer {
    book_with(
        client,
        &json!({ "resource_id": resource, "start": start, "party": party, "hold": true }),
    )
}

/// Serves with a clock that moves; it stands at the machine's time.
fn serve_with_clock(world: &World) -> Server {
    let file = set_clock(world, &onegrid::clock::now().to_string());
    world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)])
}

fn why(client: &Client, facility: &Facility, resource: &str, ahead: u64, time: &str) -> String {
    let slot = facility.slot(client, resource, ahead, time);
    let kind = slot["why"]["type"].as_str().unwrap_or_default();
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

both_databases! {
    fn limits_count_a_person_by_time_and_number_and_a_household_together(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let limits = json!([
            { "of": "person", "per": "day", "bookings": 2 },
            { "of": "person", "per": "week", "minutes": 240 },
            { "of": "person", "per": "active", "bookings": 3 },
        ]);
        let rules = facility.rules(&json!({ "limits": limits, "slots_max": 4, "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({}));
        let same_rules = facility.resource(&rules, &json!({}));
        let other_rules = facility.resource(&facility.rules(&json!({ "overlap": "allow" })), &json!({}));
        let ann = server.person(1);
        let first = id(&book(&ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        book(&ann, &same_rules, &at(1, "10:00"), 1).with_status(201);
        let third = book(&ann, &room, &at(1, "12:00"), 1);
        third.is_problem(409, "booking-limit");
        assert!(third.json["detail"].as_str().expect("words").contains("每天最多 2 次预约"));
        assert_eq!(why(&ann, &facility, &room, 1, "12:00"), "booking-limit");
        assert_eq!(why(&server.anonymous(), &facility, &room, 1, "12:00"), "");
        book(&ann, &other_rules, &at(1, "12:00"), 1).with_status(201);
        // Another person has a limit of their own.
        book(&server.person(2), &room, &at(1, "12:00"), 1).with_status(201);
        // What was given back counts no more; a change of one counts once.
        act(&ann, &first, "cancel").ok();
        let again = id(&book(&ann, &room, &at(1, "12:00"), 1).with_status(201).json);
        let longer = json!({ "end": at(1, "15:00") });
        ann.post(&format!("/v1/bookings/{again}/change"), &longer).ok();
        let far = json!({ "resource_id": room, "start": at(1, "15:00"), "end": at(1, "17:00"), "party": 1 });
        book_with(&ann, &far).is_problem(409, "booking-limit");
        // A limit that was lowered since stops nobody who asks for no more than they have.
        let lower = json!([{ "of": "person", "per": "active", "bookings": 1 }, { "of": "person", "per": "day", "minutes": 60 }]);
        facility.change_rules(&rules, &json!({ "limits": lower, "slots_max": 4, "overlap": "allow" }));
        let shorter = json!({ "end": at(1, "14:00"), "party": 2 });
        ann.post(&format!("/v1/bookings/{again}/change"), &shorter).ok();
        ann.post(&format!("/v1/bookings/{again}/change"), &json!({ "end": at(1, "15:00") })).is_problem(409, "booking-limit");
        verify(world);
    }

    fn a_household_has_its_limit_together_and_one_person_is_at_one_place_at_a_time(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "household", "per": "active", "bookings": 2 }]);
        let rules = facility.rules(&json!({ "limits": limits }));
        let (room, other) = (facility.resource(&rules, &json!({})), facility.resource(&rules, &json!({})));
        let ann = server.holding(1, "resident", "429901001001001A1");
        let bob = server.holding(2, "resident", "429901001001001A1");

        ann.send("POST", "/v1/me/household", None).with_status(201);
        let invited = ann.send("POST", "/v1/me/household/invitation", None).with_status(201);
        let code = invited.json["code"].clone();
        bob.post("/v1/me/household/join", &json!({ "code": code }));
        let first = id(&book(&ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        let overlapping = book(&ann, &other, &at(1, "10:00"), 1);
        overlapping.is_problem(409, "booking-overlaps");
        assert_eq!(overlapping.json["rival"], json!(first));
        book(&bob, &other, &at(1, "10:00"), 1).with_status(201);
        for member in [&ann, &bob] {
            book(member, &room, &at(1, "11:00"), 1).is_problem(409, "booking-limit");
        }
        act(&bob, &first, "cancel").is_problem(404, "not-found");
        act(&ann, &first, "cancel").ok();
        // Where one ends the next may begin.
        book(&bob, &room, &at(1, "11:00"), 1).with_status(201);
        verify(world);
    }

    fn nobody_books_before_it_opens_and_shares_open_one_after_another(world: &World) {
        let server = serve_with_clock(world);
        let facility = Facility::open(world, &server);
        let opens = json!([
            { "days_before": 2, "at": "09:00", "places": 2 },
            { "days_before": 1, "at": "15:00" },
        ]);
        let lead = json!({ "count": 1, "unit": "days" });
        let rules = facility.rules(&json!({ "opens": opens, "overlap": "allow", "lead": lead }));
        let room = facility.resource(&rules, &json!({}));
        let asked = |instant: &str, number: u32, party: i64| {
            set_clock(world, instant);
            std::thread::sleep(std::time::Duration::from_millis(120));
            let client = server.person(number);
            book(&client, &room, &at(10, "10:00"), party)
        };
        let early = asked(&at(8, "08:59"), 1, 1);
        early.is_problem(409, "booking-not-open");
        let opens_at: onegrid::clock::Timestamp = at(8, "09:00").parse().expect("a time");
        assert_eq!(early.json["opens_at"], opens_at.to_string());
        hold(&server.person(1), &room, &at(10, "10:00"), 1).is_problem(409, "booking-not-open");
        // Nor do the staff, be it with a reason.
        let path = format!("/v1/resources/{room}/bookings");
        let staff = server.staff();
        let desk = json!({ "start": at(10, "10:00"), "override_reason": "急" });
        staff.with("idempotency-key", "a").post(&path, &desk).is_problem(409, "booking-not-open");
        let shown = facility.slot(&server.person(1), &room, 10, "10:00");
        assert_eq!(shown["why"]["opens_at"], opens_at.to_string());
        // Two places open first, the rest the day after.
        asked(&at(8, "09:01"), 1, 2).with_status(201);
        let more = asked(&at(8, "09:02"), 2, 1);
        more.is_problem(409, "booking-not-open");
        let next: onegrid::clock::Timestamp = at(9, "15:00").parse().expect("a time");
        assert_eq!(more.json["opens_at"], next.to_string());
        asked(&at(9, "15:01"), 2, 3).with_status(201);
        asked(&at(9, "15:02"), 3, 1).is_problem(409, "slot-full");
        // On its day it is too late, but for who may pass over that.
        set_clock(world, &at(10, "00:01"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let client = server.person(4);
        assert_eq!(why(&client, &facility_of(&facility, &server), &room, 10, "11:00"), "booking-too-late");
        book(&client, &room, &at(10, "11:00"), 1).is_problem(409, "booking-too-late");
        let staff = server.staff();
        let desk = json!({ "start": at(10, "11:00"), "party": 2 });
        staff.with("idempotency-key", "b").post(&path, &desk).is_problem(409, "booking-too-late");
        let desk = json!({ "start": at(10, "11:00"), "party": 2, "override_reason": "老人到场" });
        let made = staff.with("idempotency-key", "c").post(&path, &desk).with_status(201).json;
        assert_eq!((&made["person_id"], &made["state"]), (&Value::Null, &json!("confirmed")));
        let history = staff.get(&format!("/v1/bookings/{}/history", id(&made))).ok();
        assert_eq!((&history["items"][0]["overridden"], &history["items"][0]["reason"]), (&json!(true), &json!("老人到场")));
        // A grid leader serves, and passes over nothing.
        let leader = server.holding(5, "grid_leader", "429901001001001");
        leader.with("idempotency-key", "d").post(&path, &desk).is_problem(404, "not-found");
        let leader = server.holding(5, "community_staff", COMMUNITY);
        leader.with("idempotency-key", "d").post(&path, &desk).with_status(201);
        verify(world);
    }

    fn a_hold_keeps_a_place_for_a_while_and_confirming_it_late_books_where_there_is_room(world: &World) {
        let server = serve_with_clock(world);
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "person", "per": "active", "bookings": 2 }]);
        let rules = facility.rules(&json!({ "hold_seconds": 60, "limits": limits }));
        let room = facility.resource(&rules, &json!({ "kind": "exclusive" }));
        let (ann, bob) = (server.person(1), server.person(2));
        let held = hold(&ann, &room, &at(1, "10:00"), 1).with_status(201).json;
        assert_eq!(held["state"], "held");
        let refused = book(&bob, &room, &at(1, "10:00"), 1);
        refused.is_problem(409, "slot-held");
        assert_eq!(refused.json["until"], held["until"]);
        assert_eq!(why(&bob, &facility, &room, 1, "10:00"), "slot-held");
        assert_eq!(facility.slot(&ann, &room, 1, "10:00")["remaining"], json!(5), "one's own hold takes nothing from oneself");
        // It counts like a booking, and is not held twice.
        hold(&ann, &room, &at(1, "10:00"), 1).is_problem(409, "booking-overlaps");
        hold(&ann, &room, &at(1, "11:00"), 1).with_status(201);
        hold(&ann, &room, &at(1, "12:00"), 1).is_problem(409, "booking-limit");
        let confirmed = act(&ann, &id(&held), "confirm").ok();
        assert_eq!((&confirmed["state"], &confirmed["until"]), (&json!("confirmed"), &Value::Null));
        act(&ann, &id(&held), "confirm").is_problem(409, "state-conflict");
        act(&bob, &id(&held), "cancel").is_problem(404, "not-found");
        // The other lapses by itself, also before anybody looks.
        let second = ann.get("/v1/me/bookings?state=held").ok()["items"][0].clone();
        set_clock(world, &at(1, "00:10"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let (ann, bob) = (server.person(1), server.person(2));
        until("it lapsed", || (state(&ann, &id(&second)) == "expired").then_some(()));
        assert_eq!(act(&ann, &id(&second), "confirm").ok()["state"], "confirmed");
        act(&ann, &id(&second), "cancel").ok();
        let third = hold(&ann, &room, &at(1, "15:00"), 1).with_status(201).json;
        set_clock(world, &at(1, "00:20"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let (ann, bob) = (server.person(1), { drop(bob); server.person(2) });
        book(&bob, &room, &at(1, "15:00"), 1).with_status(201);
        let late = act(&ann, &id(&third), "confirm");
        late.is_problem(409, "slot-full");
        assert_eq!(late.json["rival"], third["id"]);
        let history = ann.get(&format!("/v1/bookings/{}/history", id(&third))).ok();
        assert_eq!(history["items"][1]["actor"], "system");
        verify(world);
    }

    fn the_staff_approve_and_of_those_who_compete_one_gets_the_place(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let occupies = facility.rules(&json!({ "approval": "occupies" }));
        let room = facility.resource(&occupies, &json!({ "kind": "exclusive" }));
        let (ann, bob) = (server.person(1), server.person(2));
        let asked = book(&ann, &room, &at(1, "10:00"), 1).with_status(201).json;
        assert_eq!(asked["state"], "pending");
        book(&bob, &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        act(&ann, &id(&asked), "approve").is_problem(404, "not-found");
        act(&ann, &id(&asked), "check-in").is_problem(404, "not-found");
        let not_yet = act(&facility.staff, &id(&asked), "check-in");
        not_yet.is_problem(409, "state-conflict");
        assert!(not_yet.json["allowed"].as_array().expect("a list").contains(&json!("approve")));
        let reason = json!({ "reason": "场地另有安排" });
        let declined = facility.staff.post(&format!("/v1/bookings/{}/decline", id(&asked)), &reason).ok();
        assert_eq!(declined["state"], "declined");
        let history = ann.get(&format!("/v1/bookings/{}/history", id(&asked))).ok();
        assert_eq!(history["items"][1]["reason"], "场地另有安排");
        assert_eq!(ann.get("/v1/me/inbox").ok()["items"][0]["kind"], "booking_declined");
        let his = book(&bob, &room, &at(1, "10:00"), 1).with_status(201).json;
        assert_eq!(act(&facility.staff, &id(&his), "approve").ok()["state"], "confirmed");
        // Another time is approved anew; fewer people are not.
        let path = format!("/v1/bookings/{}/change", id(&his));
        assert_eq!(bob.post(&path, &json!({ "party": 1 })).ok()["state"], "confirmed");
        assert_eq!(bob.post(&path, &json!({ "start": at(1, "12:00") })).ok()["state"], "pending");

        let competes = facility.rules(&json!({ "approval": "competes" }));
        let room = facility.resource(&competes, &json!({ "kind": "exclusive" }));
        let one = id(&book(&ann, &room, &at(2, "10:00"), 1).with_status(201).json);
        let two = id(&book(&bob, &room, &at(2, "10:00"), 1).with_status(201).json);
        assert_eq!(facility.slot(&server.person(3), &room, 2, "10:00")["bookable"], json!(true));
        let answers: Vec<_> = std::thread::scope(|scope| {
            let tries = [&one, &two].map(|booking| {
                let staff = facility.staff.on_own_connection();
                scope.spawn(move || act(&staff, booking, "approve"))
            });
            tries.into_iter().map(|one| one.join().expect("it ended")).collect()
        });
        let won: Vec<&crate::harness::Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        let lost = answers.iter().find(|answer| answer.status != 200).expect("one");
        lost.is_problem(409, "slot-full");
        assert_eq!(lost.json["rival"], won[0].json["id"]);
        verify(world);
    }

    fn who_does_not_come_is_released_counted_and_excused_and_who_comes_late_is_told(world: &World) {
        let server = serve_with_clock(world);
        let facility = Facility::open(world, &server);
        let no_show = json!({ "grace_seconds": 600, "count": 1, "pause_days": 7 });
        let rules = facility.rules(&json!({ "no_show": no_show, "cancel_until_seconds": 3600, "remind_seconds": 7200, "pending_expires_seconds": 0 }));
        let room = facility.resource(&rules, &json!({ "kind": "exclusive" }));
        let (ann, bob) = (server.person(1), server.person(2));
        let missed = id(&book(&ann, &room, &at(2, "10:00"), 1).with_status(201).json);
        let kept = id(&book(&bob, &room, &at(2, "11:00"), 1).with_status(201).json);
        let (cancelled, late) = (
            id(&book(&bob, &room, &at(2, "14:00"), 1).with_status(201).json),
            id(&book(&bob, &room, &at(2, "13:00"), 1).with_status(201).json),
        );
        act(&bob, &cancelled, "cancel").ok();
        let go = |instant: &str| {
            set_clock(world, instant);
            std::thread::sleep(std::time::Duration::from_millis(120));
            (server.person(1), server.person(2), server.staff())
        };
        let early = act(&facility.staff, &missed, "check-in");
        early.is_problem(409, "state-conflict");
        let opens_at: onegrid::clock::Timestamp = at(2, "09:30").parse().expect("a time");
        assert_eq!(early.json["opens_at"], opens_at.to_string());
        // Both are reminded once, of what still stands.
        let kinds = |client: &Client| -> Vec<String> {
            let inbox = client.get("/v1/me/inbox").ok();
            let items = inbox["items"].as_array().expect("items").clone();
            items.iter().map(|one| one["kind"].as_str().expect("a kind").to_owned()).collect()
        };
        let (ann, bob, _) = go(&at(2, "09:05"));
        until("both are reminded", || (kinds(&ann).len() == 1 && kinds(&bob).len() == 1).then_some(()));
        assert_eq!((kinds(&ann), kinds(&bob)), (vec!["booking_reminder".to_owned()], vec!["booking_reminder".to_owned()]));
        // Ten minutes after its beginning the place is free, and shown so.
        let (ann, bob, staff) = go(&at(2, "10:11"));
        until("it was released", || (state(&ann, &missed) == "no_show").then_some(()));
        act(&staff, &missed, "check-in").is_problem(409, "state-conflict");
        let paused = book(&ann, &room, &at(3, "10:00"), 1);
        paused.is_problem(409, "booking-paused");
        assert!(paused.json["until"].is_string());
        assert_eq!(why(&ann, &facility_of(&facility, &server), &room, 3, "10:00"), "booking-paused");
        let excused = staff.post(&format!("/v1/bookings/{missed}/excuse"), &json!({ "reason": "门禁故障" })).ok();
        assert_eq!(excused["state"], "completed");
        book(&ann, &room, &at(3, "10:00"), 1).with_status(201);
        // Who comes is checked in; who goes early leaves the rest to others.
        drop((staff, bob));
        let (_, bob, staff) = go(&at(2, "10:45"));
        assert_eq!(act(&staff, &kept, "check-in").ok()["state"], "checked_in");
        act(&staff, &kept, "check-in").is_problem(409, "state-conflict");
        let (_, bob_then, staff) = go(&at(2, "11:21"));
        drop(bob);
        assert_eq!(act(&staff, &kept, "complete").ok()["state"], "completed");
        // Cancelling late counts as late, not as not come.
        let gone = act(&bob_then, &late, "cancel").ok();
        assert_eq!((&gone["late"], &gone["state"]), (&json!(false), &json!("cancelled")));
        let next = id(&book(&bob_then, &room, &at(2, "12:00"), 1).with_status(201).json);
        let gone = act(&bob_then, &next, "cancel").ok();
        assert_eq!((&gone["late"], &gone["state"]), (&json!(true), &json!("cancelled")));
        book(&bob_then, &room, &at(3, "11:00"), 1).with_status(201);
        let list = staff.get(&format!("/v1/resources/{room}/bookings?day={}", day(2))).ok();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(5));
        assert_eq!(list["items"][0]["person"]["phone"], "199****0001");
        verify(world);
    }

    fn a_hold_that_ran_out_goes_around_no_limit(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "person", "per": "day", "bookings": 1 }]);
        let rules = facility.rules(&json!({ "limits": limits, "hold_seconds": 1 }));
        let room = facility.resource(&rules, &json!({}));
        let ann = server.person(1);
        let held = id(&hold(&ann, &room, &at(1, "09:00"), 1).with_status(201).json);
        until("it ran out", || (state(&ann, &held) == "expired").then_some(()));
        let other = id(&book(&ann, &room, &at(1, "14:00"), 1).with_status(201).json);
        act(&ann, &held, "confirm").is_problem(409, "booking-limit");
        act(&ann, &other, "cancel").ok();
        assert_eq!(act(&ann, &held, "confirm").ok()["state"], "confirmed");
        verify(world);
    }

    fn who_is_there_keeps_their_time_and_whoever_waits_first_is_first_under_whatever_rules(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let lead = json!({ "count": 1800, "unit": "seconds" });
        let terms = |seconds: i64| json!({ "lead": lead, "slots_max": 3, "offer_seconds": seconds });
        let rules = facility.rules(&terms(60));
        let room = facility.resource(&rules, &json!({ "kind": "exclusive" }));
        let (ann, bob, cid) = (server.person(1), server.person(2), server.person(3));
        let long = json!({ "resource_id": room, "start": at(1, "10:00"), "end": at(1, "13:00") });
        let there = id(&book_with(&ann, &long).with_status(201).json);
        // Bob waits under the old rules, cid under the new.
        let other = id(&book(&ann, &room, &at(2, "10:00"), 1).with_status(201).json);
        let wait = |client: &Client| {
            let key = crate::harness::facility::new_key();
            let path = format!("/v1/resources/{room}/waiting");
            client.with("idempotency-key", &key).post(&path, &json!({ "start": at(2, "10:00") })).with_status(201)
        };
        wait(&bob);
        facility.change_rules(&rules, &terms(90));
        wait(&cid);
        act(&ann, &other, "cancel").ok();
        let offered = |client: &Client| client.get("/v1/me/bookings?state=offered").ok()["items"].as_array().map(Vec::len);
        assert_eq!((offered(&bob), offered(&cid)), (Some(1), Some(0)));
        // In the midst of a booking the rest of its time is taken, until they go.
        set_clock(world, &at(1, "11:15"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let (bob, staff) = (server.person(2), server.staff());
        book(&bob, &room, &at(1, "12:00"), 1).is_problem(409, "slot-full");
        act(&staff, &there, "check-in").ok();
        act(&staff, &there, "complete").ok();
        book(&bob, &room, &at(1, "12:00"), 1).with_status(201);
        verify(world);
    }
}

/// The same facility for staff who signed in anew.
fn facility_of(facility: &Facility, server: &Server) -> Facility {
    Facility {
        staff: server.staff(),
        place: facility.place.clone(),
        unit: facility.unit.clone(),
    }
}
