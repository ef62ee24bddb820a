//! The tree as it changes: units renamed, moved and split, what they were before, and who
//! has a say meanwhile.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::people::bearing;
use crate::harness::{Answer, Client, Server, World, both_databases, unit_id, until};

const BUILDING: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";
const GROUP: &str = "429901001001001A";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";
const OTHER_COMMUNITY: &str = "429901001002";
const STREET: &str = "429901001";
const TOWN: &str = "429901100";

fn unit(server: &Server, code: &str) -> String {
    unit_id(&server.anonymous(), code)
}

/// The client with the tag of the unit as it is now.
fn having_seen(client: &Client, unit: &str) -> Client {
    let tag = client
        .get(&format!("/v1/units/{unit}"))
        .with_status(200)
        .needed_header("etag")
        .to_owned();
    client.with("if-match", &tag)
}

fn relocate(client: &Client, unit: &str, parent: &str) -> Answer {
    let body = json!({ "parent_id": parent, "reason": "区划调整" });
    having_seen(client, unit).post(&format!("/v1/units/{unit}/move"), &body)
}

fn names_above(server: &Server, unit: &str, as_of: Option<&Value>) -> Vec<String> {
    let query = as_of
        .map(|time| format!("?as_of={}", time.as_str().expect("a time")))
        .unwrap_or_default();
    server
        .anonymous()
        .get(&format!("/v1/units/{unit}/ancestors{query}"))
        .with_status(200)
        .listed("name")
}

both_databases! {
    fn a_unit_is_renamed_by_those_above_and_its_old_name_stays_known(world: &World) {
        world.import_units();
        let server = world.serve();
        let (community, grid) = (unit(&server, COMMUNITY), unit(&server, GRID));
        let before = server.anonymous().get(&format!("/v1/units/{community}")).ok()["updated_at"].clone();
        let path = format!("/v1/units/{community}/name");
        let name = json!({ "name": "和谐社区", "name_en": "Harmony Community", "reason": "更名" });
        let own = server.holding(1, "community_staff", COMMUNITY);
        having_seen(&own, &community).put(&path, &name).is_problem(403, "forbidden");
        let street = server.holding(2, "street_staff", STREET);
        street.put(&path, &name).is_problem(428, "precondition-required");
        let seen = having_seen(&street, &community);
        let renamed = seen.put(&path, &name).ok();
        assert_eq!((&renamed["name"], &renamed["code"]), (&json!("和谐社区"), &json!(COMMUNITY)));
        seen.put(&path, &name).is_problem(412, "version-mismatch");
        until("it is found by its new name", || {
            let found = server.anonymous().get("/v1/units?q=hexie").ok();
            (found["items"][0]["id"] == community).then_some(())
        });
        assert_eq!(names_above(&server, &grid, None), ["X市", "澄河县", "长乐街道", "和谐社区"]);
        assert_eq!(names_above(&server, &grid, Some(&before)), ["X市", "澄河县", "长乐街道", "幸福社区"]);
        assert_eq!(names_above(&server, &grid, Some(&renamed["updated_at"])), ["X市", "澄河县", "长乐街道", "和谐社区"]);
        let audit = street.get(&format!("/v1/units/{community}/audit")).ok();
        assert_eq!((&audit["items"][0]["act"], &audit["items"][0]["reason"]), (&json!("unit_renamed"), &json!("更名")));
        // The answer is the unit's, so its tag is good for the next change.
        let again = json!({ "name": "幸福社区", "reason": "改回" });
        having_seen(&street, &community).put(&path, &again).with_status(200);
    }

    fn a_grid_that_is_moved_takes_its_people_with_it_and_never_stands_below_itself(world: &World) {
        world.import_units();
        let server = world.serve();
        let [street_id, town, community, other, grid, group, building] =
            [STREET, TOWN, COMMUNITY, OTHER_COMMUNITY, GRID, GROUP, BUILDING].map(|code| unit(&server, code));
        let street = server.holding(1, "street_staff", STREET);
        let county = server.holding(2, "county_staff", "429901");
        let (old, new) = (server.holding(3, "community_staff", COMMUNITY), server.holding(4, "community_staff", OTHER_COMMUNITY));
        let leader = server.holding(5, "grid_leader", GRID);
        let resident = server.holding(6, "resident", BUILDING);
        let before = server.anonymous().get(&format!("/v1/units/{grid}")).ok()["updated_at"].clone();

        // Neither below itself nor below what is no higher, whatever the way there.
        for (unit, parent) in [(&community, &grid), (&community, &building), (&group, &group), (&grid, &group), (&street_id, &town), (&community, &other)] {
            relocate(&county, unit, parent).is_problem(409, "state-conflict");
        }
        relocate(&county, &street_id, &street_id).is_problem(409, "state-conflict");
        // Who has no say at both sides does not move it.
        relocate(&old, &grid, &other).is_problem(403, "forbidden");
        relocate(&street, &grid, &town).is_problem(403, "forbidden");

        let members = format!("/v1/units/{grid}/members");
        assert_eq!((old.get(&members).status, new.get(&members).status), (200, 404));
        let moved = relocate(&street, &grid, &other).ok();
        assert_eq!((&moved["parent_id"], &moved["path"][3]["id"]), (&json!(other), &json!(other)));
        until("the new community has the say", || (new.get(&members).status == 200).then_some(()));
        old.get(&members).is_problem(404, "not-found");
        assert_eq!(new.get(&format!("/v1/units/{other}/members?below=true&role=grid_leader")).ok()["items"].as_array().map(Vec::len), Some(1));
        leader.get(&members).ok();
        let path = resident.get("/v1/me/grid").ok()["path"].clone();
        assert!(path.as_array().expect("a path").iter().any(|step| step["id"] == other), "{path}");
        let time = moved["updated_at"].clone();
        assert_eq!(names_above(&server, &building, Some(&before))[3], "幸福社区");
        assert_eq!(names_above(&server, &building, Some(&time))[3], "平安社区");
        // Those who lost it read that they did, those who got it that they have.
        for read_at in [&community, &grid] {
            let audit = county.get(&format!("/v1/units/{read_at}/audit")).ok();
            let told = audit["items"].as_array().expect("entries").iter().any(|entry| entry["act"] == "unit_moved" && entry["body"]["id"] == grid);
            assert!(told, "at {read_at}");
        }
    }

    fn a_grid_is_moved_to_and_fro_while_requests_run_and_every_server_is_right(world: &World) {
        world.import_units();
        let servers = [world.serve(), world.serve()];
        let (grid, sides) = (unit(&servers[0], GRID), [unit(&servers[0], COMMUNITY), unit(&servers[0], OTHER_COMMUNITY)]);
        let street = servers[0].holding(1, "street_staff", STREET);
        let tokens = [(2, COMMUNITY), (3, OTHER_COMMUNITY)].map(|(person, code)| {
            servers[0].holding(person, "community_staff", code);
            crate::harness::roles::issue(servers[0].program(), person, None)
        });
        let members = format!("/v1/units/{grid}/members");
        let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for server in &servers {
                for token in &tokens {
                    let (client, members, over, asked) = (bearing(server, token), &members, &over, &asked);
                    scope.spawn(move || {
                        while !over.load(Ordering::Relaxed) {
                            let status = client.get(members).status;
                            assert!([200, 404].contains(&status), "{status}");
                            asked.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            }
            for round in 0..6_usize {
                let side = (round + 1) % 2;
                until("it is moved", || (relocate(&street, &grid, &sides[side]).status == 200).then_some(()));
                for server in &servers {
                    let sees = |token: &String| bearing(server, token).get(&members).status;
                    let began = onegrid::clock::monotonic();
                    until("the right side alone has the say", || {
                        (sees(&tokens[side]) == 200 && sees(&tokens[1 - side]) == 404).then_some(())
                    });
                    let took = began.elapsed();
                    assert!(took.as_secs_f64() < 2.0, "{took:?}");
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        assert!(asked.load(Ordering::Relaxed) > 20);
    }

    fn a_unit_is_split_and_an_estate_is_not_torn(world: &World) {
        world.import_units();
        let server = world.serve();
        let [grid, group, building, next_door] = [GRID, GROUP, BUILDING, NEXT_DOOR].map(|code| unit(&server, code));
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let split = |of: &str, code: &str, children: &[&str]| {
            let body = json!({ "code": code, "name": "第二小组", "children": children, "reason": "人口增加" });
            having_seen(&staff, of).post(&format!("/v1/units/{of}/split"), &body)
        };
        split(&group, "B", &[&grid]).is_invalid_at(&[("body", "/children", "not_right_below")]);
        split(&group, GRID, &[&next_door]).is_problem(409, "already-exists");
        assert_eq!(names_above(&server, &next_door, None).last().map(String::as_str), Some("第一小组"), "nothing was taken");
        let city = unit(&server, "4299");
        let top = server.holding(2, "city_staff", "4299");
        let body = json!({ "code": "4298", "name": "又一市", "children": [unit(&server, "429901")], "reason": "设市" });
        having_seen(&top, &city).post(&format!("/v1/units/{city}/split"), &body).is_problem(409, "state-conflict");
        let new = split(&group, "429901001001001B", &[&next_door]).with_status(201);
        assert_eq!((&new.json["level"], &new.json["parent_id"]), (&json!("group"), &json!(grid)));
        until("the building is below the new group", || {
            (names_above(&server, &next_door, None).last().map(String::as_str) == Some("第二小组")).then_some(())
        });
        assert_eq!(names_above(&server, &building, None).last().map(String::as_str), Some("第一小组"));
        let id = new.json["id"].as_str().expect("an id");
        assert_eq!(server.anonymous().get(&format!("/v1/units/{id}/children")).with_status(200).listed("code"), [NEXT_DOOR]);

        // A group whose building is of an estate of the grid does not leave that alone.
        let estate = json!({ "name": "幸福里", "buildings": [building] });
        let estate = staff.post(&format!("/v1/units/{grid}/estates"), &estate).with_status(201).json;
        split(&grid, "429901001001009", &[&group]).is_problem(409, "state-conflict");
        split(&grid, "429901001001009", &[id]).with_status(201);
        let path = format!("/v1/estates/{}/close", estate["id"].as_str().expect("an id"));
        staff.post(&path, &json!({ "reason": "重划" })).with_status(200);
        split(&grid, "429901001001008", &[&group]).with_status(201);
    }
}
