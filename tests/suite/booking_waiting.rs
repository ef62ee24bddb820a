//! The waiting list: every way in which a place comes free leads to an offer, to whoever waits
//! first and can use it, and to nobody else.

use serde_json::{Value, json};

use crate::harness::facility::{Facility, act, at, book, book_with, id, new_key, state, verify};
use crate::harness::{Answer, Client, World, both_databases, until};
use crate::moved_clock::set_clock;

fn wait_for(client: &Client, resource: &str, body: &Value) -> Answer {
    let path = format!("/v1/resources/{resource}/waiting");
    client.with("idempotency-key", &new_key()).post(&path, body)
}

/// What is offered to somebody.
fn offers(client: &Client) -> Vec<String> {
    let own = client.get("/v1/me/bookings?state=offered").ok();
    own["items"].as_array().expect("items").iter().map(id).collect()
}

/// How somebody stands on the list that they joined first.
fn stands(client: &Client) -> Value {
    let list = client.get("/v1/me/waiting").ok();
    list["items"].as_array().expect("items").last().expect("one").clone()
}

both_databases! {
    fn what_comes_free_goes_to_who_waits_first_and_nobody_takes_it_between(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({}));
        let room = facility.resource(&rules, &json!({ "capacity": 2 }));
        let people: Vec<Client> = (1..=5).map(|number| server.person(number)).collect();
        let (ann, bob, cid, dora, eve) = (&people[0], &people[1], &people[2], &people[3], &people[4]);
        let slot = json!({ "start": at(1, "10:00") });
        wait_for(cid, &room, &slot).is_problem(409, "state-conflict");
        let first = id(&book(ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        let second = id(&book(bob, &room, &at(1, "10:00"), 1).with_status(201).json);
        // Cid waits for two, dora and eve for one each.
        let joined = wait_for(cid, &room, &json!({ "start": at(1, "10:00"), "party": 2 })).with_status(201).json;
        assert_eq!((&joined["position"], &joined["state"]), (&json!(1), &json!("waiting")));
        wait_for(dora, &room, &slot).with_status(201);
        wait_for(dora, &room, &slot).is_problem(409, "already-exists");
        assert_eq!(wait_for(eve, &room, &slot).with_status(201).json["position"], 3);
        wait_for(eve, &room, &json!({ "start": at(1, "07:00") })).is_problem(409, "slot-not-offered");
        wait_for(eve, &room, &json!({})).is_invalid_at(&[("body", "/start", "one_of")]);
        // Whoever cancels and whoever books at once: the place is dora's.
        act(ann, &first, "cancel").ok();
        book(ann, &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        assert_eq!(facility.slot(ann, &room, 1, "10:00")["remaining"], 0);
        assert_eq!(offers(cid), [""; 0], "one place is not enough for two");
        let offer = offers(dora);
        assert_eq!((offer.len(), &stands(dora)["booking_id"], &stands(cid)["position"]), (1, &json!(offer[0]), &json!(1)));
        assert_eq!(dora.get("/v1/me/inbox").ok()["items"][0]["kind"], "booking_offered");
        act(eve, &offer[0], "confirm").is_problem(404, "not-found");
        // She gives it back: it is eve's, and dora waits behind all others.
        act(dora, &offer[0], "cancel").ok();
        let offer = offers(eve);
        assert_eq!(act(eve, &offer[0], "confirm").ok()["state"], "confirmed");
        assert_eq!((&stands(eve)["state"], &stands(dora)["position"]), (&json!("taken"), &json!(2)));
        // When two come free at last both are cid's.
        act(bob, &second, "cancel").ok();
        assert_eq!(offers(dora).len(), 1, "one place fits who waits for one");
        act(dora, &offers(dora)[0], "cancel").ok();
        act(eve, &offer[0], "cancel").ok();
        assert_eq!(offers(cid).len(), 1);
        let left = stands(dora);
        let path = format!("/v1/waiting/{}", id(&left));
        cid.send("DELETE", &path, None).is_problem(404, "not-found");
        dora.send("DELETE", &path, None).with_status(204);
        dora.send("DELETE", &path, None).is_problem(409, "state-conflict");
        verify(world);
    }

    fn every_way_in_which_a_place_comes_free_leads_to_an_offer(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let no_show = json!({ "grace_seconds": 600 });
        let rules = facility.rules(&json!({ "overlap": "allow", "offer_seconds": 60, "hold_seconds": 60, "no_show": no_show, "slots_max": 12 }));
        let asks = facility.rules(&json!({ "overlap": "allow", "approval": "occupies" }));
        let room = || facility.resource(&rules, &json!({ "capacity": 1, "interval_minutes": 60 }));
        let (ann, bob) = (server.person(1), server.person(2));
        let waits = |resource: &str, time: &str| {
            wait_for(&bob, resource, &json!({ "start": at(1, time) })).with_status(201);
        };
        let offered = |how: &str| {
            let found = until(how, || offers(&bob).first().cloned());
            act(&bob, &found, "confirm").ok();
        };
        // Declined.
        let asked = facility.resource(&asks, &json!({ "capacity": 1 }));
        let booked = id(&book(&ann, &asked, &at(1, "10:00"), 1).with_status(201).json);
        waits(&asked, "10:00");
        act(&facility.staff, &booked, "decline").ok();
        let found = offers(&bob);
        assert_eq!(act(&bob, &found[0], "confirm").ok()["state"], "pending", "what is approved still is");
        act(&bob, &found[0], "cancel").ok();
        // A smaller party.
        let two = facility.resource(&rules, &json!({ "capacity": 2 }));
        let booked = id(&book(&ann, &two, &at(1, "10:00"), 2).with_status(201).json);
        waits(&two, "10:00");
        ann.post(&format!("/v1/bookings/{booked}/change"), &json!({ "party": 1 })).ok();
        offered("a smaller party");
        // Another time.
        let other = room();
        let booked = id(&book(&ann, &other, &at(1, "10:00"), 1).with_status(201).json);
        waits(&other, "10:00");
        ann.post(&format!("/v1/bookings/{booked}/change"), &json!({ "start": at(1, "15:00") })).ok();
        offered("another time");
        // A hold that ran out.
        let held = room();
        book_with(&ann, &json!({ "resource_id": held, "start": at(1, "10:00"), "hold": true })).with_status(201);
        waits(&held, "10:00");
        set_clock(world, &at(0, "12:02"));
        offered("a hold that ran out");
        // Capacity, and a closure that is lifted.
        let more = room();
        book(&ann, &more, &at(1, "10:00"), 1).with_status(201);
        waits(&more, "10:00");
        facility.ask_change(&more, &json!({ "capacity": 2 })).with_status(200);
        offered("more places");
        let closed = room();
        let path = format!("/v1/resources/{closed}/closures");
        book(&ann, &closed, &at(1, "10:00"), 1).with_status(201);
        waits(&closed, "10:00");
        let body = json!({ "from": at(1, "09:00"), "to": at(1, "12:00"), "reason": "检修" });
        let closure = id(&facility.staff.post(&path, &body).with_status(201).json["closure"]);
        let booked = id(&ann.get("/v1/me/bookings").ok()["items"].as_array().expect("items").iter().rfind(|one| one["resource"]["id"] == json!(closed) && one["state"] == "confirmed").expect("one").clone());
        act(&ann, &booked, "cancel").ok();
        assert_eq!(offers(&bob), [""; 0], "nothing is offered that is closed");
        facility.staff.post(&format!("/v1/closures/{closure}/lift"), &json!({})).ok();
        offered("a closure that was lifted");
        // One more court.
        let pool = facility.resource(&rules, &json!({ "kind": "pool", "capacity": 4 }));
        let court = json!({ "kind": "exclusive", "capacity": 4, "part_of": pool });
        facility.resource(&rules, &court);
        book(&ann, &pool, &at(1, "10:00"), 1).with_status(201);
        waits(&pool, "10:00");
        facility.resource(&rules, &court);
        offered("one more court");
        // Nobody came, and any slot of the day is good.
        let day = room();
        book_with(&ann, &json!({ "resource_id": day, "start": at(1, "08:00"), "end": at(1, "20:00") })).with_status(201);
        let any = json!({ "day": crate::harness::facility::day(1).to_string() });
        wait_for(&bob, &day, &any).with_status(201);
        set_clock(world, &at(1, "08:11"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let bob = server.person(2);
        let found = until("nobody came", || offers(&bob).first().cloned());
        let offer = bob.get(&format!("/v1/bookings/{found}")).ok();
        let nine: onegrid::clock::Timestamp = at(1, "09:00").parse().expect("a time");
        assert_eq!(offer["start"], nine.to_string(), "no offer of what has begun");
        // Who lets it lapse is not offered the same at once.
        set_clock(world, &at(1, "08:20"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        until("the offer lapsed", || (state(&bob, &found) == "expired").then_some(()));
        assert_eq!(stands_of(&bob, &day)["state"], "waiting");
        book(&server.person(3), &day, &at(1, "09:00"), 1).with_status(201);
        verify(world);
    }

    fn at_night_nobody_has_to_answer_and_no_offer_comes_that_cannot_be_used(world: &World) {
        let file = set_clock(world, &at(1, "23:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "offer_seconds": 1800, "overlap": "allow" }));
        let room = facility.resource(&rules, &json!({ "capacity": 1, "opening_hours": "00:00-24:00" }));
        let (ann, bob) = (server.person(1), server.person(2));
        let (soon, later) = (at(2, "07:00"), at(2, "10:00"));
        for start in [&soon, &later] {
            book(&ann, &room, start, 1).with_status(201);
            wait_for(&bob, &room, &json!({ "start": start })).with_status(201);
        }
        for own in ann.get("/v1/me/bookings").ok()["items"].as_array().expect("items") {
            act(&ann, &id(own), "cancel").ok();
        }
        let offer = offers(&bob);
        assert_eq!(offer.len(), 1, "what begins before it can be answered is offered to nobody");
        let offer = bob.get(&format!("/v1/bookings/{}", offer[0])).ok();
        let until: onegrid::clock::Timestamp = at(2, "07:30").parse().expect("a time");
        assert_eq!(offer["until"], until.to_string());
        book(&server.person(3), &room, &soon, 1).with_status(201);
        verify(world);
    }

    fn a_strict_list_keeps_what_comes_free_until_it_is_enough_for_the_first(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "waiting": "strict", "overlap": "allow", "limits": [{ "of": "person", "per": "active", "bookings": 2 }] }));
        let room = facility.resource(&rules, &json!({ "capacity": 2 }));
        let people: Vec<Client> = (1..=5).map(|number| server.person(number)).collect();
        let (ann, bob, cid, dora, eve) = (&people[0], &people[1], &people[2], &people[3], &people[4]);
        let read = server.anonymous().get(&format!("/v1/booking-rules/{rules}")).ok();
        assert_eq!(read["terms"]["waiting"], "strict", "the policy is shown");
        let first = id(&book(ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        let second = id(&book(bob, &room, &at(1, "10:00"), 1).with_status(201).json);
        wait_for(cid, &room, &json!({ "start": at(1, "10:00"), "party": 2 })).with_status(201);
        wait_for(dora, &room, &json!({ "start": at(1, "10:00") })).with_status(201);
        // One place is not enough for cid, and nobody else gets it meanwhile.
        act(ann, &first, "cancel").ok();
        assert_eq!((offers(cid), offers(dora)), (Vec::<String>::new(), Vec::new()));
        let slot = facility.slot(eve, &room, 1, "10:00");
        assert_eq!((&slot["remaining"], &slot["bookable"]), (&json!(0), &json!(false)));
        book(eve, &room, &at(1, "10:00"), 1).is_problem(409, "slot-full");
        // Another time is not kept.
        assert_eq!(facility.slot(eve, &room, 1, "11:00")["remaining"], 2);
        // Who may not book any more is skipped: what was kept for them is the next's.
        for time in ["12:00", "13:00"] {
            book(cid, &room, &at(1, time), 1).with_status(201);
        }
        act(bob, &second, "cancel").ok();
        assert_eq!((offers(cid), offers(dora).len()), (Vec::new(), 1));
        let own = cid.get("/v1/me/bookings").ok()["items"][0].clone();
        act(dora, &offers(dora)[0], "cancel").ok();
        act(cid, &id(&own), "cancel").ok();
        // Two are free, and whatever is done next serves whoever is first.
        let third = book(eve, &room, &at(1, "10:00"), 1);
        third.is_problem(409, "slot-full");
        book(eve, &room, &at(1, "14:00"), 1).with_status(201);
        until("cid has both", || (offers(cid).len() == 1).then_some(()));
        verify(world);
    }

    fn a_strict_list_keeps_no_more_than_came_free_and_for_nobody_who_let_it_go(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "waiting": "strict" }));
        let people: Vec<Client> = (1..=5).map(|number| server.person(number)).collect();
        let (ann, bob, cid, dora, eve) = (&people[0], &people[1], &people[2], &people[3], &people[4]);
        // Who leaves the list leaves what was kept for them to the next.
        let room = facility.resource(&rules, &json!({ "capacity": 2 }));
        let first = id(&book(ann, &room, &at(1, "10:00"), 1).with_status(201).json);
        book(bob, &room, &at(1, "10:00"), 1).with_status(201);
        let waits = id(&wait_for(cid, &room, &json!({ "start": at(1, "10:00"), "party": 2 })).with_status(201).json);
        wait_for(dora, &room, &json!({ "start": at(1, "10:00") })).with_status(201);
        act(ann, &first, "cancel").ok();
        assert_eq!(offers(dora).len(), 0);
        cid.send("DELETE", &format!("/v1/waiting/{waits}"), None).with_status(204);
        assert_eq!(offers(dora).len(), 1);
        // Who gives an offer back is not asked again for the same place.
        act(dora, &offers(dora)[0], "cancel").ok();
        assert_eq!(facility.slot(eve, &room, 1, "10:00")["remaining"], 1);
        book(eve, &room, &at(1, "10:00"), 1).with_status(201);
        assert_eq!((offers(dora).len(), stands(dora)["state"].clone()), (0, json!("waiting")));
        // A smaller party is always to be had, and what it leaves is kept.
        let wide = facility.resource(&rules, &json!({ "capacity": 5 }));
        let own = id(&book(ann, &wide, &at(2, "10:00"), 3).with_status(201).json);
        book(bob, &wide, &at(2, "10:00"), 2).with_status(201);
        wait_for(cid, &wide, &json!({ "start": at(2, "10:00"), "party": 2 })).with_status(201);
        ann.post(&format!("/v1/bookings/{own}/change"), &json!({ "party": 2 })).ok();
        book(eve, &wide, &at(2, "10:00"), 1).is_problem(409, "slot-full");
        ann.post(&format!("/v1/bookings/{own}/change"), &json!({ "party": 1 })).ok();
        assert_eq!(offers(cid).len(), 1);
        // A hold that ran out and is confirmed late takes nothing that is kept.
        let brief = facility.rules(&json!({ "waiting": "strict", "hold_seconds": 1, "overlap": "allow" }));
        let held = facility.resource(&brief, &json!({ "capacity": 2 }));
        book(ann, &held, &at(2, "14:00"), 1).with_status(201);
        let hold = json!({ "resource_id": held, "start": at(2, "14:00"), "hold": true });
        let hold = id(&book_with(eve, &hold).with_status(201).json);
        wait_for(bob, &held, &json!({ "start": at(2, "14:00"), "party": 2 })).with_status(201);
        until("the hold ran out", || (state(eve, &hold) == "expired").then_some(()));
        act(eve, &hold, "confirm").is_problem(409, "slot-full");
        // Who waits for a day gets nothing that is kept for one who waited before for its morning.
        let first = facility.resource(&brief, &json!({ "capacity": 3, "opening_hours": "09:00-11:00" }));
        let morning = id(&book(ann, &first, &at(2, "09:00"), 2).with_status(201).json);
        book(ann, &first, &at(2, "09:00"), 1).with_status(201);
        book(ann, &first, &at(2, "10:00"), 3).with_status(201);
        wait_for(bob, &first, &json!({ "start": at(2, "09:00"), "party": 3 })).with_status(201);
        let any = json!({ "day": crate::harness::facility::day(2).to_string(), "party": 2 });
        wait_for(dora, &first, &any).with_status(201);
        act(ann, &morning, "cancel").ok();
        book(eve, &first, &at(2, "10:00"), 1).is_problem(409, "slot-full");
        assert_eq!(offers(dora).len(), 0);
        // Of a day only those slots are kept that are short; of a court the others are free.
        let day_room = facility.resource(&rules, &json!({ "capacity": 1, "opening_hours": "10:00-12:00" }));
        let elsewhere = facility.resource(&rules, &json!({}));
        book(ann, &day_room, &at(3, "10:00"), 1).with_status(201);
        book(cid, &elsewhere, &at(3, "11:00"), 1).with_status(201);
        let any = json!({ "day": crate::harness::facility::day(3).to_string() });
        wait_for(cid, &day_room, &any).with_status(201);
        book(eve, &day_room, &at(3, "11:00"), 1).with_status(201);
        let pool = facility.resource(&rules, &json!({ "kind": "pool", "capacity": 4 }));
        let courts: Vec<String> = (0..2).map(|_| facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 4, "part_of": pool }))).collect();
        book(ann, &courts[0], &at(4, "10:00"), 1).with_status(201);
        wait_for(cid, &courts[0], &json!({ "start": at(4, "10:00") })).with_status(201);
        assert_eq!(facility.slot(eve, &pool, 4, "10:00")["remaining"], 4);
        book(eve, &pool, &at(4, "10:00"), 1).with_status(201);
        verify(world);
    }

    fn whom_a_closure_meets_is_offered_the_next_free_time_and_it_uses_up_nothing(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "person", "per": "active", "bookings": 1 }]);
        let rules = facility.rules(&json!({ "limits": limits, "cancel_until_seconds": 172_800, "no_show": { "grace_seconds": 600, "count": 1 } }));
        let room = facility.resource(&rules, &json!({ "capacity": 1, "opening_hours": "08:00-11:00" }));
        let (ann, bob, cid) = (server.person(1), server.person(2), server.person(3));
        let anns = id(&book(&ann, &room, &at(2, "09:00"), 1).with_status(201).json);
        let bobs = id(&book(&bob, &room, &at(2, "08:00"), 1).with_status(201).json);
        book(&cid, &room, &at(3, "09:00"), 1).with_status(201);
        // Dora waits for the next day's ten o'clock; those whom the closure meets come first.
        let closure = json!({ "from": at(2, "08:00"), "to": at(2, "20:00"), "reason": "屋顶漏水" });
        let closed = facility.staff.post(&format!("/v1/resources/{room}/closures"), &closure).with_status(201).json;
        assert_eq!(closed["conflicts"]["outside"].as_array().map(Vec::len), Some(2));
        let offered = |client: &Client| client.get(&format!("/v1/bookings/{}", offers(client)[0])).ok();
        let (to_ann, to_bob) = (offered(&ann), offered(&bob));
        let time = |text: &str| text.parse::<onegrid::clock::Timestamp>().expect("a time").to_string();
        assert_eq!((&to_ann["start"], &to_ann["replaces_id"]), (&json!(time(&at(3, "08:00"))), &json!(anns)), "who booked first is first");
        assert_eq!((&to_bob["start"], &to_bob["replaces_id"]), (&json!(time(&at(3, "10:00"))), &json!(bobs)));
        assert_eq!(ann.get("/v1/me/inbox").ok()["items"][0]["kind"], "booking_instead");
        book(&server.person(4), &room, &at(3, "10:00"), 1).is_problem(409, "slot-full");
        // Taking it gives up the other; it stands beside the limit.
        act(&ann, &id(&to_ann), "confirm").ok();
        assert_eq!((state(&ann, &anns), state(&ann, &id(&to_ann))), ("cancelled".to_owned(), "confirmed".to_owned()));
        assert_eq!(ann.get(&format!("/v1/bookings/{anns}")).ok()["late"], false);
        book(&ann, &room, &at(4, "08:00"), 1).with_status(201);
        // Giving it back leaves the other, which is cancelled without being late.
        act(&bob, &id(&to_bob), "cancel").ok();
        assert_eq!(state(&bob, &bobs), "confirmed");
        let gone = act(&bob, &bobs, "cancel").ok();
        assert_eq!((&gone["state"], &gone["late"]), (&json!("cancelled"), &json!(false)));
        // Nobody is counted who could not come, since it was closed.
        let dora = server.person(5);
        let doras = id(&book(&dora, &room, &at(5, "09:00"), 1).with_status(201).json);
        let closure = json!({ "from": at(5, "08:00"), "to": at(40, "08:00"), "reason": "大修" });
        facility.staff.post(&format!("/v1/resources/{room}/closures"), &closure).with_status(201);
        assert_eq!(offers(&dora), [""; 0]);
        assert_eq!(dora.get("/v1/me/inbox").ok()["items"][0]["kind"], "booking_closed");
        set_clock(world, &at(5, "09:05"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        server.staff().post(&format!("/v1/bookings/{doras}/no-show"), &json!({})).is_problem(409, "state-conflict");
        set_clock(world, &at(5, "09:11"));
        std::thread::sleep(std::time::Duration::from_millis(120));
        let dora = server.person(5);
        until("it is called off", || (state(&dora, &doras) == "cancelled").then_some(()));
        verify(world);
    }
}

/// How somebody stands at a resource.
fn stands_of(client: &Client, resource: &str) -> Value {
    let list = client.get("/v1/me/waiting").ok();
    let items = list["items"].as_array().expect("items");
    let found = items.iter().find(|one| one["resource_id"] == json!(resource));
    found.expect("they wait there").clone()
}
