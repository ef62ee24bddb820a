//! The 1+N+X: organisations of a unit or an estate, who is a member of them, and who may
//! know of it.

use serde_json::{Value, json};

use crate::harness::people::phone;
use crate::harness::{Client, Server, World, both_databases, unit_id, until};

const BUILDING: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";
const OTHER_COMMUNITY: &str = "429901001002";

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

fn unit(server: &Server, code: &str) -> String {
    unit_id(&server.anonymous(), code)
}

#[track_caller]
fn found(staff: &Client, unit: &str, kind: &str, name: &str) -> String {
    let path = format!("/v1/units/{unit}/organisations");
    id(&staff
        .post(&path, &json!({ "kind": kind, "name": name }))
        .with_status(201)
        .json)
}

fn member(number: u32, title: Option<&str>) -> Value {
    let mut body = json!({ "phone": phone(number), "role": "organisation_member" });
    if let Some(title) = title {
        body["title"] = json!(title);
    }
    body
}

/// They agree that it is kept of which party branch they are.
#[track_caller]
fn consents(person: &Client) {
    let given = person
        .put("/v1/me/consents/party_membership", &json!({ "version": 1 }))
        .ok();
    assert_eq!(given["state"], "given");
}

/// The person with this number becomes a member; as soon as the server knows.
#[track_caller]
fn join(server: &Server, by: &Client, organisation: &str, number: u32, title: Option<&str>) -> (Client, String) {
    let person = server.person(number);
    consents(&person);
    let path = format!("/v1/organisations/{organisation}/members");
    let made = by.post(&path, &member(number, title)).with_status(201).json;
    until("the server knows the member", || {
        (person.get(&path).status == 200).then_some(())
    });
    (person, id(&made))
}

/// The person with this number asks to be a member; the id of the request.
#[track_caller]
fn ask(server: &Server, organisation: &str, number: u32) -> (Client, String) {
    let person = server.person(number);
    consents(&person);
    let asked = person.send("POST", &format!("/v1/organisations/{organisation}/applicants"), None);
    (person, id(&asked.with_status(201).json))
}

/// They are let in; as soon as the server knows.
#[track_caller]
fn let_in(server: &Server, by: &Client, organisation: &str, number: u32) -> (Client, String) {
    let (person, asked) = ask(server, organisation, number);
    let confirmed = by.send("POST", &format!("/v1/memberships/{asked}/confirm"), None);
    assert_eq!(confirmed.with_status(200).json["state"], "active");
    until("the server knows the member", || {
        (person.get(&format!("/v1/organisations/{organisation}/members")).status == 200).then_some(())
    });
    (person, asked)
}

both_databases! {
    fn a_unit_has_one_party_branch_and_as_many_councils_and_associations_as_it_likes(world: &World) {
        world.import_units();
        let server = world.serve();
        let (grid, building, next_door) = (unit(&server, GRID), unit(&server, BUILDING), unit(&server, NEXT_DOOR));
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let path = format!("/v1/units/{grid}/organisations");
        let branch = found(&staff, &grid, "party_branch", "第一网格党支部");
        staff.post(&path, &json!({ "kind": "party_branch", "name": "第二党支部" })).is_problem(409, "already-exists");
        found(&staff, &grid, "council", "村民理事会");
        found(&staff, &grid, "association", "志愿者协会");
        staff.post(&path, &json!({ "kind": "association", "name": "志愿者协会" })).is_problem(409, "already-exists");
        found(&staff, &grid, "association", "书法协会");

        let draw = |name: &str, buildings: &[&str]| staff.post(&format!("/v1/units/{grid}/estates"), &json!({ "name": name, "buildings": buildings }));
        let estate = draw("幸福里", &[&building]).with_status(201);
        draw("如意里", &[&building]).is_problem(409, "already-exists");
        draw("如意里", &[&next_door, &next_door, &grid]).is_invalid_at(&[("body", "/buildings/1", "not_in_the_grid"), ("body", "/buildings/2", "not_in_the_grid")]);
        let estate_id = id(&estate.json);
        let council = json!({ "kind": "council", "name": "业主议事会", "estate_id": estate_id });
        let council = staff.post(&path, &council).with_status(201).json;
        assert_eq!(council["estate_id"], estate_id);
        let wrong = json!({ "kind": "association", "name": "协会", "estate_id": estate_id });
        staff.post(&path, &wrong).is_invalid_at(&[("body", "/estate_id", "only_councils")]);
        let elsewhere = json!({ "kind": "council", "name": "议事会", "estate_id": estate_id });
        let community = unit(&server, COMMUNITY);
        staff.post(&format!("/v1/units/{community}/organisations"), &elsewhere).is_invalid_at(&[("body", "/estate_id", "not_in_the_unit")]);

        let count = |kind: &str| server.anonymous().get(&format!("{path}?kind={kind}")).ok()["items"].as_array().map(Vec::len);
        assert_eq!((count("party_branch"), count("council"), count("association")), (Some(1), Some(2), Some(2)));
        let first = server.anonymous().get(&format!("{path}?limit=4")).ok();
        let next = first["next"].as_str().expect("a next page");
        assert_eq!(server.anonymous().get(&format!("{path}?limit=4&cursor={next}")).ok()["items"][0]["id"], council["id"]);

        // An estate is redrawn by whoever has seen it, and not closed under its council.
        let estate_path = format!("/v1/estates/{estate_id}");
        let both = json!({ "name": "幸福里小区", "buildings": [building, next_door] });
        staff.put(&estate_path, &both).is_problem(428, "precondition-required");
        let tag = estate.needed_header("etag").to_owned();
        staff.with("if-match", &tag).put(&estate_path, &both).with_status(200);
        staff.with("if-match", &tag).put(&estate_path, &both).is_problem(412, "version-mismatch");
        let seen = server.anonymous().get(&estate_path).ok();
        assert_eq!((&seen["name"], seen["buildings"].as_array().map(Vec::len)), (&json!("幸福里小区"), Some(2)));
        let reason = json!({ "reason": "试一试" });
        staff.post(&format!("{estate_path}/close"), &reason).is_problem(409, "state-conflict");
        staff.post(&format!("/v1/organisations/{}/close", id(&council)), &reason).with_status(200);
        let closed = staff.post(&format!("{estate_path}/close"), &reason).ok();
        assert_eq!((closed["closed_at"].is_string(), &closed["buildings"]), (true, &json!([])));
        draw("如意里", &[&building]).with_status(201);
        staff.post(&path, &json!({ "kind": "council", "name": "新会", "estate_id": estate_id })).is_problem(409, "state-conflict");
        // After a branch was closed there may be another.
        staff.post(&format!("/v1/organisations/{branch}/close"), &reason).with_status(200);
        found(&staff, &grid, "party_branch", "第二党支部");
    }

    fn nobody_outside_a_party_branch_learns_who_its_members_are_but_for_its_named_officers(world: &World) {
        world.import_units();
        let server = world.serve();
        let grid = unit(&server, GRID);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let city = server.holding(2, "city_staff", "4299");
        let branch = found(&staff, &grid, "party_branch", "第一网格党支部");
        let members = format!("/v1/organisations/{branch}/members");
        server.person(4);
        // The staff give the named offices, and that is all that they may do or see.
        staff.post(&members, &member(4, None)).is_problem(403, "forbidden");
        let (secretary, office) = join(&server, &staff, &branch, 3, Some("书记"));
        staff.get(&members).is_problem(404, "not-found");
        city.get(&members).is_problem(404, "not-found");
        // Nobody is put into it by their number, also not by its officers: they ask, and
        // its officers answer, whom alone the request is shown.
        secretary.post(&members, &member(4, None)).is_problem(403, "forbidden");
        let (_, asked) = ask(&server, &branch, 7);
        for outside in [&staff, &city] {
            outside.get(&format!("/v1/memberships/{asked}")).is_problem(404, "not-found");
            outside.send("POST", &format!("/v1/memberships/{asked}/confirm"), None).is_problem(404, "not-found");
        }
        assert_eq!(secretary.get(&format!("{members}?state=requested")).ok()["items"][0]["id"], asked);
        secretary.post(&format!("/v1/memberships/{asked}/refuse"), &json!({ "reason": "条件不符" })).with_status(200);
        let (plain, membership) = let_in(&server, &secretary, &branch, 4);
        plain.post(&members, &member(3, None)).is_problem(403, "forbidden");
        let list = plain.get(&members).ok();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(2));

        for outside in [&staff, &city] {
            let one = format!("/v1/memberships/{membership}");
            outside.get(&one).is_problem(404, "not-found");
            outside.post(&format!("{one}/phone"), &json!({ "reason": "看看" })).is_problem(404, "not-found");
            outside.post(&format!("{one}/end"), &json!({ "reason": "看看" })).is_problem(404, "not-found");
            outside.post(&format!("{one}/refuse"), &json!({ "reason": "看看" })).is_problem(404, "not-found");
            outside.send("POST", &format!("{one}/confirm"), None).is_problem(404, "not-found");
            assert_eq!(outside.get(&format!("/v1/memberships/{office}")).ok()["title"], "书记");
        }
        let officers = plain.get(&format!("/v1/organisations/{branch}/officers")).ok();
        assert_eq!(officers["items"], json!([{ "title": "书记", "name": null }]));

        // Whoever names a member to an office is answered as of anybody, and the audit of
        // the units tells of the offices alone.
        let named = staff.post(&members, &member(4, Some("副书记"))).with_status(201).json;
        assert_eq!((&named["title"], &named["state"]), (&json!("副书记"), &json!("active")));
        assert_eq!(plain.get(&format!("/v1/memberships/{membership}")).ok()["state"], "ended");
        let (_, fifth) = let_in(&server, &secretary, &branch, 5);
        let reason = json!({ "reason": "转出" });
        secretary.post(&format!("/v1/memberships/{fifth}/end"), &reason).with_status(200);
        let_in(&server, &secretary, &branch, 6);
        // Offices are given and taken by the staff alone.
        secretary.post(&format!("/v1/memberships/{}/end", id(&named)), &reason).is_problem(404, "not-found");
        secretary.post(&members, &member(6, Some("组织委员"))).is_problem(403, "forbidden");
        // Nor do they let themselves in where they give the offices.
        staff.post(&members, &member(1, Some("书记"))).is_problem(403, "forbidden");
        staff.post(&format!("/v1/organisations/{branch}/close"), &reason).with_status(200);
        let audit = city.get(&format!("/v1/units/{}/audit?limit=500", unit(&server, "4299"))).ok();
        let mut told: Vec<(String, String)> = audit["items"].as_array().expect("entries").iter()
            .filter(|entry| entry["body"]["id"] == branch)
            .map(|entry| (entry["act"].as_str().expect("an act").to_owned(), entry["person"]["phone"].as_str().unwrap_or_default().to_owned()))
            .collect();
        told.sort();
        let expected = [
            ("organisation_closed", ""), ("organisation_founded", ""),
            ("role_ended", "199****0003"), ("role_ended", "199****0004"),
            ("role_granted", "199****0003"), ("role_granted", "199****0004"),
        ];
        assert_eq!(told, expected.map(|(act, who)| (act.to_owned(), who.to_owned())));
    }

    fn it_is_kept_who_is_of_a_party_branch_only_while_they_agree(world: &World) {
        world.import_units();
        let server = world.serve();
        let grid = unit(&server, GRID);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let branch = found(&staff, &grid, "party_branch", "第一网格党支部");
        let (members, applicants) = (format!("/v1/organisations/{branch}/members"), format!("/v1/organisations/{branch}/applicants"));
        let person = server.person(4);
        // Neither do they ask, nor are they named, without a consent of its own.
        person.send("POST", &applicants, None).is_problem(409, "consent-needed");
        staff.post(&members, &member(4, Some("书记"))).is_problem(409, "consent-needed");
        let matters = server.anonymous().with("accept-language", "en").get("/v1/privacy/consents").ok();
        let matter = &matters["items"][0];
        assert_eq!((&matter["name"], &matter["version"]), (&json!("party_membership"), &json!(1)));
        assert!(matter["wording"].as_str().expect("a wording").contains("take this back at any time"));
        let consent = "/v1/me/consents/party_membership";
        person.put(consent, &json!({ "version": 2 })).is_invalid_at(&[("body", "/version", "not_the_wording_of_now")]);
        person.put("/v1/me/consents/everything", &json!({ "version": 1 })).is_problem(404, "not-found");
        let state = || person.get("/v1/me/consents").ok()["items"][0]["state"].clone();
        assert_eq!(state(), "not_given");
        consents(&person);
        consents(&person);
        let own = person.get("/v1/me/consents").ok();
        assert_eq!(own["items"][0]["history"].as_array().map(Vec::len), Some(1), "once");

        let (secretary, _) = join(&server, &staff, &branch, 3, Some("书记"));
        let (_, membership) = let_in(&server, &secretary, &branch, 4);
        let (other, asked) = ask(&server, &branch, 5);
        let states = |client: &Client| client.get(&members).ok()["items"].as_array().map(Vec::len);
        assert_eq!(states(&secretary), Some(2));
        // Taken back, it ends at once, with what was only asked for; what else they are stays.
        person.send("DELETE", consent, None).with_status(204);
        other.send("DELETE", consent, None).with_status(204);
        person.send("DELETE", consent, None).with_status(204);
        assert_eq!(state(), "withdrawn");
        assert_eq!(states(&secretary), Some(1));
        until("the server knows that they left", || (person.get(&members).status == 404).then_some(()));
        assert_eq!(person.get(&format!("/v1/memberships/{membership}")).ok()["state"], "ended");
        secretary.send("POST", &format!("/v1/memberships/{asked}/confirm"), None).is_problem(409, "state-conflict");
        secretary.get(&format!("{members}?state=ended")).is_invalid_at(&[("query", "/state", "not_shown")]);
        person.send("POST", &applicants, None).is_problem(409, "consent-needed");
        // Who agrees again is asked again.
        let (_, again) = let_in(&server, &secretary, &branch, 4);
        assert_ne!(again, membership);
        let own = person.get("/v1/me/consents").ok();
        let history = own["items"][0]["history"].as_array().expect("a history");
        assert_eq!((history.len(), &history[0]["withdrawn_at"]), (2, &Value::Null));
        assert!(history[1]["withdrawn_at"].is_string());
    }

    fn the_members_of_an_association_are_known_to_it_and_to_those_who_look_after_its_unit(world: &World) {
        world.import_units();
        let server = world.serve();
        let grid = unit(&server, GRID);
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let association = found(&staff, &grid, "association", "志愿者协会");
        let members = format!("/v1/organisations/{association}/members");
        let (plain, _) = join(&server, &staff, &association, 2, None);
        let (head, office) = join(&server, &staff, &association, 3, Some("会长"));
        staff.post(&members, &member(2, None)).is_problem(409, "already-exists");
        let leader = server.holding(4, "grid_leader", GRID);
        assert_eq!(leader.get(&members).ok()["items"].as_array().map(Vec::len), Some(2));
        let resident = server.holding(5, "resident", BUILDING);
        resident.get(&members).is_problem(404, "not-found");
        assert_eq!(resident.get(&format!("/v1/organisations/{association}/officers")).ok()["items"][0]["title"], "会长");
        let neighbour = server.holding(6, "community_staff", OTHER_COMMUNITY);
        neighbour.get(&members).is_problem(404, "not-found");
        neighbour.post(&members, &member(6, None)).is_problem(403, "forbidden");
        plain.post(&members, &member(5, None)).is_problem(403, "forbidden");
        // Whoever adds somebody by their number would learn their name; the officers answer
        // those who ask.
        head.post(&members, &member(5, None)).is_problem(403, "forbidden");
        let (joined, _) = let_in(&server, &head, &association, 5);
        let again = joined.send("POST", &format!("/v1/organisations/{association}/applicants"), None);
        again.is_problem(409, "already-exists");
        let (_, asked) = ask(&server, &association, 8);
        let worker = json!({ "phone": phone(6), "role": "social_worker" });
        head.post(&members, &worker).is_problem(403, "forbidden");
        staff.post(&members, &worker).with_status(201);
        let wrong = json!({ "phone": phone(6), "role": "grid_leader" });
        staff.post(&members, &wrong).is_invalid_at(&[("body", "/role", "not_of_organisations")]);
        // An office that is over gives no say, on this server within a second.
        staff.post(&format!("/v1/memberships/{office}/end"), &json!({ "reason": "换届" })).with_status(200);
        let confirm = format!("/v1/memberships/{asked}/confirm");
        until("the office is over", || (head.get(&members).status == 404).then_some(()));
        head.send("POST", &confirm, None).is_problem(404, "not-found");
        staff.send("POST", &confirm, None).with_status(200);
        assert_eq!(joined.get(&members).ok()["items"].as_array().map(Vec::len), Some(4));
        let mine = joined.get("/v1/me/memberships").ok();
        let of_it = mine["items"].as_array().expect("items").iter().find(|one| one["body"]["id"] == association);
        assert_eq!(of_it.map(|one| &one["body"]["name"]), Some(&json!("志愿者协会")));
    }

    fn it_gets_another_name_from_who_has_seen_it_and_keeps_its_id(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let grid = unit(&server, GRID);
        let other = server.holding(2, "community_staff", OTHER_COMMUNITY);
        let (one, two) = (found(&staff, &grid, "association", "志愿者协会"), found(&staff, &grid, "association", "书法协会"));
        let audit_reader = server.holding(3, "street_staff", "429901001");
        let audit = format!("/v1/units/{grid}/audit");
        let path = format!("/v1/organisations/{one}");
        let name = json!({ "name": "新名称", "name_en": "New Name", "reason": "机构改革" });
        // Who has just made a thing has seen it.
        let made = staff.post(&format!("/v1/units/{grid}/organisations"), &json!({ "kind": "association", "name": "棋社" })).with_status(201);
        let of_made = format!("/v1/organisations/{}", made.json["id"].as_str().expect("an id"));
        assert_eq!(made.needed_header("etag"), staff.get(&of_made).needed_header("etag"));
        staff.put(&format!("{path}/name"), &name).is_problem(428, "precondition-required");
        let tag = staff.get(&path).needed_header("etag");
        other.with("if-match", &tag).put(&format!("{path}/name"), &name).is_problem(403, "forbidden");
        let renamed = staff.with("if-match", &tag).put(&format!("{path}/name"), &name).with_status(200);
        assert_eq!((&renamed.json["name"], &renamed.json["id"]), (&json!("新名称"), &json!(one)));
        assert_eq!(renamed.header("etag"), staff.get(&path).header("etag"), "the answer's tag is good for the next change");
        staff.with("if-match", &tag).put(&format!("{path}/name"), &name).is_problem(412, "version-mismatch");
        // Another's name is taken.
        let path = format!("/v1/organisations/{two}");
        let tag = staff.get(&path).needed_header("etag");
        staff.with("if-match", &tag).put(&format!("{path}/name"), &name).is_problem(409, "already-exists");
        let entries = audit_reader.get(&audit).ok();
        assert_eq!((&entries["items"][0]["act"], &entries["items"][0]["reason"]), (&json!("organisation_renamed"), &json!("机构改革")));
        staff.post(&format!("{path}/close"), &json!({ "reason": "撤并" })).with_status(200);
        let tag = staff.get(&path).needed_header("etag");
        staff.with("if-match", &tag).put(&format!("{path}/name"), &json!({ "name": "旧", "reason": "改" })).is_problem(409, "state-conflict");
    }
}
