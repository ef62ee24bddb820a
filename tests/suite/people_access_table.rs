//! Who may do what, tried from outside: every operation of the API document, by
//! everybody, at a unit of every level. What is expected is said here in words of its
//! own and not read from the product's table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

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

    /// Whether they may do this at the unit of the path at this depth.
    fn may(&self, permission: &str, subject: usize) -> bool {
        match permission {
            "public" => true,
            "signed_in" => self.signed_in,
            "run_batches" => self.is_staff(),
            "manage_places" | "find_people" => self.is_staff() && self.at_or_above(subject),
            "see_members" | "see_phones" => {
                self.role.is_some_and(|(role, _)| role != "resident") && self.at_or_above(subject)
            }
            "read_audit" => {
                let is_city = self.role.is_some_and(|(_, depth)| depth == CITY);
                self.is_staff() && (self.above(subject) || is_city && self.at_or_above(subject))
            }
            // Of the role that is given at that unit; the city's is given by nobody.
            "grant_roles" | "decide_roles" | "end_roles" => self.is_staff() && self.above(subject),
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
}

/// A request for an operation, about a subject, that whoever may do it is not told 401,
/// 403 or 404, and that leaves things as they are, or adds one.
fn request(operation: &str, subject: &Subject, role: &str) -> Option<(String, Option<Value>)> {
    let Subject {
        unit,
        place: of_place,
        active,
        ended,
    } = subject;
    let reason = json!({ "reason": "试一试" });
    let mut new_place = place("店", "shop", 0.0, 0.0);
    new_place["unit_id"] = json!(unit);
    let doors = json!({ "doors": [] });
    let grant = json!({ "phone": "+8619911112222", "role": role });
    Some(match operation {
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
        "GET /v1/units/{id}/audit" => (format!("/v1/units/{unit}/audit"), None),
        "GET /v1/memberships/{id}" => (format!("/v1/memberships/{active}"), None),
        // What is decided already is not decided again.
        "POST /v1/memberships/{id}/confirm" => (format!("/v1/memberships/{active}/confirm"), None),
        "POST /v1/memberships/{id}/refuse" => (format!("/v1/memberships/{active}/refuse"), Some(reason)),
        "POST /v1/memberships/{id}/end" => (format!("/v1/memberships/{ended}/end"), Some(reason)),
        "POST /v1/memberships/{id}/phone" => (format!("/v1/memberships/{active}/phone"), Some(reason)),
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
        Subject {
            unit,
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
        let actors = actors(&server);
        let city = actors.iter().find(|actor| actor.role == Some(("city_staff", CITY)) && actor.on_path);
        let city = &city.expect("there").client;
        let knows = |actor: &Actor, unit: &str| actor.client.get(&format!("/v1/units/{unit}/members")).status == 200;
        until("the server knows the city's staff", || knows(actors.iter().find(|a| a.role.is_some())?, &unit_id(&server.anonymous(), "4299")).then_some(()));
        let subjects = subjects(&server, city);
        // The last of the roles came last, so who knows it knows all.
        let last = actors.iter().rfind(|actor| actor.role == Some(("building_head", BUILDING)) && !actor.on_path);
        let beside = unit_id(&server.anonymous(), BESIDE[BUILDING]);
        until("the server knows all roles", || knows(last?, &beside).then_some(()));

        let document = server.anonymous().get("/openapi.json").ok();
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                let name = format!("{} {path}", method.to_uppercase());
                let permission = operation["x-permission"].as_str().expect("a permission");
                for (depth, subject) in subjects.iter().enumerate() {
                    let asked = request(&name, subject, PATH[depth].1);
                    let Some((path, body)) = asked else {
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
        assert!(tried.len() >= 15 && tried.values().all(|count| *count == 7 * actors.len()), "{tried:?}");
        assert!(actors.iter().any(|actor| actor.may("manage_places", COMMUNITY)));
    }
}
