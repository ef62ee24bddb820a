//! The phone numbers of many are seen by two of the staff together, or not at all.

use serde_json::{Value, json};

use crate::harness::people::phone;
use crate::harness::{Client, Server, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

const BUILDING: &str = "429901001001001A1";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";
const OTHER_COMMUNITY: &str = "429901001002";

/// The membership of a resident of the building.
fn resident(server: &Server, number: u32) -> (Client, String) {
    let client = server.holding(number, "resident", BUILDING);
    let own = client.get("/v1/me/memberships").ok();
    let id = own["items"][0]["id"].as_str().expect("an id").to_owned();
    (client, id)
}

fn act(by: &Client, reveal: &str, what: &str) -> crate::harness::Answer {
    by.send("POST", &format!("/v1/reveals/{reveal}/{what}"), None)
}

both_databases! {
    fn many_numbers_are_asked_for_by_one_approved_by_another_and_seen_once(world: &World) {
        world.import_units();
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &set_clock(world, "2026-11-02T10:00:00+08:00"))]);
        let community = unit_id(&server.anonymous(), COMMUNITY);
        let path = format!("/v1/units/{community}/reveals");
        let (asker, second) = (server.holding(1, "community_staff", COMMUNITY), server.holding(2, "community_staff", COMMUNITY));
        let leader = server.holding(3, "grid_leader", GRID);
        let stranger = server.holding(4, "community_staff", OTHER_COMMUNITY);
        let (mei, first) = resident(&server, 11);
        let (_, next) = resident(&server, 12);
        let elsewhere = stranger.get("/v1/me/memberships").ok()["items"][0]["id"].as_str().expect("an id").to_owned();
        let reason = "台风前逐户通知";
        let of = |ids: &[&str]| json!({ "memberships": ids, "reason": reason });
        // Each that is wrong is named.
        asker.post(&path, &of(&[&first, &elsewhere])).is_invalid_at(&[("body", "/memberships/1", "not_a_member")]);
        asker.post(&path, &of(&[&first, &first])).is_invalid_at(&[("body", "/memberships/1", "twice")]);
        asker.post(&path, &of(&[])).with_status(422);
        stranger.post(&path, &of(&[&first])).is_problem(404, "not-found");
        let asked = asker.with("idempotency-key", "a").post(&path, &of(&[&first, &next])).with_status(201);
        let reveal = asked.json["id"].as_str().expect("an id").to_owned();
        assert_eq!(asker.with("idempotency-key", "a").post(&path, &of(&[&first, &next])).with_status(201).json["id"], json!(reveal));
        assert_eq!((&asked.json["state"], &asked.json["decided_by"]), (&json!("requested"), &Value::Null));
        assert_eq!(second.get(&path).ok()["items"][0]["id"], json!(reveal));

        act(&asker, &reveal, "numbers").is_problem(409, "state-conflict");
        act(&asker, &reveal, "approve").is_problem(403, "second-person-needed");
        act(&leader, &reveal, "approve").is_problem(404, "not-found");
        act(&stranger, &reveal, "approve").is_problem(404, "not-found");
        assert_eq!(act(&second, &reveal, "approve").with_status(200).json["state"], "approved");
        act(&second, &reveal, "refuse").is_problem(409, "state-conflict");
        act(&second, &reveal, "numbers").is_problem(403, "forbidden");
        let told = asker.with("accept-language", "en").get("/v1/me/inbox").ok();
        assert_eq!((&told["items"][0]["kind"], &told["items"][0]["about"]["id"]), (&json!("numbers_approved"), &json!(reveal)));
        let seen = act(&asker, &reveal, "numbers").with_status(200);
        assert_eq!(seen.needed_header("cache-control"), "no-store");
        let mut numbers: Vec<&str> = seen.json["items"].as_array().expect("items").iter().filter_map(|one| one["phone"].as_str()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [format!("+86{}", phone(11)), format!("+86{}", phone(12))]);
        act(&asker, &reveal, "numbers").is_problem(409, "state-conflict");
        assert_eq!(asker.get(&format!("/v1/reveals/{reveal}")).ok()["state"], "fetched");
        // Whose number it was reads who looked, and why.
        let looks = mei.get("/v1/me/access-log").ok();
        assert_eq!((&looks["items"][0]["act"], &looks["items"][0]["reason"]), (&json!("phone_seen"), &json!(reason)));
        assert_eq!(looks["items"][0]["by"]["phone"], "199****0001");
        let street = server.holding(5, "street_staff", "429901001");
        let audit = street.get(&format!("/v1/units/{community}/audit")).ok();
        let acts: Vec<&str> = audit["items"].as_array().expect("entries").iter().filter_map(|entry| entry["act"].as_str())
            .filter(|act| act.starts_with("numbers_") || *act == "phone_seen").collect();
        assert_eq!(acts, ["phone_seen", "phone_seen", "numbers_approved", "numbers_asked"]);

        // An approval is good for half an hour, and a request for a week.
        let late = asker.post(&path, &of(&[&first])).with_status(201).json["id"].as_str().expect("an id").to_owned();
        act(&second, &late, "approve").with_status(200);
        set_clock(world, "2026-11-02T10:31:00+08:00");
        until("the half hour is over", || (asker.get(&format!("/v1/reveals/{late}")).ok()["state"] == "expired").then_some(()));
        act(&asker, &late, "numbers").is_problem(409, "state-conflict");
        let refused = asker.post(&path, &of(&[&first])).with_status(201).json["id"].as_str().expect("an id").to_owned();
        assert_eq!(act(&second, &refused, "refuse").with_status(200).json["state"], "refused");
        act(&asker, &refused, "numbers").is_problem(409, "state-conflict");
    }

    fn one_by_one_only_so_many_numbers_are_seen_in_a_day(world: &World) {
        world.import_units();
        let server = world.serve();
        let (_, membership) = resident(&server, 11);
        let (eager, other) = (server.holding(1, "community_staff", COMMUNITY), server.holding(2, "community_staff", COMMUNITY));
        let look = |by: &Client| by.post(&format!("/v1/memberships/{membership}/phone"), &json!({ "reason": "试一试" }));
        for _ in 0..30 {
            look(&eager).with_status(200);
        }
        look(&eager).is_problem(403, "second-person-needed");
        look(&other).with_status(200);
    }
}
