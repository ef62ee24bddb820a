//! Everybody gets a copy of all that is held of them, once, and nobody else does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cli_world::Sql;
use crate::files::{jpeg, kept};
use crate::harness::people::{Messages, phone};
use crate::harness::{Answer, Client, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

const HOME: &str = "429901001001001A1";
const COMMUNITY: &str = "429901001001";

fn ask(client: &Client) -> String {
    let asked = client.send("POST", "/v1/me/export", None).with_status(202);
    let id = asked.json["id"].as_str().expect("an id").to_owned();
    assert_eq!(asked.needed_header("location"), format!("/v1/me/exports/{id}"));
    id
}

fn fetch(client: &Client, id: &str) -> Answer {
    client.send("POST", &format!("/v1/me/exports/{id}/fetch"), None)
}

fn until_ready(client: &Client, id: &str) {
    until("the copy is made", || {
        let state = client.get(&format!("/v1/me/exports/{id}")).ok()["state"].clone();
        (state == "ready").then_some(())
    });
}

both_databases! {
    fn a_copy_of_all_that_is_held_of_me_comes_to_my_inbox_and_opens_once(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = messages.serve(world);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let other = server.person(2);
        let home = server.holding(7, "resident", HOME);
        let mei = messages.sign_in(&server, &phone(7)).on(&server);
        let tag = mei.get("/v1/me").needed_header("etag");
        mei.with("if-match", &tag).send("PATCH", "/v1/me", Some(&json!({ "name": "王梅" }).to_string())).with_status(200);
        let membership = home.get("/v1/me/memberships").ok()["items"][0]["id"].clone();
        let path = format!("/v1/memberships/{}/phone", membership.as_str().expect("an id"));
        staff.post(&path, &json!({ "reason": "送药上门" })).with_status(200);
        mei.put("/v1/me/consents/party_membership", &json!({ "version": 1 })).with_status(200);
        let channel = mei.get("/v1/me/channels").ok()["items"][0]["id"].as_str().expect("an id").to_owned();
        mei.post(&format!("/v1/channels/{channel}/messages"), &json!({ "client_id": "1", "text": "大家好" })).with_status(201);
        let file = mei.upload("/v1/files?name=a.jpg", &jpeg(40, 30)).with_status(201).json;
        let file = file["id"].as_str().expect("an id").to_owned();
        let picture = kept(world).into_iter().find(|path| path.ends_with("original")).expect("kept");
        let picture = std::fs::read(picture).expect("a file");

        let id = ask(&mei);
        other.get(&format!("/v1/me/exports/{id}")).is_problem(404, "not-found");
        fetch(&other, &id).is_problem(404, "not-found");
        until_ready(&mei, &id);
        let told = mei.get("/v1/me/inbox").ok();
        assert_eq!((&told["items"][0]["kind"], &told["items"][0]["about"]["id"]), (&json!("export_ready"), &json!(id)));
        // It lies sealed.
        let needle = "王梅".as_bytes();
        for path in kept(world) {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!bytes.windows(needle.len()).any(|part| part == needle), "{}", path.display());
        }
        assert_eq!(kept(world).len(), 4);
        let fetched = fetch(&mei, &id).with_status(200);
        assert_eq!(fetched.needed_header("content-disposition"), "attachment; filename=\"onegrid-export.json\"");
        let bundle = fetched.json;
        assert_eq!(bundle["form"], "onegrid-export-1");
        let account = &bundle["account"];
        assert_eq!((&account["name"], &account["phone"]), (&json!("王梅"), &json!(format!("+86{}", phone(7)))));
        assert!(!account["sessions"].as_array().expect("sessions").is_empty());
        let grid = &bundle["grid"];
        assert_eq!((&grid["memberships"][0]["role"], &grid["memberships"][0]["state"]), (&json!("resident"), &json!("active")));
        let unit = server.anonymous().get(&format!("/v1/units/{}", unit_id(&server.anonymous(), HOME))).ok();
        assert_eq!(grid["memberships"][0]["at"], unit["name"]);
        let looks = grid["audit"].as_array().expect("entries").iter().filter(|one| one["act"] == "phone_seen");
        assert_eq!(looks.map(|one| one["reason"].clone()).collect::<Vec<_>>(), [json!("送药上门")]);
        assert_eq!(bundle["privacy"]["consents"][0]["matter"], "party_membership");
        assert!(bundle["inbox"]["entries"].is_array() && bundle["repeated_requests"].is_array());
        assert_eq!((&bundle["files"][0]["name"], &bundle["files"][0]["id"]), (&json!("a.jpg"), &json!(file)));
        let content = bundle["file_contents"][&file].as_str().expect("base64");
        assert_eq!(STANDARD.decode(content).expect("base64"), picture);
        let said = &bundle["channels"]["said"][0];
        assert_eq!((&said["text"], &said["channel_id"], &said["number"]), (&json!("大家好"), &json!(channel), &json!(2)));
        // Nothing of anybody else.
        assert!(!bundle.to_string().contains(&phone(1)), "the number of who looked");
        // Once.
        fetch(&mei, &id).is_problem(409, "state-conflict");
        assert_eq!(mei.get(&format!("/v1/me/exports/{id}")).ok()["state"], "fetched");
        until("the bundle is gone", || (kept(world).len() == 3).then_some(()));
        for _ in 0..2 {
            let id = ask(&mei);
            until_ready(&mei, &id);
        }
        mei.send("POST", "/v1/me/export", None).is_problem(429, "too-many-requests");
        assert_eq!(mei.get("/v1/me/exports").ok()["items"].as_array().map(Vec::len), Some(3));
    }

    fn a_copy_that_nobody_fetches_goes_after_a_week(world: &World) {
        let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
        let messages = Messages::start();
        let server = messages.serve_with(world, &[("ONEGRID_CLOCK_FILE", &clock)]);
        let mei = messages.sign_in(&server, &phone(7)).on(&server);
        let id = ask(&mei);
        assert_eq!(ask(&mei), id, "the one that is being made, or was");
        until_ready(&mei, &id);
        set_clock(world, "2026-11-09T11:00:00+08:00");
        std::thread::sleep(std::time::Duration::from_millis(120));
        let mei = messages.sign_in(&server, &phone(7)).on(&server);
        assert_eq!(mei.get(&format!("/v1/me/exports/{id}")).ok()["state"], "expired");
        fetch(&mei, &id).is_problem(409, "state-conflict");
        until("the hourly job removes it", || kept(world).is_empty().then_some(()));
    }

    /// Whichever comes first: what is made for somebody who is gone is not kept.
    fn who_is_erased_while_their_copy_is_made_leaves_none(world: &World) {
        let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
        let messages = Messages::start();
        let settings = [("ONEGRID_CLOCK_FILE", clock.as_str())];
        let servers = [messages.serve_with(world, &settings), messages.serve_with(world, &settings)];
        let people: Vec<u32> = (10..16).collect();
        for number in &people {
            let client = messages.sign_in(&servers[0], &phone(*number)).on(&servers[0]);
            client.upload("/v1/files", &jpeg(30, 20)).with_status(201);
            client.send("DELETE", "/v1/me", None).with_status(202);
        }
        // Just before their time, all ask for a copy; it and the erasure fall due together.
        set_clock(world, "2026-11-09T09:59:00+08:00");
        std::thread::sleep(std::time::Duration::from_millis(120));
        let clients: Vec<Client> = people.iter().map(|number| messages.sign_in(&servers[0], &phone(*number)).on(&servers[0])).collect();
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE job SET due_at = due_at - 60000000 WHERE kind = 'erasure'");
        for client in &clients {
            // Some are gone by now.
            let answer = client.send("POST", "/v1/me/export", None);
            assert!([202, 401, 404].contains(&answer.status), "{answer:?}");
        }
        until("all are erased", || (sql.count("person_key") == 0).then_some(()));
        until("all work is done", || {
            let left = sql.texts("SELECT kind AS value FROM job WHERE kind IN ('export', 'erasure', 'file_removal')");
            left.is_empty().then_some(())
        });
        assert_eq!((sql.count("export"), sql.count("file")), (0, 0));
        assert_eq!(kept(world), Vec::<std::path::PathBuf>::new());
        assert_eq!(sql.texts("SELECT kind AS value FROM job WHERE dead_at IS NOT NULL"), [""; 0]);
        let _: Value = servers[1].anonymous().get("/health/ready").ok();
    }
}
