//! Where people stand in the grid: homes asked for and confirmed, roles given and
//! ended, offices, whole phone numbers, and the audit of all of it.

use serde_json::{Value, json};

use diesel::Connection;

use crate::harness::people::phone;
use crate::harness::{Client, Server, World, both_databases, unit_id, until};

const HOME: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";
const STREET: &str = "429901001";

/// The id of the person who asks.
fn id_of(client: &Client) -> String {
    client.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned()
}

/// Asks to live in a building; the id of the request.
#[track_caller]
fn ask(client: &Client, building: &str) -> String {
    let asked = client
        .send("POST", &format!("/v1/units/{building}/residents"), None)
        .with_status(201);
    assert_eq!(
        (&asked.json["state"], &asked.json["role"]),
        (&json!("requested"), &json!("resident"))
    );
    asked.json["id"].as_str().expect("an id").to_owned()
}

fn act(client: &Client, membership: &str, step: &str) -> crate::harness::Answer {
    let path = format!("/v1/memberships/{membership}/{step}");
    match step {
        "confirm" => client.send("POST", &path, None),
        _ => client.post(&path, &json!({ "reason": "已核实" })),
    }
}

fn acts(audit: &Value) -> Vec<&str> {
    let items = audit["items"].as_array().expect("entries");
    items
        .iter()
        .map(|entry| entry["act"].as_str().expect("an act"))
        .collect()
}

fn start(world: &World) -> Server {
    world.import_units();
    world.serve()
}

both_databases! {
    fn the_head_of_the_building_and_nobody_elses_confirms_and_home_is_where_the_circle_begins(world: &World) {
        let server = start(world);
        let (home, newcomer) = (unit_id(&server.anonymous(), HOME), server.person(1));
        newcomer.get("/v1/circle").is_invalid_at(&[("query", "/lat", "required"), ("query", "/lon", "required")]);
        let asked = ask(&newcomer, &home);
        let again = newcomer.send("POST", &format!("/v1/units/{home}/residents"), None);
        again.is_problem(409, "already-exists");
        // A request gives no right, not even to be seen by the neighbours.
        assert_eq!(newcomer.get("/v1/me/grid").ok()["home"], Value::Null);
        newcomer.get("/v1/circle").is_invalid_at(&[("query", "/lat", "required"), ("query", "/lon", "required")]);

        let neighbour = server.holding(2, "building_head", NEXT_DOOR);
        act(&neighbour, &asked, "confirm").is_problem(404, "not-found");
        act(&newcomer, &asked, "confirm").is_problem(404, "not-found");
        let head = server.holding(3, "building_head", HOME);
        let list = head.get(&format!("/v1/units/{home}/members?state=requested")).ok();
        assert_eq!(list["items"][0]["id"], asked);
        assert_eq!(list["items"][0]["person"]["phone"], "199****0001", "masked");
        let confirmed = act(&head, &asked, "confirm").ok();
        assert_eq!((&confirmed["state"], &confirmed["counts"]), (&json!("active"), &json!(true)));
        act(&head, &asked, "confirm").is_problem(409, "state-conflict");

        until("home is known", || (newcomer.get("/v1/circle").status == 200).then_some(()));
        let standing = newcomer.get("/v1/me/grid").ok();
        assert_eq!(standing["home"]["id"], home);
        let levels: Vec<&str> = standing["path"].as_array().expect("a path").iter().map(|unit| unit["level"].as_str().expect("a level")).collect();
        assert_eq!(levels, ["building", "group", "grid", "community", "street", "county", "city"]);
        let from_home = newcomer.get("/v1/circle").ok();
        let from_building = server.anonymous().get(&format!("/v1/circle?building={home}")).ok();
        assert_eq!(from_home["origin"], from_building["origin"]);
        // Coordinates count before home.
        let elsewhere = newcomer.get("/v1/circle?lat=31.201&lon=112.601").ok();
        assert_ne!(elsewhere["origin"], from_home["origin"]);
        server.anonymous().get("/v1/circle").is_invalid_at(&[("query", "/lat", "required"), ("query", "/lon", "required")]);
    }

    fn of_two_who_decide_at_once_one_is_told_that_it_is_decided(world: &World) {
        let server = start(world);
        let home = unit_id(&server.anonymous(), HOME);
        let (head, leader) = (server.holding(1, "building_head", HOME), server.holding(2, "grid_leader", GRID));
        for round in 0..6 {
            let asked = ask(&server.person(10 + round), &home);
            let mut statuses = std::thread::scope(|scope| {
                let one = scope.spawn(|| act(&head.on_own_connection(), &asked, "confirm").status);
                let other = scope.spawn(|| act(&leader.on_own_connection(), &asked, "refuse").status);
                [one.join().expect("answered"), other.join().expect("answered")]
            });
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409]);
        }
    }

    fn a_person_has_one_home_and_three_open_requests(world: &World) {
        let server = start(world);
        let (home, next_door) = (unit_id(&server.anonymous(), HOME), unit_id(&server.anonymous(), NEXT_DOOR));
        let group = unit_id(&server.anonymous(), "429901001001001A");
        let leader = server.holding(1, "grid_leader", GRID);
        let mover = server.person(2);
        for building in [&home, &next_door] {
            act(&leader, &ask(&mover, building), "confirm").with_status(200);
            assert_eq!(mover.get("/v1/me/grid").ok()["home"]["id"], **building);
        }
        assert_eq!(mover.get("/v1/me/memberships").ok()["items"].as_array().map(Vec::len), Some(1));
        // Back to where they were is a request like any other.
        let (back, other) = (ask(&mover, &home), ask(&mover, &group));
        act(&mover, &other, "end").with_status(200);
        act(&leader, &other, "confirm").is_problem(409, "state-conflict");
        act(&leader, &back, "refuse").with_status(200);
        assert_eq!(mover.get("/v1/me/grid").ok()["home"]["id"], *next_door);
        let grid = unit_id(&server.anonymous(), GRID);
        mover.send("POST", &format!("/v1/units/{grid}/residents"), None).is_problem(409, "state-conflict");
    }

    fn roles_are_given_by_those_above_and_count_at_once(world: &World) {
        let server = start(world);
        let (grid, community) = (unit_id(&server.anonymous(), GRID), unit_id(&server.anonymous(), COMMUNITY));
        let (staff, stranger) = (server.holding(1, "community_staff", COMMUNITY), server.holding(2, "community_staff", "429901001002"));
        let leader = server.person(3);
        let members = format!("/v1/units/{grid}/members");
        let grant = json!({ "phone": phone(3), "role": "grid_leader" });
        stranger.post(&members, &grant).is_problem(403, "forbidden");
        leader.post(&members, &grant).is_problem(403, "forbidden");
        leader.get(&members).is_problem(404, "not-found");
        let own = json!({ "phone": phone(3), "role": "community_staff" });
        staff.post(&format!("/v1/units/{community}/members"), &own).is_problem(403, "forbidden");
        let nobody = json!({ "phone": phone(77), "role": "grid_leader" });
        staff.post(&members, &nobody).is_invalid_at(&[("body", "/phone", "unknown_person")]);
        let over = json!({ "phone": phone(3), "role": "grid_leader", "from": "2020-01-01", "to": "2020-12-31" });
        staff.post(&members, &over).is_invalid_at(&[("body", "/to", "past")]);

        let once = staff.with("idempotency-key", "appointed");
        let first = once.post(&members, &grant).with_status(201).json;
        assert_eq!(once.post(&members, &grant).with_status(201).json, first);
        staff.post(&members, &grant).is_problem(409, "already-exists");
        until("the leader is one", || (leader.get(&members).status == 200).then_some(()));
        assert_eq!(leader.get(&members).listed("role"), ["grid_leader"]);

        // Given up, it is over.
        let id = first["id"].as_str().expect("an id");
        assert_eq!(act(&leader, id, "end").ok()["state"], "ended");
        until("the leader is none", || (leader.get(&members).status == 404).then_some(()));
        let audit = staff.get(&format!("/v1/units/{grid}/audit")).ok();
        assert_eq!(acts(&audit), ["role_ended", "role_granted"]);
        assert_eq!(audit["items"][0]["actor"], id_of(&leader));
        assert_eq!(audit["items"][0]["reason"], "已核实");
        assert_eq!(audit["items"][1]["actor"], id_of(&staff));
        // Nobody reads what is kept about themselves.
        staff.get(&format!("/v1/units/{community}/audit")).is_problem(404, "not-found");
    }

    fn a_look_at_a_whole_number_is_kept_with_its_reason(world: &World) {
        let server = start(world);
        let home = unit_id(&server.anonymous(), HOME);
        let (head, staff) = (server.holding(1, "building_head", HOME), server.holding(2, "community_staff", COMMUNITY));
        let resident = server.holding(3, "resident", HOME);
        let list = head.get(&format!("/v1/units/{home}/members?role=resident")).ok();
        let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/memberships/{id}/phone");
        let why = json!({ "reason": "楼上漏水" });
        resident.post(&path, &why).is_problem(404, "not-found");
        head.post(&path, &json!({ "reason": "" })).is_invalid_at(&[("body", "/reason", "min_length")]);
        head.post(&path, &json!({})).is_invalid_at(&[("body", "/reason", "required")]);
        let seen = head.post(&path, &why).with_status(200);
        assert_eq!(seen.json["phone"], format!("+86{}", phone(3)));
        assert_eq!(seen.needed_header("cache-control"), "no-store");
        head.get(&format!("/v1/units/{home}/audit")).is_problem(404, "not-found");
        let audit = staff.get(&format!("/v1/units/{home}/audit?limit=1")).ok();
        let entry = &audit["items"][0];
        assert_eq!((&entry["act"], &entry["reason"]), (&json!("phone_seen"), &json!("楼上漏水")));
        assert_eq!((&entry["actor"], &entry["person"]["id"]), (&json!(id_of(&head)), &json!(id_of(&resident))));
        let older = audit["next"].as_str().expect("there is more");
        let rest = staff.get(&format!("/v1/units/{home}/audit?cursor={older}")).ok();
        assert!(acts(&rest).contains(&"role_granted") && !acts(&rest).contains(&"phone_seen"));

        // Whoever was looked at reads who it was, and why; and nobody else does. The tokens
        // of this test are the operator's.
        let log = |client: &Client, query: &str| client.get(&format!("/v1/me/access-log{query}")).ok();
        let looks = log(&resident, "");
        assert_eq!(acts(&looks), ["phone_seen", "token_issued"]);
        let look = &looks["items"][0];
        assert_eq!((&look["by"]["id"], &look["by"]["phone"]), (&json!(id_of(&head)), &json!("199****0001")));
        assert_eq!((&look["reason"], &look["unit"]["name"]), (&json!("楼上漏水"), &json!("幸福里1号楼")));
        assert_eq!(looks["items"][1]["by"], Value::Null);
        let first = log(&resident, "?limit=1");
        let older = log(&resident, &format!("?limit=1&cursor={}", first["next"].as_str().expect("there is more")));
        assert_eq!((acts(&first), acts(&older), &older["next"]), (vec!["phone_seen"], vec!["token_issued"], &Value::Null));
        assert_eq!(acts(&log(&head, "")), ["token_issued"]);
        server.anonymous().get("/v1/me/access-log").is_problem(401, "unauthenticated");
    }

    fn staff_find_the_people_of_their_units_by_phone_and_the_search_is_kept(world: &World) {
        let server = start(world);
        let [home, grid, community] = [HOME, GRID, COMMUNITY].map(|code| unit_id(&server.anonymous(), code));
        let (staff, leader) = (server.holding(2, "community_staff", COMMUNITY), server.holding(3, "grid_leader", GRID));
        let resident = server.person(1);
        let search = |unit: &str| format!("/v1/units/{unit}/members/search");
        let whom = |number: u32| json!({ "phone": phone(number), "reason": "来电求助" });
        staff.post(&search(&home), &json!({ "phone": "+86", "reason": "" })).is_invalid_at(&[
            ("body", "/phone", "min_length"),
            ("body", "/phone", "phone"),
            ("body", "/reason", "min_length"),
        ]);
        leader.post(&search(&grid), &whom(1)).is_problem(404, "not-found");
        resident.post(&search(&home), &whom(1)).is_problem(404, "not-found");

        // Whoever is nobody here is not told apart from a number that nobody has.
        for number in [1, 77] {
            assert_eq!(staff.post(&search(&community), &whom(number)).ok(), json!({ "items": [] }));
        }
        let asked = ask(&resident, &home);
        let found = staff.post(&search(&community), &whom(1)).with_status(200);
        assert_eq!(found.listed("id"), [asked]);
        assert_eq!(found.needed_header("cache-control"), "no-store");
        let person = &found.json["items"][0]["person"];
        assert_eq!((&person["phone"], &person["id"]), (&json!("199****0001"), &json!(id_of(&resident))));
        let next_door = unit_id(&server.anonymous(), NEXT_DOOR);
        assert_eq!(staff.post(&search(&next_door), &whom(1)).listed("id"), [""; 0]);

        let street = server.holding(4, "street_staff", STREET);
        let audit = street.get(&format!("/v1/units/{community}/audit")).ok();
        let kept = |number: usize| {
            let searches = audit["items"].as_array().expect("entries").iter();
            searches.filter(|entry| entry["act"] == "phone_searched").nth(number).expect("an entry").clone()
        };
        assert_eq!((&kept(0)["body"], &kept(0)["person"]), (&Value::Null, &Value::Null), "next door");
        assert_eq!(kept(1)["person"]["id"], id_of(&resident));
        assert_eq!((&kept(1)["actor"], &kept(1)["reason"]), (&json!(id_of(&staff)), &json!("来电求助")));
        assert_eq!((&kept(2)["person"], &kept(3)["person"]), (&Value::Null, &Value::Null));
    }

    fn a_vacant_office_is_answered_for_by_its_deputy_or_the_level_above(world: &World) {
        let server = start(world);
        let grid = unit_id(&server.anonymous(), GRID);
        let resident = server.holding(1, "resident", HOME);
        let staff = server.holding(2, "community_staff", COMMUNITY);
        let office = |number: usize| resident.get("/v1/me/grid").ok()["offices"][number].clone();
        let above = office(0);
        assert_eq!((&above["role"], &above["vacant"]), (&json!("building_head"), &json!(true)));
        assert_eq!(above["holders"][0]["role"], "community_staff");
        assert_eq!(above["holders"][0]["person"]["phone"], "199****0002");
        server.person(3);
        let deputy = json!({ "phone": phone(3), "role": "grid_leader", "deputy": true });
        staff.post(&format!("/v1/units/{grid}/members"), &deputy).with_status(201);
        let leader = office(1);
        assert_eq!((&leader["vacant"], &leader["holders"][0]["deputy"]), (&json!(true), &json!(true)));
        assert_eq!(leader["unit"]["id"], grid);
        server.holding(4, "grid_leader", GRID);
        let leader = office(1);
        assert_eq!((&leader["vacant"], leader["holders"].as_array().map(Vec::len)), (&json!(false), Some(1)));
        assert_eq!(leader["holders"][0]["person"]["phone"], "199****0004");
        assert_eq!(office(0)["holders"][0]["role"], "grid_leader", "the office right above");
    }

    fn who_may_change_places_is_who_is_staff_where_they_are(world: &World) {
        let server = start(world);
        let community = unit_id(&server.anonymous(), COMMUNITY);
        let other = unit_id(&server.anonymous(), "429901001002");
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let place_in = |unit: Option<&str>| {
            let mut place = crate::harness::place("店", "shop", 0.0, 0.0);
            place["unit_id"] = json!(unit);
            place
        };
        let made = staff.post("/v1/places", &place_in(Some(&community))).with_status(201).json;
        staff.post("/v1/places", &place_in(Some(&other))).is_problem(403, "forbidden");
        staff.post("/v1/places", &place_in(None)).is_problem(403, "forbidden");
        // A place is not carried over to where one has no say.
        let path = format!("/v1/places/{}", made["id"].as_str().expect("an id"));
        let changing = staff.with("if-match", "*");
        for elsewhere in [Some(other.as_str()), None] {
            changing.put(&path, &place_in(elsewhere)).is_problem(403, "forbidden");
        }
        changing.put(&path, &place_in(Some(&community))).with_status(200);
        server.holding(2, "grid_leader", GRID).post("/v1/places", &place_in(Some(&community))).is_problem(403, "forbidden");
    }

    fn of_twenty_requests_at_once_three_are_taken_and_of_two_homes_one_stays(world: &World) {
        let server = start(world);
        let buildings = [HOME, NEXT_DOOR, "429901001001001A"].map(|code| unit_id(&server.anonymous(), code));
        let rows: Vec<String> = (0..17).map(|number| format!("429901001001001Z{number:02},429901001001001A,building,新{number}号楼,urban")).collect();
        let file = world.file("more.csv", &format!("code,parent_code,level,name,setting\n{}\n", rows.join("\n")));
        world.run(&["import", "units", &file]).succeeded();
        let more: Vec<String> = rows.iter().map(|row| until("the unit is known", || {
            let found = server.anonymous().get("/v1/units?level=building&limit=500").ok();
            let code = row.split(',').next().expect("a code");
            found["items"].as_array()?.iter().find(|unit| unit["code"] == code)?["id"].as_str().map(str::to_owned)
        })).collect();
        let asking = server.person(1);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = buildings.iter().chain(&more).map(|building| {
                let client = asking.on_own_connection();
                scope.spawn(move || client.send("POST", &format!("/v1/units/{building}/residents"), None).status)
            }).collect();
            asked.into_iter().map(|thread| thread.join().expect("answered")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 3, "{statuses:?}");
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");

        // Confirmed at once by two leaders, they live in one of them.
        let own = asking.get("/v1/me/memberships").ok();
        let requests: Vec<String> = own["items"].as_array().expect("items").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
        let leader = server.holding(2, "grid_leader", GRID);
        std::thread::scope(|scope| {
            for request in &requests {
                let client = leader.on_own_connection();
                scope.spawn(move || act(&client, request, "confirm").with_status(200));
            }
        });
        let active = asking.get("/v1/me/memberships").ok();
        assert_eq!(active["items"].as_array().map(Vec::len), Some(1), "{active}");
    }

    fn an_answer_that_shows_a_person_comes_again_and_stands_nowhere_in_the_clear(world: &World) {
        let server = start(world);
        let grid = unit_id(&server.anonymous(), GRID);
        let person = server.person(1);
        let seen = person.get("/v1/me").with_status(200);
        person.with("if-match", &seen.needed_header("etag")).send("PATCH", "/v1/me", Some(r#"{"name":"石破天惊"}"#)).with_status(200);
        let staff = server.holding(2, "community_staff", COMMUNITY);
        let once = staff.with("idempotency-key", "k-1");
        let grant = json!({ "phone": phone(1), "role": "grid_leader" });
        let path = format!("/v1/units/{grid}/members");
        let first = once.post(&path, &grant).with_status(201);
        assert_eq!(first.json["person"]["name"], "石破天惊");
        let again = once.post(&path, &grant).with_status(201);
        assert_eq!((&again.json, again.header("location")), (&first.json, first.header("location")));
        once.post(&path, &json!({ "phone": phone(1), "role": "grid_leader", "deputy": true })).is_problem(422, "idempotency-key-reused");

        let mut conn = onegrid::db::Conn::establish(world.database_url()).expect("the database answers");
        #[derive(diesel::QueryableByName)]
        struct Kept {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let kept: Vec<Kept> = diesel::RunQueryDsl::load(diesel::sql_query("SELECT body || headers AS text FROM idempotency"), &mut conn).expect("rows");
        assert_eq!(kept.len(), 1);
        assert!(!kept[0].text.contains("石破天惊") && !kept[0].text.contains("199****"), "{}", kept[0].text);
    }
}
