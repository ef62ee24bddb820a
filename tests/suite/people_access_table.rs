//! Who may do what, tried from outside: every operation of the API document, by
//! everybody, at a unit of every level. What is expected is said here in words of its
//! own and not read from the product's table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::acting::today_plus;
use crate::booking_access::Booked;
use crate::harness::people::bearing;
use crate::harness::roles::issue;
use crate::harness::{Client, Server, World, both_databases, place, unit_id, until};

/// A unit of each level on one path, and beside each a sibling or a cousin.
const UNITS: &str = "\
code,parent_code,level,name,setting,lat,lon
4299,,city,本市,urban,31.2,112.6
4298,,city,邻市,urban,31.2,112.6
429901,4299,county,本县,urban,31.2,112.6
429902,4299,county,邻县,urban,31.2,112.6
429901001,429901,street,本街道,urban,31.2,112.6
429901002,429901,street,邻街道,urban,31.2,112.6
429901001001,429901001,community,本社区,urban,31.2,112.6
429901001002,429901001,community,邻社区,urban,31.2,112.6
429901001001001,429901001001,grid,本网格,urban,31.2,112.6
429901001001002,429901001001,grid,邻网格,urban,31.2,112.6
429901001001001A,429901001001001,group,本小组,urban,31.2,112.6
429901001001001B,429901001001001,group,邻小组,urban,31.2,112.6
429901001001001A1,429901001001001A,building,本楼,urban,31.2,112.6
429901001001001A2,429901001001001A,building,邻楼,urban,31.2,112.6
";

/// The units of the path, from the city down, each with the role that is given there.
const PATH: [(&str, &str); 7] = [
    ("4299", "city_staff"),
    ("429901", "county_staff"),
    ("429901001", "street_staff"),
    ("429901001001", "community_staff"),
    ("429901001001001", "grid_leader"),
    ("429901001001001A", "building_head"),
    ("429901001001001A1", "building_head"),
];
/// The units beside them.
const BESIDE: [&str; 7] = [
    "4298",
    "429902",
    "429901002",
    "429901001002",
    "429901001001002",
    "429901001001001B",
    "429901001001001A2",
];
const CITY: usize = 0;
const COUNTY: usize = 1;
const GRID: usize = 4;
const COMMUNITY: usize = 3;
const BUILDING: usize = 6;

/// Somebody who tries.
struct Actor {
    name: String,
    client: Client,
    /// Their role, and the depth of the unit at which they hold it.
    role: Option<(&'static str, usize)>,
    /// Whether that unit is on the path.
    on_path: bool,
    signed_in: bool,
}

impl Actor {
    fn is_staff(&self) -> bool {
        self.role.is_some_and(|(role, _)| role.ends_with("_staff"))
    }

    /// Whether their unit is the subject's or above it.
    fn at_or_above(&self, subject: usize) -> bool {
        self.on_path && self.role.is_some_and(|(_, depth)| depth <= subject)
    }

    fn above(&self, subject: usize) -> bool {
        self.on_path && self.role.is_some_and(|(_, depth)| depth < subject)
    }

    /// Whether they are staff of a city or a county at or above the subject.
    fn runs_departments(&self, subject: usize) -> bool {
        self.is_staff() && self.at_or_above(subject) && self.role.is_some_and(|(_, depth)| depth <= COUNTY)
    }

    /// Whether they are an officer of the department of this unit of the path.
    fn is_officer(&self, subject: usize) -> bool {
        self.on_path && self.role == Some(("department_officer", subject))
    }

    /// Whether they are a member, or in a named office, of the organisation of this unit of the path.
    fn is_of_organisation(&self, roles: &[&str], subject: usize) -> bool {
        self.role
            .is_some_and(|(role, depth)| roles.contains(&role) && depth == subject)
    }

    /// Whether they may do this at the unit of the path at this depth.
    fn may(&self, permission: &str, subject: usize) -> bool {
        match permission {
            "public" => true,
            "signed_in" => self.signed_in,
            "run_batches" => self.is_staff(),
            "manage_places" | "find_people" | "serve_at_desk" => self.is_staff() && self.at_or_above(subject),
            "manage_resources" => self.is_staff() && self.at_or_above(subject),
            "serve_bookings" => {
                let serves = self.is_staff() || self.role.is_some_and(|(role, _)| role == "grid_leader");
                serves && self.at_or_above(subject)
            }
            "see_members" | "see_phones" => {
                let gives_a_say =
                    |role: &str| !["resident", "department_officer", "member", "named_officer"].contains(&role);
                self.role.is_some_and(|(role, _)| gives_a_say(role)) && self.at_or_above(subject)
            }
            "read_audit" | "manage_units" => {
                let is_city = self.role.is_some_and(|(_, depth)| depth == CITY);
                self.is_staff() && (self.above(subject) || is_city && self.at_or_above(subject))
            }
            // Of the role that is given at that unit; the city's is given by nobody.
            "grant_roles" | "decide_roles" | "end_roles" => self.is_staff() && self.above(subject),
            // Who adds somebody by their number learns their name: no officer does.
            "add_members" | "manage_estates" | "manage_organisations" => self.is_staff() && self.at_or_above(subject),
            "see_organisation" => {
                let looks_after = self.is_staff() || self.role.is_some_and(|(role, _)| role == "grid_leader");
                looks_after && self.at_or_above(subject)
                    || self.is_of_organisation(&["member", "named_officer"], subject)
            }
            "manage_departments" | "appoint_officers" => self.runs_departments(subject),
            "see_officers" | "publish_duties" => self.runs_departments(subject) || self.is_officer(subject),
            // Whoever asked, and none of these did.
            "fetch_numbers" => false,
            other => panic!("say here who has the permission {other}"),
        }
    }
}

/// A unit of the path, and what there is to be touched in it.
struct Subject {
    unit: String,
    place: String,
    active: String,
    ended: String,
    /// Of a city or a county.
    department: Option<OfDepartment>,
    /// Of a grid: an open one and a closed one.
    estate: Option<(String, String)>,
    /// An association, and one that is closed.
    organisation: (String, String),
    /// Somebody else's request to see numbers.
    reveal: String,
    /// Somebody who lives nowhere.
    somebody: String,
    /// A delegation that somebody else proposed at the unit's desk, in their session.
    delegation: String,
    session: String,
    booked: Booked,
}

/// Two things at a unit, the second of them closed.
fn two(staff: &Client, unit: &str, what: &str, body: &Value) -> (String, String) {
    let make = |name: &str| {
        let mut body = body.clone();
        body["name"] = json!(name);
        let made = staff.post(&format!("/v1/units/{unit}/{what}"), &body).with_status(201);
        made.json["id"].as_str().expect("an id").to_owned()
    };
    let closed = make("乙");
    let path = format!("/v1/{what}/{closed}/close");
    staff.post(&path, &json!({ "reason": "试一试" })).with_status(200);
    (make("甲"), closed)
}

/// A department, another that is closed, and a duty that was withdrawn.
struct OfDepartment {
    open: String,
    closed: String,
    duty: String,
}

impl OfDepartment {
    fn found(staff: &Client, unit: &str) -> Self {
        let found = |name: &str| {
            let made = staff.post(&format!("/v1/units/{unit}/departments"), &json!({ "name": name }));
            made.with_status(201).json["id"].as_str().expect("an id").to_owned()
        };
        let reason = json!({ "reason": "试一试" });
        let (open, closed) = (found("甲局"), found("乙局"));
        staff
            .post(&format!("/v1/departments/{closed}/close"), &reason)
            .with_status(200);
        let duty = staff.post(&format!("/v1/departments/{open}/duties"), &duty());
        let duty = duty.with_status(201).json["id"].as_str().expect("an id").to_owned();
        staff
            .post(&format!("/v1/duties/{duty}/withdraw"), &reason)
            .with_status(200);
        Self { open, closed, duty }
    }
}

fn duty() -> Value {
    json!({ "item": "事项", "legal_basis": "依据", "deadline": 5, "deadline_in": "working_days", "contact": "窗口" })
}

/// What is expected of an operation whose permission depends on the role that is given.
fn expected<'a>(operation: &str, permission: &'a str) -> &'a str {
    match operation {
        "POST /v1/departments/{id}/officers" => "appoint_officers",
        "POST /v1/organisations/{id}/members" => "add_members",
        "POST /v1/reveals/{id}/numbers" => "fetch_numbers",
        // Whoever opened the session, and none of these did.
        name if name.contains("/v1/desk-sessions/{id}") => "fetch_numbers",
        _ => permission,
    }
}

/// At how many units of the path there is what an operation is about.
fn units_with_it(operation: &str) -> usize {
    match operation.split('/').nth(2) {
        Some("departments" | "duties") => 2,
        Some("estates") => 1,
        _ => PATH.len(),
    }
}

/// A request for an operation, about a subject, that whoever may do it is not told 401,
/// 403 or 404, and that leaves things as they are, or adds one.
fn request(operation: &str, subject: &Subject, role: &str) -> Option<(String, Option<Value>)> {
    let Subject {
        unit,
        place: of_place,
        active,
        ended,
        department,
        estate,
        organisation,
        reveal,
        somebody,
        delegation,
        session,
        booked,
    } = subject;
    if let Some(asked) = booked.request(operation, unit) {
        return Some(asked);
    }
    let reason = json!({ "reason": "试一试" });
    let mut new_place = place("店", "shop", 0.0, 0.0);
    new_place["unit_id"] = json!(unit);
    let doors = json!({ "doors": [] });
    let grant = json!({ "phone": "+8619911112222", "role": role });
    let found = json!({ "name": "丙局" });
    if let Some(OfDepartment { open, closed, duty }) = department {
        let appoint = json!({ "phone": "+8619911112222" });
        let asked = match operation {
            "POST /v1/departments/{id}/close" => {
                Some((format!("/v1/departments/{closed}/close"), Some(reason.clone())))
            }
            "PUT /v1/departments/{id}/name" => {
                let name = json!({ "name": "丁局", "reason": "试一试" });
                Some((format!("/v1/departments/{open}/name"), Some(name)))
            }
            "GET /v1/departments/{id}/officers" => Some((format!("/v1/departments/{open}/officers"), None)),
            "POST /v1/departments/{id}/officers" => Some((format!("/v1/departments/{open}/officers"), Some(appoint))),
            "POST /v1/departments/{id}/duties" => Some((format!("/v1/departments/{open}/duties"), Some(self::duty()))),
            "POST /v1/duties/{id}/withdraw" => Some((format!("/v1/duties/{duty}/withdraw"), Some(reason.clone()))),
            _ => None,
        };
        if asked.is_some() {
            return asked;
        }
    }
    let drawn = json!({ "name": "丙", "buildings": [unit] });
    if let Some((open, closed)) = estate {
        match operation {
            "PUT /v1/estates/{id}" => return Some((format!("/v1/estates/{open}"), Some(drawn))),
            "POST /v1/estates/{id}/close" => return Some((format!("/v1/estates/{closed}/close"), Some(reason))),
            _ => {}
        }
    }
    let association = json!({ "kind": "association", "name": "丙" });
    let member = json!({ "phone": "+8619911112222", "role": "organisation_member" });
    let (open, closed) = organisation;
    Some(match operation {
        // Another version than these is there: who may change it is told so.
        "PUT /v1/units/{id}/name" => (
            format!("/v1/units/{unit}/name"),
            Some(json!({ "name": "丙", "reason": "试一试" })),
        ),
        "POST /v1/units/{id}/move" => (
            format!("/v1/units/{unit}/move"),
            Some(json!({ "parent_id": unit, "reason": "试一试" })),
        ),
        "POST /v1/units/{id}/split" => (
            format!("/v1/units/{unit}/split"),
            Some(json!({ "code": "X", "name": "丙", "children": [unit], "reason": "试一试" })),
        ),
        "POST /v1/units/{id}/merge" => (
            format!("/v1/units/{unit}/merge"),
            Some(json!({ "into_id": unit, "reason": "试一试" })),
        ),
        "POST /v1/units/{id}/estates" => (format!("/v1/units/{unit}/estates"), Some(drawn)),
        "POST /v1/units/{id}/organisations" => (format!("/v1/units/{unit}/organisations"), Some(association)),
        "POST /v1/organisations/{id}/close" => (format!("/v1/organisations/{closed}/close"), Some(reason)),
        "PUT /v1/organisations/{id}/name" => (
            format!("/v1/organisations/{open}/name"),
            Some(json!({ "name": "丁", "reason": "试一试" })),
        ),
        "GET /v1/organisations/{id}/members" => (format!("/v1/organisations/{open}/members"), None),
        "POST /v1/organisations/{id}/members" => (format!("/v1/organisations/{open}/members"), Some(member)),
        "POST /v1/circle/batch" => ("/v1/circle/batch".into(), None),
        "POST /v1/places" => ("/v1/places".into(), Some(new_place)),
        // Another version than these is there: who may change it is told so.
        "PUT /v1/places/{id}" => (format!("/v1/places/{of_place}"), Some(new_place)),
        "POST /v1/places/{id}/close" => (format!("/v1/places/{of_place}/close"), None),
        "POST /v1/places/{id}/reopen" => (format!("/v1/places/{of_place}/reopen"), None),
        "PUT /v1/places/{id}/doors" => (format!("/v1/places/{of_place}/doors"), Some(doors)),
        "PUT /v1/units/{id}/doors" => (format!("/v1/units/{unit}/doors"), Some(doors)),
        "GET /v1/units/{id}/members" => (format!("/v1/units/{unit}/members"), None),
        "POST /v1/units/{id}/members" => (format!("/v1/units/{unit}/members"), Some(grant)),
        "POST /v1/units/{id}/members/search" => {
            let whom = json!({ "phone": "+8619911112222", "reason": "试一试" });
            (format!("/v1/units/{unit}/members/search"), Some(whom))
        }
        "POST /v1/units/{id}/departments" => (format!("/v1/units/{unit}/departments"), Some(found)),
        "GET /v1/units/{id}/audit" => (format!("/v1/units/{unit}/audit"), None),
        "GET /v1/memberships/{id}" => (format!("/v1/memberships/{active}"), None),
        // What is decided already is not decided again.
        "POST /v1/memberships/{id}/confirm" => (format!("/v1/memberships/{active}/confirm"), None),
        "POST /v1/memberships/{id}/refuse" => (format!("/v1/memberships/{active}/refuse"), Some(reason)),
        "POST /v1/memberships/{id}/end" => (format!("/v1/memberships/{ended}/end"), Some(reason)),
        "POST /v1/memberships/{id}/phone" => (format!("/v1/memberships/{active}/phone"), Some(reason)),
        "POST /v1/units/{id}/reveals" => {
            let whose = json!({ "memberships": [active], "reason": "试一试" });
            (format!("/v1/units/{unit}/reveals"), Some(whose))
        }
        "POST /v1/units/{id}/desk-sessions" => {
            let whom = json!({ "person_id": somebody, "reason": "试一试" });
            (format!("/v1/units/{unit}/desk-sessions"), Some(whom))
        }
        "POST /v1/units/{id}/desk-people" => {
            let whom = json!({ "name": "赵秀英", "birth_year": 1948, "reason": "试一试" });
            (format!("/v1/units/{unit}/desk-people"), Some(whom))
        }
        "GET /v1/desk-sessions/{id}" | "DELETE /v1/desk-sessions/{id}" => {
            (format!("/v1/desk-sessions/{session}"), None)
        }
        "POST /v1/desk-sessions/{id}/delegations" => {
            let terms =
                json!({ "phone": "+8619911112222", "scopes": ["read"], "until": today_plus(30), "reason": "试一试" });
            (format!("/v1/desk-sessions/{session}/delegations"), Some(terms))
        }
        "POST /v1/desk-sessions/{id}/phone" => {
            let number = json!({ "phone": "+8619911112222" });
            (format!("/v1/desk-sessions/{session}/phone"), Some(number))
        }
        "POST /v1/desk-sessions/{id}/phone/confirm" => {
            let code = json!({ "phone": "+8619911112222", "code": "123456" });
            (format!("/v1/desk-sessions/{session}/phone/confirm"), Some(code))
        }
        "POST /v1/delegations/{id}/countersign" => (format!("/v1/delegations/{delegation}/countersign"), Some(reason)),
        "GET /v1/units/{id}/reveals" => (format!("/v1/units/{unit}/reveals"), None),
        "GET /v1/reveals/{id}" => (format!("/v1/reveals/{reveal}"), None),
        "POST /v1/reveals/{id}/approve" => (format!("/v1/reveals/{reveal}/approve"), None),
        "POST /v1/reveals/{id}/refuse" => (format!("/v1/reveals/{reveal}/refuse"), None),
        "POST /v1/reveals/{id}/numbers" => (format!("/v1/reveals/{reveal}/numbers"), None),
        _ => return None,
    })
}

fn actors(server: &Server) -> Vec<Actor> {
    let mut actors = vec![Actor {
        name: "nobody".into(),
        client: server.anonymous(),
        role: None,
        on_path: false,
        signed_in: false,
    }];
    let mut add = |role: Option<(&'static str, usize)>, unit: Option<&str>, on_path: bool| {
        let person = 100 + u32::try_from(actors.len()).expect("few");
        let token = issue(server.program(), person, role.map(|(role, _)| role).zip(unit));
        actors.push(Actor {
            name: format!("{role:?} {}", if on_path { "on the path" } else { "beside it" }),
            client: bearing(server, &token),
            role,
            on_path,
            signed_in: true,
        });
    };
    add(None, None, false);
    for (depth, ((unit, role), beside)) in PATH.into_iter().zip(BESIDE).enumerate() {
        add(Some((role, depth)), Some(unit), true);
        add(Some((role, depth)), Some(beside), false);
    }
    add(Some(("resident", BUILDING)), Some(PATH[BUILDING].0), true);
    add(Some(("resident", BUILDING)), Some(BESIDE[BUILDING]), false);
    actors
}

/// An officer of each of these departments.
fn officers(server: &Server, staff: &Client, subjects: &[Subject], actors: &mut Vec<Actor>) {
    for (depth, subject) in subjects.iter().enumerate() {
        let Some(department) = &subject.department else {
            continue;
        };
        let number = 400 + u32::try_from(depth).expect("few");
        let client = server.person(number);
        let path = format!("/v1/departments/{}/officers", department.open);
        let phone = crate::harness::people::phone(number);
        staff.post(&path, &json!({ "phone": phone })).with_status(201);
        until("the server knows the officer", || {
            (client.get(&path).status == 200).then_some(())
        });
        actors.push(Actor {
            name: format!("officer of the department at {depth}"),
            client,
            role: Some(("department_officer", depth)),
            on_path: true,
            signed_in: true,
        });
    }
}

/// A member and a named officer of the organisation of the grid.
fn members(server: &Server, staff: &Client, subjects: &[Subject], actors: &mut Vec<Actor>) {
    let path = format!("/v1/organisations/{}/members", subjects[GRID].organisation.0);
    for (number, role, title) in [(500, "member", None), (501, "named_officer", Some("会长"))] {
        let client = server.person(number);
        let phone = crate::harness::people::phone(number);
        let mut body = json!({ "phone": phone, "role": "organisation_member" });
        if let Some(title) = title {
            body["title"] = json!(title);
        }
        staff.post(&path, &body).with_status(201);
        until("the server knows the member", || {
            (client.get(&path).status == 200).then_some(())
        });
        actors.push(Actor {
            name: format!("{role} of the organisation of the grid"),
            client,
            role: Some((role, GRID)),
            on_path: true,
            signed_in: true,
        });
    }
}

/// What there is in each unit of the path. The roles are held by people who try nothing.
fn subjects(server: &Server, staff: &Client) -> Vec<Subject> {
    let subject = |(depth, (code, role)): (usize, (&str, &str))| {
        let unit = unit_id(&server.anonymous(), code);
        let mut new = place("店", "shop", 0.0, 0.0);
        new["unit_id"] = json!(unit);
        let made = staff.post("/v1/places", &new).with_status(201).json;
        let depth = u32::try_from(depth).expect("few");
        let membership = |person: u32| {
            let token = issue(server.program(), person, Some((role, code)));
            let own = bearing(server, &token).get("/v1/me/memberships").ok();
            own["items"][0]["id"].as_str().expect("one").to_owned()
        };
        let (active, ended) = (membership(200 + depth), membership(300 + depth));
        let phone = crate::harness::people::phone(300 + depth);
        let end = ["roles", "end", "--phone", &phone, "--role", role, "--unit", code];
        server.program().run(&end).succeeded();
        let has_departments = depth <= COUNTY as u32;
        let department = has_departments.then(|| OfDepartment::found(staff, &unit));
        let building = unit_id(&server.anonymous(), PATH[BUILDING].0);
        let buildings = json!({ "buildings": [building] });
        let estate = (depth == GRID as u32).then(|| two(staff, &unit, "estates", &buildings));
        let organisation = two(staff, &unit, "organisations", &json!({ "kind": "association" }));
        let asker = bearing(server, &issue(server.program(), 600, Some(("city_staff", "4299"))));
        let whose = json!({ "memberships": [active], "reason": "试一试" });
        let ask = || asker.post(&format!("/v1/units/{unit}/reveals"), &whose);
        let reveal = until("the server knows who asks", || (ask().status == 201).then(ask));
        let id_of = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        let reveal = id_of(&reveal.json);
        let somebody = id_of(&server.person(601).get("/v1/me").ok());
        let whom = json!({ "person_id": somebody, "reason": "试一试" });
        let session = asker
            .post(&format!("/v1/units/{unit}/desk-sessions"), &whom)
            .with_status(201);
        server.person(602 + depth);
        let terms = json!({ "phone": crate::harness::people::phone(602 + depth), "scopes": ["read"], "until": today_plus(30), "reason": "试一试" });
        let path = format!("/v1/desk-sessions/{}/delegations", id_of(&session.json));
        let delegation = id_of(&asker.post(&path, &terms).with_status(201).json);
        let booked = Booked::found(staff, &unit, &id_of(&made));
        Subject {
            booked,
            unit,
            department,
            estate,
            organisation,
            reveal,
            somebody,
            delegation,
            session: id_of(&session.json),

            place: made["id"].as_str().expect("an id").to_owned(),
            active,
            ended,
        }
    };
    PATH.into_iter().enumerate().map(subject).collect()
}

both_databases! {
    fn everybody_may_do_what_their_role_says_where_they_hold_it_and_nothing_else(world: &World) {
        let file = world.file("units.csv", UNITS);
        world.run(&["import", "units", &file]).succeeded();
        let server = world.serve();
        let mut actors = actors(&server);
        let city = actors.iter().find(|actor| actor.role == Some(("city_staff", CITY)) && actor.on_path);
        let city = city.expect("there").client.clone();
        let knows = |actor: &Actor, unit: &str| actor.client.get(&format!("/v1/units/{unit}/members")).status == 200;
        until("the server knows the city's staff", || knows(actors.iter().find(|a| a.role.is_some())?, &unit_id(&server.anonymous(), "4299")).then_some(()));
        let subjects = subjects(&server, &city);
        // The last of the roles came last, so who knows it knows all.
        let last = actors.iter().rfind(|actor| actor.role == Some(("building_head", BUILDING)) && !actor.on_path);
        let beside = unit_id(&server.anonymous(), BESIDE[BUILDING]);
        until("the server knows all roles", || knows(last?, &beside).then_some(()));
        officers(&server, &city, &subjects, &mut actors);
        members(&server, &city, &subjects, &mut actors);

        let document = server.anonymous().get("/openapi.json").ok();
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                let name = format!("{} {path}", method.to_uppercase());
                let permission = expected(&name, operation["x-permission"].as_str().expect("a permission"));
                for (depth, subject) in subjects.iter().enumerate() {
                    let asked = request(&name, subject, PATH[depth].1);
                    let Some((path, body)) = asked else {
                        if units_with_it(&name) < PATH.len() {
                            continue;
                        }
                        assert!(["public", "signed_in"].contains(&permission), "say here how {name} is asked for");
                        continue;
                    };
                    for actor in &actors {
                        let client = actor.client.with("if-match", "\"v9999\"");
                        let body = body.as_ref().map(Value::to_string);
                        let answer = client.send(&method.to_uppercase(), &path, body.as_deref());
                        let let_in = ![401, 403, 404].contains(&answer.status);
                        *tried.entry(name.clone()).or_default() += 1;
                        if let_in != actor.may(permission, depth) || answer.status >= 500 {
                            wrong.push(format!("{name} at {} by {}: {}", PATH[depth].0, actor.name, answer.status));
                        }
                        if actor.signed_in {
                            assert_ne!(answer.status, 401, "{name} by {}", actor.name);
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} answers are not as expected:\n{}", wrong.len(), wrong.join("\n"));
        let everywhere = |(name, count): (&String, &usize)| *count == units_with_it(name) * actors.len();
        assert!(tried.len() >= 31 && tried.iter().all(everywhere), "{tried:?}");
        assert!(actors.iter().any(|actor| actor.may("manage_places", COMMUNITY)));
    }
}
