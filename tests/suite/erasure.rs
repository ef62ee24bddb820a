//! Who asks to be forgotten is forgotten, everywhere, and what must stay leads to nobody.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cli_world::Sql;
use crate::files::{jpeg, kept};
use crate::harness::people::{Messages, phone};
use crate::harness::{Client, Server, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

const HOME: &str = "429901001001001A1";
const COMMUNITY: &str = "429901001001";
const NAME: &str = "欧阳梅兰";
const DEVICE: &str = "梅兰的旧手机";
const WORDS: &str = "送降压药上门";

/// How a text may stand in some bytes: as it is, in hexadecimal, and in base64 wherever it
/// begins.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        text.as_bytes().to_vec(),
        hex.clone().into_bytes(),
        hex.to_uppercase().into_bytes(),
    ];
    for before in 0..3 {
        let padded = [vec![b'x'; before], text.as_bytes().to_vec()].concat();
        let encoded = STANDARD.encode(&padded).trim_end_matches('=').to_owned();
        // The first and the last letters hang on what stands beside it.
        let (from, to) = ((before * 4).div_ceil(3), encoded.len() - 2);
        forms.push(encoded.as_bytes()[from..to].to_vec());
    }
    forms
}

fn holds(bytes: &[u8], text: &str) -> bool {
    forms(text)
        .iter()
        .any(|form| bytes.windows(form.len()).any(|part| part == form))
}

/// All that the database has, as text, and the bytes of each file in the world's folder.
fn dump(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut sql = Sql::connect(world.database_url());
    let mut found = Vec::new();
    for table in sql.tables() {
        let rows = sql.rows_as_text(&table);
        found.push((format!("table {table}"), rows.join("\n").into_bytes()));
    }
    drop(sql);
    let mut folders = vec![world.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
            }
        }
    }
    found
}

/// Where a text stands.
fn places_of(dump: &[(String, Vec<u8>)], text: &str) -> Vec<String> {
    let with_it = dump.iter().filter(|(_, bytes)| holds(bytes, text));
    with_it.map(|(place, _)| place.clone()).collect()
}

struct Story {
    messages: Messages,
    mei: Client,
    id: String,
}

/// Mei has a name, a device, a home that was confirmed, a household and an inbox; one of
/// the staff looked at her number, and refused another request of hers, in words.
fn story(world: &World, server: &Server, messages: Messages) -> Story {
    let staff = server.holding(1, "community_staff", COMMUNITY);
    let husband = server.holding(8, "resident", HOME);
    let client = server.anonymous();
    let code = messages.code(&client, &phone(7));
    let signing = json!({ "phone": phone(7), "code": code, "device": { "name": DEVICE } });
    let tokens = client.post("/v1/auth/sessions", &signing).with_status(201).json;
    let mei = crate::harness::people::bearing(server, tokens["access_token"].as_str().expect("a token"));
    let id = tokens["person_id"].as_str().expect("an id").to_owned();
    let tag = mei.get("/v1/me").needed_header("etag");
    let named = mei
        .with("if-match", &tag)
        .send("PATCH", "/v1/me", Some(&json!({ "name": NAME }).to_string()));
    named.with_status(200);
    let ask = |home: &str| {
        let path = format!("/v1/units/{}/residents", unit_id(&client, home));
        let asked = mei
            .with("idempotency-key", home)
            .send("POST", &path, None)
            .with_status(201)
            .json;
        asked["id"].as_str().expect("an id").to_owned()
    };
    let (home, wrong) = (ask(HOME), ask("429901001001001A2"));
    staff
        .send("POST", &format!("/v1/memberships/{home}/confirm"), None)
        .with_status(200);
    let reason = json!({ "reason": WORDS });
    staff
        .post(&format!("/v1/memberships/{wrong}/refuse"), &reason)
        .with_status(200);
    staff
        .post(&format!("/v1/memberships/{home}/phone"), &reason)
        .with_status(200);
    until("the server knows her home", || {
        let household = mei.send("POST", "/v1/me/household", None);
        (household.status == 201).then_some(())
    });
    let invited = mei
        .send("POST", "/v1/me/household/invitation", None)
        .with_status(201)
        .json;
    husband
        .post("/v1/me/household/join", &json!({ "code": invited["code"] }))
        .with_status(201);
    let channel = mei.get("/v1/me/channels").ok()["items"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let said = json!({ "client_id": "mei-1", "text": WORDS });
    mei.post(&format!("/v1/channels/{channel}/messages"), &said)
        .with_status(201);
    mei.post(&format!("/v1/channels/{channel}/read"), &json!({ "number": 1 }))
        .with_status(200);
    let consented = mei.put("/v1/me/consents/party_membership", &json!({ "version": 1 }));
    consented.with_status(200);
    let uploaded = mei.upload("/v1/files?name=%E6%AC%A7%E9%98%B3%E6%A2%85%E5%85%B0.jpg", &jpeg(64, 48));
    uploaded.with_status(201);
    let inbox = mei.get("/v1/me/inbox").ok();
    assert_eq!(inbox["items"].as_array().map(Vec::len), Some(2), "{inbox}");
    // What is looked for afterwards is there now, as far as it may be.
    let before = dump(world);
    assert_eq!(kept(world).len(), 3);
    assert!(!places_of(&before, WORDS).is_empty());
    for sealed in [NAME, DEVICE, &phone(7)] {
        assert_eq!(places_of(&before, sealed), [""; 0], "{sealed} is sealed");
    }
    Story { messages, mei, id }
}

/// Moves the clock under a running server.
fn move_clock(world: &World, instant: &str) {
    set_clock(world, instant);
    // A server looks at the file every 50 ms.
    std::thread::sleep(std::time::Duration::from_millis(120));
}

fn serve(world: &World, messages: &Messages) -> Server {
    let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
    messages.serve_with(world, &[("ONEGRID_CLOCK_FILE", &clock)])
}

both_databases! {
    fn an_account_is_erased_after_a_week_and_nothing_leads_to_its_person(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = serve(world, &messages);
        let Story { messages, mei, id } = story(world, &server, messages);
        // What it does is said before.
        let shown = mei.with("accept-language", "en").get("/v1/me/erasure").ok();
        assert_eq!((&shown["asked"], &shown["due_at"], &shown["grace_days"]), (&json!(false), &Value::Null, &json!(7)));
        let names = |list: &str| -> Vec<String> {
            shown[list].as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
        };
        assert!(names("goes").contains(&"account".to_owned()) && names("stays").contains(&"audit".to_owned()));
        assert!(shown["stays"].as_array().expect("a list").iter().all(|one| one["stays"].is_string()));
        // Whoever thinks again keeps all.
        let asked = mei.send("DELETE", "/v1/me", None).with_status(202).json;
        assert_eq!(asked["asked"], true);
        assert!(asked["due_at"].as_str().expect("a time").starts_with("2026-11-09T02:00:"), "{asked}");
        let told = mei.get("/v1/me/inbox").ok();
        assert_eq!((&told["items"][0]["kind"], &told["items"][0]["urgent"]), (&json!("erasure_asked"), &json!(true)));
        assert!(told["items"][0]["text"].as_str().expect("a text").contains("2026年11月9日"), "{told}");
        mei.send("DELETE", "/v1/me/erasure", None).with_status(204);
        mei.send("DELETE", "/v1/me/erasure", None).with_status(204);
        assert_eq!(mei.get("/v1/me/erasure").ok()["asked"], false);
        move_clock(world, "2026-11-03T10:00:00+08:00");
        let holder = messages.sign_in(&server, &phone(7));
        let mei = holder.on(&server);
        let asked = mei.send("DELETE", "/v1/me", None).with_status(202).json;
        assert_eq!(mei.send("DELETE", "/v1/me", None).with_status(202).json["due_at"], asked["due_at"], "once");
        // The job of the first time finds nothing to do.
        move_clock(world, "2026-11-09T10:00:05+08:00");
        let mei = messages.sign_in(&server, &phone(7)).on(&server);
        assert_eq!(mei.get("/v1/me").ok()["name"], NAME);
        move_clock(world, "2026-11-10T10:00:05+08:00");
        until("the account is erased", || {
            let mut sql = Sql::connect(world.database_url());
            (sql.count("person_key") == sql.count("person") - 1).then_some(())
        });
        until("its sessions ended", || (mei.get("/v1/me").status == 401).then_some(()));
        until("the job is done", || {
            let left = world.run(&["jobs", "list", "--kind", "erasure"]).succeeded().out.clone();
            (!left.contains("erasure")).then_some(())
        });
        // The grid: the neighbours see that she left, and the household has another head.
        let husband = messages.sign_in(&server, &phone(8)).on(&server);
        let household = husband.get("/v1/me/household").ok();
        let members = household["members"].as_array().expect("members");
        assert_eq!((members.len(), &members[0]["is_head"]), (1, &json!(true)));
        let unit = unit_id(&server.anonymous(), HOME);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let present = staff.get(&format!("/v1/units/{unit}/members")).ok();
        assert!(present["items"].as_array().expect("items").iter().all(|one| one["person"]["id"] != json!(id)), "{present}");
        let past = staff.get(&format!("/v1/units/{unit}/members?state=ended")).ok();
        let hers = past["items"].as_array().expect("items").iter().find(|one| one["person"]["id"] == json!(id)).expect("history");
        assert_eq!((&hers["person"]["name"], &hers["person"]["phone"], &hers["reason"]), (&Value::Null, &Value::Null, &Value::Null));
        let street = server.holding(5, "street_staff", "429901001");
        let audit = street.get(&format!("/v1/units/{unit}/audit?limit=500")).ok();
        let entries = audit["items"].as_array().expect("entries");
        let seen = entries.iter().find(|entry| entry["act"] == "phone_seen").expect("the look is on record");
        assert_eq!((&seen["person"]["id"], &seen["person"]["name"], &seen["reason"]), (&json!(id), &Value::Null, &Value::Null));
        assert!(entries.iter().any(|entry| entry["act"] == "role_ended" && entry["actor"] == json!(id)));
        // The number is free, for a new person.
        let anew = messages.sign_in(&server, &phone(7)).on(&server).get("/v1/me").ok();
        assert!(anew["id"] != json!(id) && anew["name"].is_null());
        until("her picture is gone", || kept(world).is_empty().then_some(()));
        let log = server.log().join("\n");
        drop(server);
        let after = dump(world);
        for text in [NAME, DEVICE, WORDS, &phone(7)] {
            assert_eq!(places_of(&after, text), [""; 0], "{text}");
            assert!(!holds(log.as_bytes(), text), "{text} in the log");
        }
        let mut sql = Sql::connect(world.database_url());
        assert_eq!((sql.count("message"), sql.count("message WHERE text IS NULL"), sql.count("channel_reading")), (1, 1, 0));
        drop(sql);
        // And all goes on.
        let server = serve(world, &messages);
        assert_eq!(server.anonymous().get("/health/ready").status, 200);
    }

    fn a_process_that_dies_while_it_erases_has_done_nothing_and_the_next_does_all(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = serve(world, &messages);
        let Story { messages, mei, .. } = story(world, &server, messages);
        mei.send("DELETE", "/v1/me", None).with_status(202);
        // Somebody holds her session: whoever erases has let the grid forget by then, and waits.
        let mut sql = Sql::connect(world.database_url());
        sql.execute(if world.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN" });
        sql.execute("UPDATE person_key SET master = master");
        move_clock(world, "2026-11-09T10:00:05+08:00");
        if !world.is_sqlite() {
            let mut beside = Sql::connect(world.database_url());
            until("it waits in the middle", || {
                let waiting = beside.texts("SELECT query AS value FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
                waiting.iter().any(|query| query.contains("person_key")).then_some(())
            });
        }
        drop(server);
        sql.execute("ROLLBACK");
        assert_eq!(sql.count("person_key"), sql.count("person"), "nothing was done");
        let open = "SELECT CAST(count(*) AS TEXT) AS value FROM membership WHERE state = 'active' AND role = 'resident'";
        assert_eq!(sql.texts(open), ["2"]);
        let clock = set_clock(world, "2026-11-09T10:01:00+08:00");
        let _server = messages.serve_with(world, &[("ONEGRID_CLOCK_FILE", &clock)]);
        until("the next does all", || (sql.count("person_key") == sql.count("person") - 1).then_some(()));
        assert_eq!(sql.texts(open), ["1"]);
    }
}
