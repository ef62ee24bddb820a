//! The desk: staff serve who stands before them, also who has no phone, and all of it is on
//! record.

use serde_json::{Value, json};

use crate::acting::today_plus;
use crate::cli_world::Sql;
use crate::harness::people::{Messages, phone};
use crate::harness::{Answer, Client, Server, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

const HOME: &str = "429901001001001A1";
const COMMUNITY: &str = "429901001001";
const OTHER_COMMUNITY: &str = "429901001002";
const NAME: &str = "赵秀英";

fn id_of(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

fn open(staff: &Client, unit: &str, whom: &Value) -> Answer {
    let mut body = json!({ "reason": "本人到窗口办理" });
    let whom = whom.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(whom);
    staff.post(&format!("/v1/units/{unit}/desk-sessions"), &body)
}

/// A woman without a phone gets an account at the desk.
fn register(staff: &Client, unit: &str) -> Value {
    let body = json!({ "name": NAME, "birth_year": 1948, "reason": "本人无手机" });
    staff
        .post(&format!("/v1/units/{unit}/desk-people"), &body)
        .with_status(201)
        .json
}

fn unit(server: &Server, code: &str) -> String {
    unit_id(&server.anonymous(), code)
}

both_databases! {
    fn a_desk_helps_a_woman_without_a_phone(world: &World) {
        world.import_units();
        let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &clock)]);
        let (staff, second) = (server.holding(1, "community_staff", COMMUNITY), server.holding(2, "community_staff", COMMUNITY));
        let community = unit(&server, COMMUNITY);
        let session = register(&staff, &community);
        let card = session["card"].as_str().expect("a card").to_owned();
        assert_eq!((card.len(), &session["person"]["name"], &session["person"]["phone"]), (14, &json!(NAME), &Value::Null));
        assert!(session["expires_at"].as_str().expect("a time").starts_with("2026-11-02T02:30:0"), "{session}");
        // Her name, card and year of birth stand nowhere in plain.
        let mut sql = Sql::connect(world.database_url());
        let rows = sql.rows_as_text("person").join("").to_lowercase();
        // A year is short enough to stand in sealed bytes by chance, so it is looked for as a value.
        let values: Vec<&str> = rows.split(|letter: char| !letter.is_alphanumeric()).collect();
        for text in [NAME, &card.replace(' ', ""), "1948"] {
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let stands = if text.len() > 4 { rows.contains(text) } else { values.contains(&text) };
            assert!(!stands && !rows.contains(&hex), "{text}");
        }
        // The staff ask for her home in her name, and answer it in their own.
        let for_her = staff.with("acting-for", &id_of(&session));
        let home = unit(&server, HOME);
        let asked = for_her.send("POST", &format!("/v1/units/{home}/residents"), None).with_status(201).json;
        assert_eq!(asked["person"]["id"], session["person"]["id"]);
        let slip = staff.with("accept", "text/plain").get(&format!("/v1/desk-sessions/{}", id_of(&session))).with_status(200);
        assert_eq!(slip.needed_header("content-type"), "text/plain; charset=utf-8");
        for part in [NAME, card.as_str(), "申请入住登记", "2026年11月2日 10:00"] {
            assert!(slip.text.contains(part), "{part}: {}", slip.text);
        }
        for line in slip.text.lines() {
            let columns: usize = line.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum();
            assert!(columns <= 32, "{line}");
        }
        staff.send("POST", &format!("/v1/memberships/{}/confirm", id_of(&asked)), None).with_status(200);
        assert_eq!(for_her.get("/v1/me/grid").ok()["home"]["id"], json!(home));
        // Nobody else acts by it, and it ends by itself.
        second.with("acting-for", &id_of(&session)).get("/v1/me/grid").is_problem(403, "not-delegated");
        second.get(&format!("/v1/desk-sessions/{}", id_of(&session))).is_problem(404, "not-found");
        set_clock(world, "2026-11-02T10:29:30+08:00");
        std::thread::sleep(std::time::Duration::from_millis(120));
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let for_her = staff.with("acting-for", &id_of(&session));
        for_her.get("/v1/me/grid").with_status(200);
        set_clock(world, "2026-11-02T10:30:10+08:00");
        until("the half hour is over", || (for_her.get("/v1/me/grid").status == 403).then_some(()));
        // The next time she shows her card; the number as it is written or run together.
        let again = open(&staff, &community, &json!({ "card": card.replace(' ', "") })).with_status(201).json;
        assert_eq!(again["person"]["id"], session["person"]["id"]);
        let for_her = staff.with("acting-for", &id_of(&again));
        // What was done for her can be undone in the next session; what was answered cannot.
        let acts = for_her.get("/v1/me/acts").ok();
        assert_eq!((&acts["items"][0]["way"], &acts["items"][0]["what"]), (&json!("desk"), &json!("home_asked")));
        for_her.send("POST", &format!("/v1/me/acts/{}/undo", id_of(&acts["items"][0])), None).is_problem(409, "state-conflict");
        // A new session of the same staff ends the one before; so does its end.
        let third = open(&staff, &community, &json!({ "card": card })).with_status(201).json;
        for_her.get("/v1/me/grid").is_problem(403, "not-delegated");
        staff.send("DELETE", &format!("/v1/desk-sessions/{}", id_of(&third)), None).with_status(204);
        staff.with("acting-for", &id_of(&third)).get("/v1/me/grid").is_problem(403, "not-delegated");
        // Every time is on record, with its reason.
        let street = server.holding(5, "street_staff", "429901001");
        let audit = street.get(&format!("/v1/units/{community}/audit?limit=500")).ok();
        let of = |act: &str| audit["items"].as_array().expect("entries").iter().filter(|one| one["act"] == act && one["person"]["id"] == session["person"]["id"] && one["reason"].is_string()).count();
        assert_eq!((of("person_registered"), of("desk_opened")), (1, 2));
    }

    fn whose_office_ends_serves_nobody_at_the_desk_any_more(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let session = register(&staff, &unit(&server, COMMUNITY));
        let for_her = staff.with("acting-for", &id_of(&session));
        for_her.get("/v1/me").with_status(200);
        let end = ["roles", "end", "--phone", &phone(1), "--role", "community_staff", "--unit", COMMUNITY];
        server.program().run(&end).succeeded();
        until("the server knows", || (for_her.get("/v1/me").status == 403).then_some(()));
        for_her.get("/v1/me").is_problem(403, "not-delegated");
        staff.get(&format!("/v1/desk-sessions/{}", id_of(&session))).with_status(404);
    }

    fn the_desk_serves_its_own_people_by_what_they_show_and_nobody_guesses_a_card(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let elsewhere = server.holding(2, "community_staff", OTHER_COMMUNITY);
        let leader = server.holding(3, "grid_leader", "429901001001001");
        let mei = server.holding(7, "resident", HOME);
        let (community, other) = (unit(&server, COMMUNITY), unit(&server, OTHER_COMMUNITY));
        let by_phone = json!({ "phone": phone(7) });
        let session = open(&staff, &community, &by_phone).with_status(201).json;
        assert_eq!((&session["person"]["phone"], &session["card"]), (&json!("199****0007"), &Value::Null));
        let looks = mei.get("/v1/me/access-log").ok();
        assert_eq!((&looks["items"][0]["act"], &looks["items"][0]["reason"]), (&json!("desk_opened"), &json!("本人到窗口办理")));
        open(&elsewhere, &other, &by_phone).is_problem(404, "not-found");
        open(&elsewhere, &community, &by_phone).is_problem(404, "not-found");
        open(&leader, &community, &by_phone).is_problem(404, "not-found");
        open(&staff, &community, &json!({})).is_invalid_at(&[("body", "", "one_of")]);
        open(&staff, &community, &json!({ "phone": phone(7), "card": "1234 5678 9012" })).is_invalid_at(&[("body", "", "one_of")]);
        open(&staff, &community, &json!({ "phone": phone(1) })).is_problem(404, "not-found");
        // A wrong digit is seen at once, and tries are counted.
        let card = register(&staff, &community)["card"].as_str().expect("a card").to_owned();
        let wrong = |card: &str| open(&elsewhere, &other, &json!({ "card": card }));
        wrong("1234 5678 9012").is_invalid_at(&[("body", "/card", "unknown_card")]);
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE tally SET count = 100 WHERE what = 'phone_search'");
        open(&staff, &community, &json!({ "card": card })).is_problem(429, "too-many-requests");
    }

    fn a_delegation_at_the_desk_takes_two_of_the_staff(world: &World) {
        world.import_units();
        let server = world.serve();
        let (staff, second) = (server.holding(1, "community_staff", COMMUNITY), server.holding(2, "community_staff", COMMUNITY));
        let elsewhere = server.holding(3, "community_staff", OTHER_COMMUNITY);
        let daughter = server.person(32);
        let community = unit(&server, COMMUNITY);
        let session = register(&staff, &community);
        let path = format!("/v1/desk-sessions/{}/delegations", id_of(&session));
        let terms = json!({ "phone": phone(32), "scopes": ["read", "apply"], "until": today_plus(365), "reason": "女儿代办，本人到场" });
        second.post(&path, &terms).is_problem(404, "not-found");
        let proposed = staff.post(&path, &terms).with_status(201).json;
        assert_eq!((&proposed["counts"], &proposed["way"]), (&json!(false), &json!("desk")));
        let for_her = daughter.with("acting-for", &id_of(&proposed));
        for_her.get("/v1/me/grid").is_problem(403, "not-delegated");
        let countersign = |by: &Client| by.post(&format!("/v1/delegations/{}/countersign", id_of(&proposed)), &json!({ "reason": "已当面核对" }));
        countersign(&staff).is_problem(403, "second-person-needed");
        countersign(&elsewhere).is_problem(404, "not-found");
        countersign(&daughter).with_status(404);
        assert_eq!(countersign(&second).with_status(200).json["counts"], true);
        countersign(&second).is_problem(409, "state-conflict");
        assert_eq!(for_her.get("/v1/me").ok()["name"], NAME);
        assert_eq!(daughter.get("/v1/delegations").ok()["held"][0]["principal"]["name"], NAME);
        // By her card, the woman reads at the desk that it is so, and has it ended by it.
        let street = server.holding(5, "street_staff", "429901001");
        let audit = street.get(&format!("/v1/units/{community}/audit?limit=500")).ok();
        let acts: Vec<&str> = audit["items"].as_array().expect("entries").iter().filter_map(|one| one["act"].as_str()).filter(|act| act.starts_with("delegation_")).collect();
        assert_eq!(acts, ["delegation_countersigned", "delegation_proposed"]);
    }

    fn who_is_under_fourteen_has_an_account_by_their_guardian_only(world: &World) {
        world.import_units();
        let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &clock)]);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let mother = server.person(32);
        let path = format!("/v1/units/{}/desk-people", unit(&server, COMMUNITY));
        let child = |birth_year: i32, guardian: Option<&str>| {
            let mut body = json!({ "name": "小明", "birth_year": birth_year, "reason": "随母亲到窗口办理" });
            if let Some(guardian) = guardian {
                body["guardian_phone"] = json!(guardian);
            }
            staff.post(&path, &body)
        };
        child(2016, None).is_problem(403, "guardian-needed");
        child(2012, None).is_problem(403, "guardian-needed");
        child(2011, Some(&phone(32))).is_invalid_at(&[("body", "/guardian_phone", "not_a_child")]);
        child(2027, None).is_invalid_at(&[("body", "/birth_year", "future")]);
        child(2016, Some(&phone(77))).is_invalid_at(&[("body", "/guardian_phone", "unknown_person")]);
        // The guardian agrees to it, on its own and in their own account.
        child(2016, Some(&phone(32))).is_problem(409, "consent-needed");
        mother.put("/v1/me/consents/child_account", &json!({ "version": 1 })).with_status(200);
        let session = child(2016, Some(&phone(32))).with_status(201).json;
        let held = mother.get("/v1/delegations").ok()["held"][0].clone();
        assert_eq!((&held["way"], &held["until"], &held["principal"]["id"]), (&json!("guardian"), &json!("2030-12-31"), &session["person"]["id"]));
        assert_eq!(mother.with("acting-for", &id_of(&held)).get("/v1/me").ok()["birth_year"], 2016);
        mother.send("DELETE", &format!("/v1/delegations/{}", id_of(&held)), None).is_problem(409, "state-conflict");
        // Taken back, the child's account goes, as it would at its own asking.
        mother.send("DELETE", "/v1/me/consents/child_account", None).with_status(204);
        let mut sql = Sql::connect(world.database_url());
        assert_eq!(sql.count("erasure"), 1);
        assert_eq!(sql.texts("SELECT kind AS value FROM job WHERE kind = 'erasure'"), ["erasure"]);
        // Nor does anybody say so of themselves.
        let me = server.person(40);
        let tag = me.get("/v1/me").needed_header("etag");
        let say = |birth_year: i32| me.with("if-match", &tag).send("PATCH", "/v1/me", Some(&json!({ "birth_year": birth_year }).to_string()));
        say(2014).is_problem(403, "guardian-needed");
        say(2100).is_invalid_at(&[("body", "/birth_year", "future")]);
        assert_eq!(say(1990).with_status(200).json["birth_year"], 1990);
    }

    fn who_gets_a_phone_later_keeps_all_that_they_have(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = messages.serve(world);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        server.person(50);
        let session = register(&staff, &unit(&server, COMMUNITY));
        let path = format!("/v1/desk-sessions/{}/phone", id_of(&session));
        let code_for = |number: u32| {
            let before = messages.codes_of(&phone(number)).len();
            staff.post(&path, &json!({ "phone": phone(number) })).with_status(202);
            until("the code came", || messages.codes_of(&phone(number)).get(before).cloned())
        };
        let say = |number: u32, code: &str| staff.post(&format!("{path}/confirm"), &json!({ "phone": phone(number), "code": code }));
        let code = code_for(50);
        say(50, &code).is_problem(409, "already-exists");
        let code = code_for(51);
        say(51, &crate::harness::people::another_code(&code)).is_problem(403, "wrong-code");
        assert_eq!(say(51, &code).with_status(200).json["person"]["phone"], "199****0051");
        let signed_in = messages.sign_in(&server, &phone(51)).on(&server).get("/v1/me").ok();
        assert_eq!((&signed_in["id"], &signed_in["name"]), (&session["person"]["id"], &json!(NAME)));
        let code = code_for(52);
        say(52, &code).is_problem(409, "state-conflict");
    }
}
