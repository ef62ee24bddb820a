//! What happens as time goes by, on a clock that the test moves.

use onegrid::clock::{Timestamp, now};
use serde_json::Value;

use crate::circle_lookup::{circle, named, names};
use crate::harness::{Fixture, Server, World, both_databases, place, until};

/// Moves the world's clock to an instant.
pub fn set_clock(world: &World, instant: &str) -> String {
    let instant: Timestamp = instant.parse().expect("an instant");
    let offset_s = (instant.micros() - now().micros()) as f64 / 1e6;
    world.file("clock", &offset_s.to_string())
}

fn serve_at(world: &World, instant: &str) -> Server {
    let file = set_clock(world, instant);
    world.serve_with(&[("ONEGRID_CLOCK_FILE", &file)])
}

both_databases! {
    fn a_place_opens_and_closes_as_time_goes_by(world: &World) {
        world.import_places(
            &Fixture::places()
                .open("店", "shop", 100.0, 0.0, "Mo-Fr 09:00-17:00; PH off")
                .open("夜市", "market", 200.0, 0.0, "18:00-24:00"),
        );
        let server = serve_at(world, "2026-09-30T08:59:00+08:00");
        let client = server.anonymous();
        for (instant, shop_open, next) in [
            ("2026-09-30T08:59:00+08:00", false, "2026-09-30T01:00:00Z"),
            ("2026-09-30T09:00:30+08:00", true, "2026-09-30T09:00:00Z"),
            ("2026-09-30T17:00:30+08:00", false, "2026-10-08T01:00:00Z"),
            // A holiday, and the day after it.
            ("2026-10-01T10:00:00+08:00", false, "2026-10-08T01:00:00Z"),
            ("2026-10-08T10:00:00+08:00", true, "2026-10-08T09:00:00Z"),
            // Back: a clock may be set.
            ("2026-09-30T08:00:00+08:00", false, "2026-09-30T01:00:00Z"),
        ] {
            set_clock(world, instant);
            until(&format!("the shop at {instant}"), || {
                let circle = circle(&client, &[]);
                let shop = named(&circle, "店");
                (shop["open_now"] == shop_open && shop["next_change"] == next).then_some(())
            });
            // What holds now is what is answered for that very instant.
            let (plain, asked) = (circle(&client, &[]), circle(&client, &[("at", instant)]));
            let open = |circle: &Value| -> Vec<Value> { ["店", "夜市"].iter().map(|name| named(circle, name)["open_now"].clone()).collect() };
            assert_eq!(open(&plain), open(&asked), "{instant}");
        }
    }

    fn a_mobile_service_comes_and_goes_at_the_citys_midnight(world: &World) {
        world.import_places(&Fixture::places().mobile("流动诊所", "clinic", &[(100.0, 0.0, "Tu 09:00-11:00")]));
        let server = serve_at(world, "2026-03-02T23:50:00+08:00");
        let client = server.anonymous();
        assert!(names(&circle(&client, &[])).is_empty());
        set_clock(world, "2026-03-03T00:00:10+08:00");
        until("Tuesday's clinic", || (names(&circle(&client, &[])) == ["流动诊所"]).then_some(()));
        set_clock(world, "2026-03-04T00:00:10+08:00");
        until("Wednesday without it", || names(&circle(&client, &[])).is_empty().then_some(()));
    }

    fn a_role_counts_from_its_day_to_its_day_in_the_citys_zone(world: &World) {
        world.import_units();
        let server = serve_at(world, "2026-11-25T12:00:00+08:00");
        let grid = "429901001001001";
        let path = format!("/v1/units/{}/members", crate::harness::unit_id(&server.anonymous(), grid));
        let phone = crate::harness::people::phone(1);
        let days = ["--from", "2026-11-26", "--to", "2026-11-27"];
        let role = ["roles", "grant", "--phone", &phone, "--role", "grid_leader", "--unit", grid];
        server.program().run(&[&role[..], &days].concat()).succeeded();
        for (instant, status) in [
            ("2026-11-25T23:59:50+08:00", 404),
            ("2026-11-26T00:00:10+08:00", 200),
            ("2026-11-27T23:59:50+08:00", 200),
            ("2026-11-28T00:00:10+08:00", 404),
        ] {
            set_clock(world, instant);
            let leader = server.person(1);
            until("the day has come", || (leader.get(&path).status == status).then_some(()));
            // And it stays so for as long as the server is asked.
            assert_eq!(leader.get(&path).status, status, "{instant}");
        }
    }

    fn whose_home_has_run_out_sees_nothing_of_the_household_any_more(world: &World) {
        world.import_units();
        let server = serve_at(world, "2026-11-25T12:00:00+08:00");
        let home = "429901001001001A1";
        let phone = crate::harness::people::phone(1);
        let role = ["roles", "grant", "--phone", &phone, "--role", "resident", "--unit", home, "--to", "2026-11-26"];
        server.person(1);
        server.program().run(&role).succeeded();
        let other = server.holding(2, "resident", home);
        let path = "/v1/me/household";
        until("the server knows the home", || (server.person(1).send("POST", path, None).status == 201).then_some(()));
        let code = server.person(1).send("POST", &format!("{path}/invitation"), None).with_status(201).json["code"].clone();
        other.post(&format!("{path}/join"), &serde_json::json!({ "code": code })).with_status(201);
        set_clock(world, "2026-11-27T00:00:10+08:00");
        until("the day is over", || (server.person(1).get(path).status == 404).then_some(()));
        let invite = || server.person(1).send("POST", &format!("{path}/invitation"), None);
        invite().is_problem(404, "not-found");
        let left = until("the other is there still", || Some(server.holding(2, "resident", home).get(path)).filter(|told| told.status == 200)).ok();
        assert_eq!(left["home"]["id"], crate::harness::unit_id(&server.anonymous(), home));
    }

    fn what_has_run_out_is_in_nobodys_way_and_nobodys_sight(world: &World) {
        world.import_units();
        let server = serve_at(world, "2026-11-25T12:00:00+08:00");
        let grid = "429901001001001";
        let members = format!("/v1/units/{}/members", crate::harness::unit_id(&server.anonymous(), grid));
        let phone = crate::harness::people::phone(1);
        let role = ["roles", "grant", "--phone", &phone, "--role", "grid_leader", "--unit", grid];
        server.program().run(&[&role[..], &["--to", "2026-11-26"]].concat()).succeeded();
        let staff = || server.holding(2, "community_staff", "429901001001");
        let listed = |state: &str| staff().get(&format!("{members}?state={state}")).with_status(200).listed("id");
        let first = listed("active");
        assert_eq!((first.len(), listed("ended").len()), (1, 0));

        set_clock(world, "2026-11-27T00:00:10+08:00");
        until("the day is over", || listed("active").is_empty().then_some(()));
        assert_eq!(listed("ended"), first, "it has ended, though nobody wrote so");
        let own = server.person(1).get("/v1/me/memberships").ok();
        assert_eq!(own["items"], serde_json::json!([]));
        let one = staff().get(&format!("/v1/memberships/{}", first[0])).ok();
        assert_eq!((&one["state"], &one["counts"]), (&serde_json::json!("ended"), &serde_json::json!(false)));
        // Nobody looks at the number of somebody who is nothing there any more, nor finds them by it.
        let reason = serde_json::json!({ "reason": "联系" });
        staff().post(&format!("/v1/memberships/{}/phone", first[0]), &reason).is_problem(404, "not-found");
        let whom = serde_json::json!({ "phone": phone, "reason": "联系" });
        assert_eq!(staff().post(&format!("{members}/search"), &whom).ok()["items"], serde_json::json!([]));
        staff().post(&format!("/v1/memberships/{}/end", first[0]), &reason).is_problem(409, "state-conflict");
        // And they can be given the role again.
        let again = serde_json::json!({ "phone": phone, "role": "grid_leader" });
        staff().post(&members, &again).with_status(201);
        assert_eq!((listed("active").len(), listed("ended")), (1, first));
    }

    fn what_recurs_is_done_when_its_hour_has_come_by_one_of_two_instances(world: &World) {
        let clock = set_clock(world, "2026-03-03T10:00:00+08:00");
        let servers = [(); 2].map(|()| world.serve_with(&[("ONEGRID_CLOCK_FILE", &clock)]));
        servers[0].staff().with("idempotency-key", "old").post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201);
        let due = || {
            let listed = world.run(&["jobs", "list", "--kind", "retention"]);
            let lines: Vec<Vec<String>> = listed.succeeded().out.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
            assert_eq!(lines.len(), 1, "one for all instances: {lines:?}");
            lines[0][2].clone()
        };
        until("done at the start, due in an hour", || due().starts_with("2026-03-03T03:00:").then_some(()));
        set_clock(world, "2026-03-04T10:00:30+08:00");
        until("done again", || due().starts_with("2026-03-04T03:00:").then_some(()));
        let mut sql = crate::cli_world::Sql::connect(world.database_url());
        assert_eq!(sql.count("idempotency"), 0, "the key of yesterday is forgotten");
        // A clock that ran ahead and is set back does not put it off until it gets there.
        set_clock(world, "2026-03-03T10:00:00+08:00");
        until("due in an hour of the clock as it is", || due().starts_with("2026-03-03T03:0").then_some(()));
        drop(servers);
    }

    fn an_inbox_keeps_half_a_year_and_tells_who_missed_something(world: &World) {
        world.import_units();
        let server = serve_at(world, "2026-03-03T10:00:00+08:00");
        let grid = "429901001001001";
        let role = |number: u32| {
            let phone = crate::harness::people::phone(1);
            let to = format!("2028-01-{number:02}");
            let role = ["roles", "grant", "--phone", &phone, "--role", "grid_leader", "--unit", grid, "--to", &to];
            server.program().run(&role).succeeded();
            server.program().run(&["roles", "end", "--phone", &phone, "--role", "grid_leader", "--unit", grid]).succeeded();
        };
        role(1);
        let first = server.person(1).get("/v1/me/inbox/entries?limit=1").ok()["cursor"].as_str().expect("a cursor").to_owned();
        set_clock(world, "2026-08-03T10:00:00+08:00");
        role(2);
        let numbers = |after: &str| {
            let path = format!("/v1/me/inbox/entries?after={after}");
            // A token of a clock that the server has not seen yet is not good yet.
            let told = until("an answer", || Some(server.person(1).get(&path)).filter(|told| told.status == 200)).ok();
            let items = told["items"].as_array().expect("items").iter().map(|entry| entry["number"].as_i64().expect("a number"));
            (told["state"].as_str().expect("a state").to_owned(), items.collect::<Vec<i64>>())
        };
        assert_eq!(numbers(&first), ("entries".to_owned(), vec![2, 3, 4]));
        set_clock(world, "2026-09-03T10:00:00+08:00");
        until("the first two are gone", || (numbers("0") == ("gap".to_owned(), vec![3, 4])).then_some(()));
        assert_eq!(numbers(&first).0, "gap");
        let unread = server.person(1).get("/v1/me/inbox").ok();
        assert_eq!((&unread["unread"], unread["items"].as_array().map(Vec::len)), (&Value::from(2), Some(2)));
        // The clock of a writer was behind: what is older stands behind what is younger, and
        // stays until that goes.
        set_clock(world, "2027-02-03T10:00:00+08:00");
        until("all but nothing is gone", || (numbers("0") == ("gap".to_owned(), vec![])).then_some(()));
        role(3);
        role(4);
        let mut sql = crate::cli_world::Sql::connect(world.database_url());
        let year = 365_i64 * 86_400 * 1_000_000;
        sql.execute(&format!("UPDATE entry SET at = at - {year} WHERE number IN (5, 8)"));
        world.run_with(&["retention"], &[("ONEGRID_CLOCK_FILE", &world.path("clock").display().to_string())]).succeeded();
        assert_eq!(sql.numbers("SELECT number AS value FROM entry ORDER BY number"), [6, 7, 8]);
        sql.execute(&format!("UPDATE entry SET at = at - {year}"));
        world.run_with(&["retention"], &[("ONEGRID_CLOCK_FILE", &world.path("clock").display().to_string())]).succeeded();
        assert_eq!(sql.count("entry"), 0);
    }

    fn in_quiet_hours_nothing_is_pushed_that_is_not_urgent_and_the_rest_comes_afterwards(world: &World) {
        world.import_units();
        let service = crate::harness::FakeService::start(|_| (200, String::new()));
        let clock = set_clock(world, "2026-03-03T12:00:00+08:00");
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &clock), ("ONEGRID_PUSH_URL", &service.url())]);
        let grant = |role: &str, unit: &str| {
            let phone = crate::harness::people::phone(1);
            server.program().run(&["roles", "grant", "--phone", &phone, "--role", role, "--unit", unit]).succeeded();
        };
        grant("grid_leader", "429901001001001");
        until("pushed in the evening", || (service.asked().len() == 1).then_some(()));
        set_clock(world, "2026-03-03T22:30:00+08:00");
        grant("community_staff", "429901001001");
        let due = || world.run(&["jobs", "list", "--kind", "push"]).succeeded().out.clone();
        until("it waits for seven in the morning", || due().contains("2026-03-03T23:0").then_some(()));
        assert_eq!(service.asked().len(), 1);
        // What is urgent passes.
        until("somebody asks for their account to be erased", || {
            let asked = server.person(1).send("DELETE", "/v1/me", None);
            (asked.status == 202).then_some(())
        });
        until("pushed at night", || (service.asked().len() == 2).then_some(()));
        assert!(service.asked()[1].body.contains("erasure_asked"));
        set_clock(world, "2026-03-04T07:05:01+08:00");
        until("pushed in the morning", || (service.asked().len() == 3).then_some(()));
        assert!(service.asked()[2].body.contains("社区工作人员"));
        // Other quiet hours reach what waits already.
        set_clock(world, "2026-03-04T22:30:00+08:00");
        grant("street_staff", "429901001");
        until("it waits for the next morning", || due().contains("2026-03-04T23:0").then_some(()));
        until("it is never quiet", || {
            let set = server.person(1).send("PUT", "/v1/me/inbox/quiet-hours", Some(r#"{"from":null,"to":null}"#));
            (set.status == 200).then_some(())
        });
        until("pushed at once", || (service.asked().len() == 4).then_some(()));
    }

    fn an_idempotency_key_is_kept_for_a_day(world: &World) {
        let server = serve_at(world, "2026-03-03T10:00:00+08:00");
        let enter = || {
            let staff = server.staff().with("idempotency-key", "daily");
            staff.post("/v1/places", &place("店", "shop", 0.0, 0.0)).with_status(201).json["id"].clone()
        };
        let first = enter();
        set_clock(world, "2026-03-04T09:59:00+08:00");
        until("the clock moved", || {
            let circle = circle(&server.anonymous(), &[]);
            circle["at"].as_str().is_some_and(|at| at.starts_with("2026-03-04")).then_some(())
        });
        assert_eq!(enter(), first, "within a day it is the same request");
        set_clock(world, "2026-03-04T10:01:00+08:00");
        until("a request of its own", || (enter() != first).then_some(()));
    }
}
