//! One person acts for another: as far as that one agreed, as long, and so that they know
//! of it and can undo it.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::cli_world::Sql;
use crate::harness::people::{Messages, another_code, phone, try_code};
use crate::harness::{Answer, Client, Server, World, both_databases, unit_id, until};
use crate::moved_clock::set_clock;

const HOME: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";
const COMMUNITY: &str = "429901001001";
const FATHER: u32 = 31;
const DAUGHTER: u32 = 32;

/// So many days from today in the city's zone, by the machine's clock.
pub fn today_plus(days: u64) -> String {
    let zone = chrono_tz::Asia::Shanghai;
    let today: NaiveDate = onegrid::clock::now().to_utc().with_timezone(&zone).date_naive();
    (today + Days::new(days)).to_string()
}

fn id_of(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// The codes of a purpose that came to a phone, the first first.
fn codes(messages: &Messages, to: u32, purpose: &str) -> Vec<String> {
    let sent = messages
        .asked()
        .into_iter()
        .filter_map(|asked| serde_json::from_str::<Value>(&asked.body).ok());
    sent.filter(|body| body["phone"] == format!("+86{}", phone(to)) && body["purpose"] == purpose)
        .map(|body| body["code"].as_str().expect("a code").to_owned())
        .collect()
}

/// Somebody asks to act for whoever has this number; the delegation and the code that came.
pub fn ask(agent: &Client, messages: &Messages, to: u32, scopes: &[&str]) -> (String, String) {
    let before = codes(messages, to, "delegation").len();
    let terms = json!({ "phone": phone(to), "scopes": scopes, "until": today_plus(30) });
    let asked = agent.post("/v1/delegations", &terms).with_status(202).json;
    let code = until("the code came", || {
        codes(messages, to, "delegation").get(before).cloned()
    });
    (id_of(&asked), code)
}

pub fn confirm(agent: &Client, id: &str, to: u32, code: &str) -> Answer {
    agent.post(
        &format!("/v1/delegations/{id}/confirm"),
        &json!({ "phone": phone(to), "code": code }),
    )
}

fn kinds(client: &Client) -> Vec<String> {
    let inbox = client.get("/v1/me/inbox").ok();
    let items = inbox["items"].as_array().expect("items");
    items
        .iter()
        .map(|one| one["kind"].as_str().expect("a kind").to_owned())
        .collect()
}

/// A father with a home, and his daughter who may act for him.
pub fn family(server: &Server, messages: &Messages, scopes: &[&str]) -> (Client, Client, String) {
    let father = server.holding(FATHER, "resident", HOME);
    let daughter = server.person(DAUGHTER);
    let (id, code) = ask(&daughter, messages, FATHER, scopes);
    let delegation = confirm(&daughter, &id, FATHER, &code).with_status(200).json;
    assert_eq!(
        (&delegation["counts"], &delegation["way"]),
        (&json!(true), &json!("code"))
    );
    (father, daughter, id)
}

both_databases! {
    fn a_daughter_acts_for_her_father_by_a_code_to_his_phone_and_reads_his_standing(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = messages.serve(world);
        let father = server.holding(FATHER, "resident", HOME);
        let daughter = server.person(DAUGHTER);
        let (id, code) = ask(&daughter, &messages, FATHER, &["read"]);
        let for_him = daughter.with("acting-for", &id);
        for_him.get("/v1/me/grid").is_problem(403, "not-delegated");
        // It signs nobody in, and a code to sign in is none of these.
        try_code(&server.anonymous(), &phone(FATHER), &code).is_problem(403, "wrong-code");
        let to_sign_in = messages.code(&server.anonymous(), &phone(FATHER));
        assert_eq!(codes(&messages, FATHER, "sign_in"), [to_sign_in.as_str()]);
        if to_sign_in != code {
            confirm(&daughter, &id, FATHER, &to_sign_in).is_problem(403, "wrong-code");
        }
        confirm(&daughter, &id, FATHER, &another_code(&code)).is_problem(403, "wrong-code");
        let stranger = server.person(33);
        confirm(&stranger, &id, FATHER, &code).is_problem(404, "not-found");
        assert_eq!(kinds(&father), ["home_confirmed"], "he has agreed to nothing yet");
        let given = confirm(&daughter, &id, FATHER, &code).with_status(200).json;
        assert_eq!((&given["principal"]["phone"], &given["agent"]["phone"]), (&json!("199****0031"), &json!("199****0032")));
        confirm(&daughter, &id, FATHER, &code).is_problem(409, "state-conflict");
        assert_eq!(kinds(&father)[0], "delegation_begun");
        let own = father.get("/v1/delegations").ok();
        assert_eq!((&own["given"][0]["id"], &own["held"]), (&json!(id), &json!([])));

        // She reads his standing, and no other's; he reads his own as before.
        let grid = for_him.get("/v1/me/grid").ok();
        assert_eq!(grid["home"]["id"], unit_id(&server.anonymous(), HOME));
        assert_eq!(grid, father.get("/v1/me/grid").ok());
        assert_eq!(for_him.get("/v1/me").ok()["phone"], "199****0031");
        assert_eq!(for_him.get("/v1/me/memberships").ok(), father.get("/v1/me/memberships").ok());
        assert_eq!(daughter.get("/v1/me/grid").ok()["home"], Value::Null);
        stranger.with("acting-for", &id).get("/v1/me/grid").is_problem(403, "not-delegated");
        server.anonymous().with("acting-for", &id).get("/v1/me/grid").is_problem(401, "unauthenticated");
        for wrong in ["del_x", "", "dsk_01h455vb4pex5vsknk084sn02q", "per_01h455vb4pex5vsknk084sn02q"] {
            daughter.with("acting-for", wrong).get("/v1/me/grid").is_problem(403, "not-delegated");
        }
        // Reading is all that he let her do.
        let path = format!("/v1/units/{}/residents", unit_id(&server.anonymous(), NEXT_DOOR));
        for_him.send("POST", &path, None).is_problem(403, "not-delegated");
        // She gives it up; it is over at once.
        daughter.send("DELETE", &format!("/v1/delegations/{id}"), None).with_status(204);
        for_him.get("/v1/me/grid").is_problem(403, "not-delegated");
        assert_eq!(kinds(&father)[..2], ["delegation_ended", "delegation_begun"]);
    }

    fn what_is_done_for_another_says_so_and_they_undo_it(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
        let server = messages.serve_with(world, &[("ONEGRID_CLOCK_FILE", &clock)]);
        let daughter = server.person(DAUGHTER);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let before = codes(&messages, FATHER, "delegation").len();
        let terms = json!({ "phone": phone(FATHER), "scopes": ["read", "apply"], "until": "2026-12-01" });
        let id = id_of(&daughter.post("/v1/delegations", &terms).with_status(202).json);
        let code = until("the code came", || codes(&messages, FATHER, "delegation").get(before).cloned());
        // He had no account: he has one from now on, as by a sign-in.
        confirm(&daughter, &id, FATHER, &code).with_status(200);
        let father = messages.sign_in(&server, &phone(FATHER)).on(&server);
        assert_eq!(kinds(&father), ["delegation_begun"]);
        let for_him = daughter.with("acting-for", &id);
        let home = unit_id(&server.anonymous(), HOME);
        let path = format!("/v1/units/{home}/residents");
        let once = for_him.with("idempotency-key", "h");
        let asked = once.send("POST", &path, None).with_status(201).json;
        assert_eq!(id_of(&once.send("POST", &path, None).with_status(201).json), id_of(&asked), "sent again it is one");
        assert_eq!(asked["person"]["phone"], "199****0031", "it is his");
        assert_eq!(daughter.get("/v1/me/memberships").ok()["items"], json!([]), "and not hers");
        // Her own request with the same key is another.
        daughter.with("idempotency-key", "h").send("POST", &path, None).with_status(201);
        // On record it reads "A for B".
        let street = server.holding(5, "street_staff", "429901001");
        let audit = street.get(&format!("/v1/units/{home}/audit")).ok();
        let (her, his) = (daughter.get("/v1/me").ok(), father.get("/v1/me").ok());
        let name = format!("{} for {}", id_of(&her), id_of(&his));
        let entry = audit["items"].as_array().expect("entries").iter().find(|one| one["actor"] == json!(name)).expect("the entry");
        assert_eq!((&entry["by"]["id"], &entry["acted_for"]["id"], &entry["person"]["id"]), (&her["id"], &his["id"], &his["id"]));
        // He is told, and takes it back.
        assert_eq!(kinds(&father), ["done_for_you", "delegation_begun"]);
        let acts = father.with("accept-language", "en").get("/v1/me/acts").ok();
        let act = &acts["items"][0];
        assert_eq!((&act["what"], &act["text"], &act["can_be_undone"]), (&json!("home_asked"), &json!("asked for a home"), &json!(true)));
        assert_eq!(act["by"]["id"], her["id"]);
        let undo = |client: &Client, act: &Value| client.send("POST", &format!("/v1/me/acts/{}/undo", id_of(act)), None);
        undo(&daughter, act).is_problem(404, "not-found");
        assert!(undo(&father, act).with_status(200).json["undone_at"].is_string());
        undo(&father, act).is_problem(409, "state-conflict");
        assert_eq!(father.get("/v1/me/memberships").ok()["items"], json!([]));
        assert_eq!(kinds(&daughter), ["undone_by_them"]);
        // What was answered meanwhile is not undone, nor what is of yesterday.
        let asked = for_him.send("POST", &path, None).with_status(201).json;
        staff.send("POST", &format!("/v1/memberships/{}/confirm", id_of(&asked)), None).with_status(200);
        let act = father.get("/v1/me/acts").ok()["items"][0].clone();
        undo(&father, &act).is_problem(409, "state-conflict");
        let next = format!("/v1/units/{}/residents", unit_id(&server.anonymous(), NEXT_DOOR));
        for_him.send("POST", &next, None).with_status(201);
        let act = father.get("/v1/me/acts").ok()["items"][0].clone();
        set_clock(world, "2026-11-03T10:00:30+08:00");
        std::thread::sleep(std::time::Duration::from_millis(120));
        let father = messages.sign_in(&server, &phone(FATHER)).on(&server);
        undo(&father, &act).is_problem(409, "state-conflict");
        // After its last day it counts no more.
        set_clock(world, "2026-12-02T00:00:30+08:00");
        std::thread::sleep(std::time::Duration::from_millis(120));
        let daughter = messages.sign_in(&server, &phone(DAUGHTER)).on(&server);
        daughter.with("acting-for", &id).get("/v1/me/grid").is_problem(403, "not-delegated");
    }

    /// On both servers, from the very moment.
    fn a_delegation_that_ends_while_it_is_used_does_nothing_more(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let (first, second) = (messages.serve(world), messages.serve(world));
        let (father, daughter, id) = family(&first, &messages, &["read", "apply"]);
        let hers = crate::harness::people::bearing(&second, &crate::harness::roles::issue(second.program(), DAUGHTER, None));
        let path = format!("/v1/units/{}/residents", unit_id(&first.anonymous(), NEXT_DOOR));
        let stop = std::sync::atomic::AtomicBool::new(false);
        let (used, ended) = std::thread::scope(|scope| {
            let use_it = |client: Client| {
                let (stop, id, path) = (&stop, &id, &path);
                scope.spawn(move || {
                    let mut statuses = Vec::new();
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let client = client.with("acting-for", id).on_own_connection();
                        statuses.push(client.get("/v1/me/grid").status);
                        statuses.push(client.send("POST", path, None).status);
                    }
                    statuses
                })
            };
            let using = [use_it(daughter.clone()), use_it(hers.clone())];
            until("it is used", || (father.get("/v1/me/acts").ok()["items"] != json!([])).then_some(()));
            father.send("DELETE", &format!("/v1/delegations/{id}"), None).with_status(204);
            let mut sql = Sql::connect(world.database_url());
            let acts = sql.count("deputed_act");
            for client in [&daughter, &hers] {
                let client = client.with("acting-for", &id);
                client.get("/v1/me/grid").is_problem(403, "not-delegated");
                client.send("POST", &path, None).is_problem(403, "not-delegated");
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            let used: Vec<u16> = using.into_iter().flat_map(|one| one.join().expect("it ended")).collect();
            (used, acts)
        });
        let statuses: BTreeSet<u16> = used.into_iter().collect();
        // Once it was asked for, whoever asks again is told so.
        assert!(statuses.iter().all(|status| [200, 201, 403, 409].contains(status)), "{statuses:?}");
        let mut sql = Sql::connect(world.database_url());
        assert_eq!(sql.count("deputed_act"), ended, "nothing after it ended");
    }

    /// Whatever is added later is refused as well, unless it says that it can be done for another.
    fn what_cannot_be_done_for_another_is_refused_and_not_done_in_ones_own_name(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = messages.serve(world);
        let (_, daughter, id) = family(&server, &messages, &["read", "apply", "book", "report"]);
        let for_him = daughter.with("acting-for", &id);
        let document = server.anonymous().get("/openapi.json").ok();
        let (mut can, mut cannot) = (0, 0);
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let takes_it = parameters.into_iter().any(|one| one["name"] == "Acting-For");
                let answer = for_him.send(&method.to_uppercase(), &path.replace("{id}", "x"), None);
                let refused = answer.json["type"] == "https://onegrid.dev/problems/not-for-another";
                assert_eq!(refused, !takes_it, "{method} {path}: {answer:?}");
                if takes_it { can += 1 } else { cannot += 1 }
            }
        }
        assert!(can >= 8 && cannot > 60, "{can} {cannot}");
        for_him.get("/v1/me/sessions").is_problem(403, "not-for-another");
        daughter.get("/v1/me/sessions").with_status(200);
    }

    fn nobody_learns_by_it_whether_a_number_is_known_and_there_is_an_end_to_asking(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let daughter = server.person(DAUGHTER);
        server.person(FATHER);
        let terms = |number: u32, until: &str| json!({ "phone": phone(number), "scopes": ["read"], "until": until });
        let known = daughter.post("/v1/delegations", &terms(FATHER, &today_plus(0))).with_status(202);
        let unknown = daughter.post("/v1/delegations", &terms(99, &today_plus(366))).with_status(202);
        let shape = |answer: &Answer| {
            let members: BTreeSet<String> = answer.json.as_object().expect("an object").keys().cloned().collect();
            (members, answer.json["expires_in_s"].clone())
        };
        assert_eq!(shape(&known), shape(&unknown));
        daughter.post("/v1/delegations", &terms(FATHER, &today_plus(367))).is_invalid_at(&[("body", "/until", "range")]);
        daughter.post("/v1/delegations", &terms(FATHER, "2020-01-01")).is_invalid_at(&[("body", "/until", "range")]);
        daughter.post("/v1/delegations", &json!({ "phone": "12", "scopes": [], "until": "x" })).with_status(422);
        let (own, code) = ask(&daughter, &messages, DAUGHTER, &["read"]);
        confirm(&daughter, &own, DAUGHTER, &code).is_problem(409, "state-conflict");
        for number in 40..42 {
            daughter.post("/v1/delegations", &terms(number, &today_plus(1))).with_status(202);
        }
        daughter.post("/v1/delegations", &terms(42, &today_plus(1))).is_problem(429, "too-many-requests");
        // Five wrong codes, and the right one is none any more.
        let son = server.person(34);
        let (id, code) = ask(&son, &messages, FATHER, &["read"]);
        for _ in 0..5 {
            confirm(&son, &id, FATHER, &another_code(&code)).is_problem(403, "wrong-code");
        }
        confirm(&son, &id, FATHER, &code).is_problem(403, "wrong-code");
    }
}
