//! Departments, their officers, and what they publish that they are bound to do.

use serde_json::{Value, json};

use crate::harness::people::phone;
use crate::harness::{Client, Server, World, both_databases, unit_id, until};

const COUNTY: &str = "429901";
const OTHER_COUNTY: &str = "429902";

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// A department of the county, founded by its staff.
#[track_caller]
fn found(server: &Server, staff: &Client, name: &str) -> String {
    let path = format!("/v1/units/{}/departments", unit_id(&server.anonymous(), COUNTY));
    id(&staff.post(&path, &json!({ "name": name })).with_status(201).json)
}

/// The person with this number becomes an officer; as soon as the server knows.
#[track_caller]
fn appoint(server: &Server, staff: &Client, department: &str, number: u32) -> (Client, String) {
    let officer = server.person(number);
    let path = format!("/v1/departments/{department}/officers");
    let made = staff.post(&path, &json!({ "phone": phone(number) })).with_status(201);
    assert_eq!(
        (&made.json["role"], &made.json["body"]["id"]),
        (&json!("department_officer"), &json!(department))
    );
    until("the server knows the officer", || {
        (officer.get(&path).status == 200).then_some(())
    });
    (officer, id(&made.json))
}

fn duty(item: &str) -> Value {
    json!({
        "item": item, "legal_basis": "《行政许可法》第四十二条", "deadline": 20, "deadline_in": "working_days",
        "contact": "政务服务中心 3 号窗口",
    })
}

/// The items of a list of duties.
#[track_caller]
fn items(server: &Server, query: &str) -> Vec<String> {
    let list = server.anonymous().get(&format!("/v1/duties{query}")).ok();
    let items = list["items"].as_array().expect("items").iter();
    items
        .map(|duty| duty["item"].as_str().expect("an item").to_owned())
        .collect()
}

both_databases! {
    fn what_officers_publish_everybody_finds_by_department_by_unit_and_by_words(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "county_staff", COUNTY);
        let (housing, water) = (found(&server, &staff, "住建局"), found(&server, &staff, "水利局"));
        let (officer, _) = appoint(&server, &staff, &housing, 2);
        let published = officer.post(&format!("/v1/departments/{housing}/duties"), &duty("加装电梯审批")).with_status(201);
        assert_eq!(published.json["department"]["name"], "住建局");
        assert_eq!(published.json["department"]["unit"]["name"], "澄河县");
        let path = published.needed_header("location").to_owned();
        assert_eq!(server.anonymous().get(&path).ok(), published.json);
        officer.post(&format!("/v1/departments/{housing}/duties"), &duty("危房鉴定")).with_status(201);
        staff.post(&format!("/v1/departments/{water}/duties"), &duty("电站取水许可")).with_status(201);

        assert_eq!(items(&server, ""), ["加装电梯审批", "危房鉴定", "电站取水许可"]);
        assert_eq!(items(&server, &format!("?department={housing}")), ["加装电梯审批", "危房鉴定"]);
        assert_eq!(items(&server, "?q=%E7%94%B5%E6%A2%AF"), ["加装电梯审批"], "电梯");
        assert_eq!(items(&server, &format!("?q=dianzhan&department={water}")), ["电站取水许可"]);
        assert_eq!(items(&server, &format!("?q=dian&department={housing}")), ["加装电梯审批"]);
        let other = unit_id(&server.anonymous(), OTHER_COUNTY);
        assert_eq!(items(&server, &format!("?unit={}", unit_id(&server.anonymous(), COUNTY))).len(), 3);
        assert_eq!(items(&server, &format!("?unit={other}")), [""; 0]);
        let first = server.anonymous().get("/v1/duties?limit=2").ok();
        let next = first["next"].as_str().expect("a next page");
        assert_eq!(items(&server, &format!("?limit=2&cursor={next}")), ["电站取水许可"]);
        let first = server.anonymous().get("/v1/duties?limit=1&q=dian").ok();
        let next = first["next"].as_str().expect("a next page").to_owned();
        assert_eq!(items(&server, &format!("?limit=1&q=dian&cursor={next}")), ["电站取水许可"]);

        let withdrawn = officer.post(&format!("{}/withdraw", path), &json!({ "reason": "依据已修改" })).ok();
        assert!(withdrawn["withdrawn_at"].is_string());
        officer.post(&format!("{}/withdraw", path), &json!({ "reason": "再次" })).is_problem(409, "state-conflict");
        assert_eq!(items(&server, ""), ["危房鉴定", "电站取水许可"]);
        assert_eq!(items(&server, "?q=%E7%94%B5%E6%A2%AF"), [""; 0]);
        assert_eq!(server.anonymous().get(&path).ok(), withdrawn, "a case that names it can still read it");
        let mut wrong = duty("x");
        wrong["deadline"] = json!(0);
        wrong["deadline_in"] = json!("weeks");
        let refused = officer.post(&format!("/v1/departments/{housing}/duties"), &wrong);
        refused.is_invalid_at(&[("body", "/deadline", "minimum"), ("body", "/deadline_in", "enum")]);
    }

    fn an_officer_has_the_rights_of_that_department_and_none_of_any_unit(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "county_staff", COUNTY);
        let (own, other) = (found(&server, &staff, "住建局"), found(&server, &staff, "水利局"));
        let (officer, membership) = appoint(&server, &staff, &own, 2);
        let county = unit_id(&server.anonymous(), COUNTY);
        officer.post(&format!("/v1/departments/{other}/duties"), &duty("越权")).is_problem(403, "forbidden");
        officer.get(&format!("/v1/departments/{other}/officers")).is_problem(404, "not-found");
        officer.post(&format!("/v1/departments/{own}/officers"), &json!({ "phone": phone(1) })).is_problem(403, "forbidden");
        officer.post(&format!("/v1/departments/{own}/close"), &json!({ "reason": "越权" })).is_problem(403, "forbidden");
        officer.post(&format!("/v1/units/{county}/departments"), &json!({ "name": "越权局" })).is_problem(403, "forbidden");
        officer.get(&format!("/v1/units/{county}/members")).is_problem(404, "not-found");
        officer.get(&format!("/v1/units/{county}/audit")).is_problem(404, "not-found");
        let mut place = crate::harness::place("店", "shop", 0.0, 0.0);
        place["unit_id"] = json!(county);
        officer.post("/v1/places", &place).is_problem(403, "forbidden");
        officer.send("POST", "/v1/circle/batch", None).is_problem(403, "forbidden");
        let mine = officer.get("/v1/me/memberships").ok();
        assert_eq!((&mine["items"][0]["body"]["kind"], &mine["items"][0]["body"]["name"]), (&json!("department"), &json!("住建局")));

        // Staff of the county next to it have no say, and those who appointed take it back.
        let neighbour = server.holding(3, "county_staff", OTHER_COUNTY);
        neighbour.get(&format!("/v1/memberships/{membership}")).is_problem(404, "not-found");
        neighbour.post(&format!("/v1/departments/{own}/officers"), &json!({ "phone": phone(2) })).is_problem(403, "forbidden");
        let ended = staff.post(&format!("/v1/memberships/{membership}/end"), &json!({ "reason": "调任" })).ok();
        assert_eq!(ended["state"], "ended");
        let path = format!("/v1/departments/{own}/duties");
        until("the right is over", || (officer.post(&path, &duty("过期")).status == 403).then_some(()));
    }

    fn a_department_that_is_closed_has_no_officers_and_no_duties_and_its_acts_stay_in_the_audit(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "county_staff", COUNTY);
        let city = server.holding(3, "city_staff", "4299");
        let department = found(&server, &staff, "住建局");
        let county = unit_id(&server.anonymous(), COUNTY);
        let list = format!("/v1/units/{county}/departments");
        staff.post(&list, &json!({ "name": "住建局" })).is_problem(409, "already-exists");
        let street = unit_id(&server.anonymous(), "429901001");
        staff.post(&format!("/v1/units/{street}/departments"), &json!({ "name": "所" })).is_problem(409, "state-conflict");
        let (officer, membership) = appoint(&server, &staff, &department, 2);
        officer.post(&format!("/v1/departments/{department}/duties"), &duty("危房鉴定")).with_status(201);
        assert_eq!(server.anonymous().get(&list).ok()["items"][0]["id"], department);

        let close = format!("/v1/departments/{department}/close");
        let closed = staff.post(&close, &json!({ "reason": "机构改革" })).ok();
        assert!(closed["closed_at"].is_string());
        staff.post(&close, &json!({ "reason": "机构改革" })).is_problem(409, "state-conflict");
        assert_eq!(items(&server, ""), [""; 0]);
        assert_eq!(server.anonymous().get(&list).ok()["items"], json!([]));
        assert_eq!(staff.get(&format!("/v1/memberships/{membership}")).ok()["state"], "ended");
        until("the right is over", || (officer.post(&format!("/v1/departments/{department}/duties"), &duty("过期")).status == 403).then_some(()));
        staff.post(&format!("/v1/departments/{department}/duties"), &duty("过期")).is_problem(409, "state-conflict");
        let appointing = staff.post(&format!("/v1/departments/{department}/officers"), &json!({ "phone": phone(2) }));
        appointing.is_problem(409, "state-conflict");
        // The name is free again.
        found(&server, &staff, "住建局");

        let audit = city.get(&format!("/v1/units/{county}/audit")).ok();
        let mut acts: Vec<String> = audit["items"].as_array().expect("entries").iter()
            .filter(|entry| entry["body"]["id"] == department)
            .map(|entry| entry["act"].as_str().expect("an act").to_owned()).collect();
        acts.sort();
        assert_eq!(acts, ["department_closed", "department_founded", "duty_published", "role_ended", "role_granted"]);
        let entry = audit["items"].as_array().expect("entries").iter().find(|entry| entry["act"] == "department_closed");
        assert_eq!(entry.map(|entry| (&entry["reason"], &entry["body"]["name"])), Some((&json!("机构改革"), &json!("住建局"))));
    }

    fn it_gets_another_name_from_who_has_seen_it_and_keeps_its_id(world: &World) {
        world.import_units();
        let server = world.serve();
        let staff = server.holding(1, "county_staff", COUNTY);
        let other = server.holding(2, "county_staff", OTHER_COUNTY);
        let (one, two) = (found(&server, &staff, "住建局"), found(&server, &staff, "水利局"));
        let audit_reader = server.holding(3, "city_staff", "4299");
        let audit = format!("/v1/units/{}/audit", unit_id(&server.anonymous(), COUNTY));
        let path = format!("/v1/departments/{one}");
        let name = json!({ "name": "新名称", "name_en": "New Name", "reason": "机构改革" });
        staff.put(&format!("{path}/name"), &name).is_problem(428, "precondition-required");
        let tag = staff.get(&path).needed_header("etag");
        other.with("if-match", &tag).put(&format!("{path}/name"), &name).is_problem(403, "forbidden");
        let renamed = staff.with("if-match", &tag).put(&format!("{path}/name"), &name).with_status(200);
        assert_eq!((&renamed.json["name"], &renamed.json["id"]), (&json!("新名称"), &json!(one)));
        assert_eq!(renamed.header("etag"), staff.get(&path).header("etag"), "the answer's tag is good for the next change");
        staff.with("if-match", &tag).put(&format!("{path}/name"), &name).is_problem(412, "version-mismatch");
        // Another's name is taken.
        let path = format!("/v1/departments/{two}");
        let tag = staff.get(&path).needed_header("etag");
        staff.with("if-match", &tag).put(&format!("{path}/name"), &name).is_problem(409, "already-exists");
        let entries = audit_reader.get(&audit).ok();
        assert_eq!((&entries["items"][0]["act"], &entries["items"][0]["reason"]), (&json!("department_renamed"), &json!("机构改革")));
        staff.post(&format!("{path}/close"), &json!({ "reason": "撤并" })).with_status(200);
        let tag = staff.get(&path).needed_header("etag");
        staff.with("if-match", &tag).put(&format!("{path}/name"), &json!({ "name": "旧", "reason": "改" })).is_problem(409, "state-conflict");
    }
}
