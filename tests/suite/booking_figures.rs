//! What is known afterwards: who did not come and objects, how much is used, and what somebody without
//! a phone takes home.

use serde_json::{Value, json};

use crate::harness::facility::{Facility, act, at, book, book_with, day, id, new_key, state, verify};
use crate::harness::{Client, Server, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

fn go(world: &World, server: &Server, instant: &str) -> (Client, Client) {
    set_clock(world, instant);
    std::thread::sleep(std::time::Duration::from_millis(120));
    (server.person(1), server.staff())
}

both_databases! {
    fn who_did_not_come_can_object_and_the_staff_decide_with_a_reason(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let no_show = json!({ "grace_seconds": 600, "count": 2, "within_days": 30, "pause_days": 7, "object_days": 2 });
        let rules = facility.rules(&json!({ "no_show": no_show }));
        let room = facility.resource(&rules, &json!({}));
        let ann = server.person(1);
        let missed: Vec<String> = ["10:00", "11:00", "12:00"].iter().map(|time| id(&book(&ann, &room, &at(1, time), 1).with_status(201).json)).collect();
        let list = |client: &Client| -> Value {
            let path = format!("/v1/resources/{room}/slots");
            client.ask(&path, &[("from", &day(5).to_string()), ("to", &day(5).to_string())]).ok()["no_shows"].clone()
        };
        assert_eq!(list(&ann), json!({ "times": 0, "pause_at": 2, "within_days": 30, "pause_days": 7, "paused_until": null }));
        assert_eq!(list(&server.anonymous()), Value::Null);
        let object = |client: &Client, booking: &str| client.post(&format!("/v1/bookings/{booking}/object"), &json!({ "reason": "我到了，门锁着" }));
        object(&ann, &missed[0]).is_problem(409, "state-conflict");
        let (ann, _) = go(world, &server, &at(1, "10:11"));
        until("one was missed", || (state(&ann, &missed[0]) == "no_show").then_some(()));
        let (ann, staff) = go(world, &server, &at(1, "11:11"));
        until("two were missed", || (state(&ann, &missed[1]) == "no_show").then_some(()));
        assert_eq!(list(&ann)["times"], 2);
        // The next pause is visible before booking, and what it is for.
        assert!(list(&ann)["paused_until"].is_string());
        book(&ann, &room, &at(5, "10:00"), 1).is_problem(409, "booking-paused");
        server.person(2).post(&format!("/v1/bookings/{}/object", missed[0]), &json!({})).is_problem(404, "not-found");
        staff.post(&format!("/v1/bookings/{}/object", missed[0]), &json!({})).is_problem(403, "forbidden");
        staff.post(&format!("/v1/bookings/{}/uphold", missed[0]), &json!({ "reason": "x" })).is_problem(409, "state-conflict");
        assert_eq!(object(&ann, &missed[0]).ok()["objection"], "open");
        object(&ann, &missed[0]).is_problem(409, "state-conflict");
        // Until it is decided it is not counted.
        assert_eq!((&list(&ann)["times"], &list(&ann)["paused_until"]), (&json!(1), &Value::Null));
        let open = staff.get(&format!("/v1/units/{}/objections", facility.unit)).ok();
        assert_eq!((open["items"].as_array().map(Vec::len), &open["items"][0]["booking"]["id"]), (Some(1), &json!(missed[0])));
        let other = unit_id(&server.anonymous(), "429901001002");
        assert_eq!(staff.get(&format!("/v1/units/{other}/objections")).ok()["items"], json!([]));
        let uphold = |reason: Value| staff.post(&format!("/v1/bookings/{}/uphold", missed[0]), &reason);
        uphold(json!({})).is_invalid_at(&[("body", "/reason", "required")]);
        assert_eq!(uphold(json!({ "reason": "监控显示未到" })).ok()["objection"], "rejected");
        assert_eq!(list(&ann)["times"], 2);
        let history = ann.get(&format!("/v1/bookings/{}/history", missed[0])).ok();
        let last: Vec<&Value> = history["items"].as_array().expect("steps").iter().rev().take(2).collect();
        assert_eq!((&last[1]["reason"], &last[0]["reason"], &last[0]["act"]), (&json!("我到了，门锁着"), &json!("监控显示未到"), &json!("uphold")));
        // The other one is agreed to.
        object(&ann, &missed[1]).ok();
        let excuse = |reason: Value| staff.post(&format!("/v1/bookings/{}/excuse", missed[1]), &reason);
        excuse(json!({})).is_invalid_at(&[("body", "/reason", "required")]);
        assert_eq!(excuse(json!({ "reason": "门锁确实坏了" })).ok()["state"], "completed");
        let (ann, _) = go(world, &server, &at(1, "12:11"));
        until("the third was missed", || (state(&ann, &missed[2]) == "no_show").then_some(()));
        let kinds: Vec<Value> = ann.get("/v1/me/inbox").ok()["items"].as_array().expect("items").iter().map(|one| one["kind"].clone()).collect();
        assert!(kinds.contains(&json!("booking_upheld")) && kinds.contains(&json!("booking_excused")), "{kinds:?}");
        // Two days after its end it is too late.
        let (ann, _) = go(world, &server, &at(3, "13:01"));
        object(&ann, &missed[2]).is_problem(409, "state-conflict");
        verify(world);
    }

    fn how_much_is_used_is_counted_from_the_bookings(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let no_show = json!({ "grace_seconds": 600 });
        let rules = facility.rules(&json!({ "no_show": no_show, "overlap": "allow", "slots_max": 3 }));
        // Ten places for two hours; a hall of two halves for two hours; an hour of the hall is closed.
        let room = facility.resource(&rules, &json!({ "capacity": 10, "opening_hours": "08:00-10:00" }));
        let hall = facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 40, "opening_hours": "08:00-11:00" }));
        let halves: Vec<String> = (0..2).map(|_| facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 20, "part_of": hall, "opening_hours": "08:00-11:00" }))).collect();
        let share = json!({ "holder": "desk", "places": 2, "reason": "现场", "release_seconds": 0 });
        facility.staff.post(&format!("/v1/resources/{room}/shares"), &share).with_status(201);
        let closure = json!({ "from": at(1, "10:00"), "to": at(1, "11:00"), "reason": "检修" });
        facility.staff.post(&format!("/v1/resources/{hall}/closures"), &closure).with_status(201);
        // One that was lifted before it began closed nothing.
        let lifted = json!({ "from": at(1, "08:00"), "to": at(1, "09:00"), "reason": "误登" });
        let lifted = id(&facility.staff.post(&format!("/v1/resources/{room}/closures"), &lifted).with_status(201).json["closure"]);
        facility.staff.post(&format!("/v1/closures/{lifted}/lift"), &json!({})).ok();
        let ann = server.person(1);
        let came = id(&book(&ann, &room, &at(1, "08:00"), 4).with_status(201).json);
        book(&ann, &room, &at(1, "09:00"), 2).with_status(201);
        let gone = id(&book(&ann, &room, &at(1, "09:00"), 3).with_status(201).json);
        act(&ann, &gone, "cancel").ok();
        let all = book_with(&ann, &json!({ "resource_id": hall, "start": at(1, "08:00") })).with_status(201).json;
        let half = book(&ann, &halves[0], &at(1, "09:00"), 1).with_status(201).json;
        let path = format!("/v1/resources/{room}/bookings");
        let guest = facility.staff.with("idempotency-key", &new_key()).post(&path, &json!({ "start": at(1, "09:00") })).with_status(201).json;
        let (_, staff) = go(world, &server, &at(1, "08:05"));
        for booking in [&came, &id(&all)] {
            act(&staff, booking, "check-in").ok();
        }
        let (_, staff) = go(world, &server, &at(1, "09:05"));
        for booking in [&id(&half), &id(&guest)] {
            act(&staff, booking, "check-in").ok();
        }
        // Whoever goes early is counted for as long as they stayed.
        let (_, staff) = go(world, &server, &at(1, "09:29"));
        act(&staff, &id(&half), "complete").ok();
        until("one was missed", || {
            let list = staff.get(&format!("/v1/resources/{room}/bookings?day={}&state=no_show", day(1))).ok();
            (list["items"].as_array().map(Vec::len) == Some(1)).then_some(())
        });
        let (_, staff) = go(world, &server, &at(1, "11:30"));
        let of = |unit: &str| {
            let path = format!("/v1/units/{unit}/utilisation");
            staff.ask(&path, &[("from", &day(1).to_string()), ("to", &day(1).to_string())]).ok()
        };
        let figures = of(&facility.unit);
        // 10 × 120 + 2 × 120; 4 × 60 of the room, 60 of the guest, the hall as two halves for an hour,
        // a half for half an hour.
        let total = &figures["total"];
        assert_eq!((&total["open_minutes"], &total["booked_minutes"]), (&json!(1440), &json!(240 + 60 + 120 + 30)), "{figures}");
        let path = format!("/v1/units/{}/utilisation", facility.unit);
        let both = staff.ask(&path, &[("from", &day(0).to_string()), ("to", &day(1).to_string())]).ok();
        assert_eq!(both["total"]["open_minutes"], 1440 + 1200 + 360);
        assert_eq!((&total["idle_minutes"], &total["bookings"], &total["no_shows"]), (&json!(1440 - 450), &json!(5), &json!(1)));
        assert_eq!(total["no_show_rate"], json!(0.2));
        assert_eq!((&total["withheld_minutes"], &total["withheld_used_minutes"]), (&json!(240), &json!(60)));
        let weekday: u32 = day(1).format("%u").to_string().parse().expect("a weekday");
        let hour = |hour: u32| -> Value {
            let hours = figures["hours"].as_array().expect("hours");
            hours.iter().find(|one| one["hour"] == hour).expect("an hour").clone()
        };
        assert_eq!(hour(8), json!({ "weekday": weekday, "hour": 8, "open_minutes": 720, "booked_minutes": 360 }));
        assert_eq!(hour(9), json!({ "weekday": weekday, "hour": 9, "open_minutes": 720, "booked_minutes": 90 }));
        assert_eq!(figures["resources"][0]["resource_id"], json!(room), "the most idle is first");
        let city = unit_id(&server.anonymous(), "4299");
        assert_eq!(of(&city)["total"], figures["total"]);
        let other = unit_id(&server.anonymous(), "429901001002");
        assert_eq!(of(&other)["total"]["open_minutes"], 0);
        let path = format!("/v1/units/{}/utilisation", facility.unit);
        let wrong = staff.ask(&path, &[("from", &day(5).to_string()), ("to", &day(1).to_string())]);
        wrong.is_invalid_at(&[("query", "/to", "range")]);
        assert_eq!(staff.get(&path).with_status(200).json["from"], json!((day(1) - chrono::Days::new(28)).to_string()));
        server.person(1).get(&path).is_problem(404, "not-found");
        verify(world);
    }

    fn a_slip_is_for_whoever_has_no_phone_and_the_list_can_be_of_what_is_to_come(world: &World) {
        let file = set_clock(world, &at(0, "12:00"));
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)]);
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({}));
        let room = facility.resource(&rules, &json!({ "name": "多功能厅东区（二楼靠近楼梯的那一间大教室）" }));
        let ann = server.person(1);
        let first = id(&book(&ann, &room, &at(1, "10:00"), 3).with_status(201).json);
        let second = id(&book(&ann, &room, &at(3, "10:00"), 1).with_status(201).json);
        let slip = ann.with("accept", "text/plain").get(&format!("/v1/bookings/{first}")).with_status(200);
        assert_eq!(slip.needed_header("content-type"), "text/plain; charset=utf-8");
        let code = ann.get(&format!("/v1/bookings/{first}/ticket")).ok()["code"].as_str().expect("a code").to_owned();
        let joined: String = slip.text.lines().collect();
        let start = format!("日期 {}时间 10:00 至 11:00", day(1).format("%Y年%-m月%-d日"));
        for part in ["多功能厅东区（二楼靠近楼梯的那一间大教室）", "文化中心", &start, "人数 3", "已确认", &code, &first] {
            assert!(joined.contains(part), "{part}: {}", slip.text);
        }
        for line in slip.text.lines() {
            let columns: usize = line.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum();
            assert!(columns <= 32, "{line}");
        }
        facility.staff.with("accept", "text/plain").get(&format!("/v1/bookings/{first}")).with_status(200);
        server.person(2).with("accept", "text/plain").get(&format!("/v1/bookings/{first}")).is_problem(404, "not-found");
        ann.with("accept", "image/png").get(&format!("/v1/bookings/{first}")).is_problem(406, "not-acceptable");
        let (ann, _) = go(world, &server, &at(1, "10:30"));
        let listed = |path: &str| -> Vec<String> {
            ann.get(path).ok()["items"].as_array().expect("items").iter().map(id).collect()
        };
        assert_eq!(listed("/v1/me/bookings?upcoming=true"), [first.clone(), second.clone()], "what is on now is not over");
        let (ann, _) = go(world, &server, &at(1, "11:00"));
        let items = ann.get("/v1/me/bookings?upcoming=true").ok()["items"].as_array().expect("items").len();
        assert_eq!((items, id(&ann.get("/v1/me/bookings?upcoming=true").ok()["items"][0])), (1, second));
    }

    fn a_department_serves_what_is_its_own_and_nothing_else(world: &World) {
        let server = world.serve();
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({}));
        let county = unit_id(&server.anonymous(), "429901");
        let founded = |unit: &str, name: &str| {
            let body = json!({ "name": name, "name_en": null });
            id(&facility.staff.post(&format!("/v1/units/{unit}/departments"), &body).with_status(201).json)
        };
        let culture = founded(&county, "文化局");
        let elsewhere = founded(&unit_id(&server.anonymous(), "429902"), "体育局");
        let wrong = facility.ask_resource(&rules, &json!({ "department_id": elsewhere }));
        wrong.is_invalid_at(&[("body", "/resource/department_id", "unknown_department")]);
        let hall = facility.resource(&rules, &json!({ "department_id": culture, "opening_hours": "08:00-12:00" }));
        let other = facility.resource(&rules, &json!({}));
        let officer = server.person(7);
        let officers = format!("/v1/departments/{culture}/officers");
        facility.staff.post(&officers, &json!({ "phone": crate::harness::people::phone(7) })).with_status(201);
        until("the server knows the officer", || (officer.get(&officers).status == 200).then_some(()));
        let ann = server.person(1);
        let booked = id(&book(&ann, &hall, &at(1, "10:00"), 1).with_status(201).json);
        assert_eq!(officer.get(&format!("/v1/resources/{hall}/bookings?day={}", day(1))).ok()["items"].as_array().map(Vec::len), Some(1));
        officer.get(&format!("/v1/resources/{other}/bookings")).is_problem(404, "not-found");
        // It keeps its own hours and shares the rest; nobody is let into what it keeps.
        let share = json!({
            "mode": "shared", "name": "晚间开放", "from": day(0), "to": day(9), "hours": "19:00-21:00", "public": true,
            "parties": [{ "name": "幸福社区", "duties": "值守" }],
        });
        officer.post(&format!("/v1/resources/{hall}/agreements"), &share).with_status(201);
        officer.post(&format!("/v1/resources/{other}/agreements"), &share).is_problem(403, "forbidden");
        book(&server.person(2), &hall, &at(1, "20:00"), 1).with_status(201);
        book(&server.person(2), &hall, &at(1, "15:00"), 1).is_problem(409, "slot-not-offered");
        let as_officer = Facility { staff: officer, ..facility };
        as_officer.ask_change(&hall, &json!({ "capacity": 9 })).with_status(200);
        // It cannot give it away, nor take what is another's.
        as_officer.ask_change(&hall, &json!({ "department_id": null })).is_problem(403, "forbidden");
        as_officer.ask_change(&other, &json!({ "department_id": culture })).is_problem(403, "forbidden");
        act(&as_officer.staff, &booked, "cancel").ok();
        assert_eq!(state(&ann, &booked), "cancelled");
        verify(world);
    }
}
