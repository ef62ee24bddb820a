//! Units that are merged: what hangs on one is the other's, and what was stays known. And
//! estates, which are not torn by whatever changes the tree.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server, World, both_databases, place, unit_id, until};

const BUILDING: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";
const GROUP: &str = "429901001001001A";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";
const OTHER_COMMUNITY: &str = "429901001002";
const STREET: &str = "429901001";

fn unit(server: &Server, code: &str) -> String {
    unit_id(&server.anonymous(), code)
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// The client with the tag of the unit as it is now.
fn having_seen(client: &Client, unit: &str) -> Client {
    let seen = client.get(&format!("/v1/units/{unit}")).with_status(200);
    client.with("if-match", &seen.needed_header("etag"))
}

fn merge(client: &Client, unit: &str, into: &str) -> Answer {
    let body = json!({ "into_id": into, "reason": "并网格" });
    having_seen(client, unit).post(&format!("/v1/units/{unit}/merge"), &body)
}

/// A second grid in the other community, with a group and a building.
fn second_grid(world: &World) {
    let rows = "\
code,parent_code,level,name,setting,population,lat,lon
429901001002001,429901001002,grid,平安社区第一网格,urban,700,,
429901001002001B,429901001002001,group,平安小组,urban,,,
429901001002001B1,429901001002001B,building,平安里1号楼,urban,,31.2001,112.6001
";
    let file = world.file("second.csv", rows);
    world.run(&["import", "units", &file]).succeeded();
}

both_databases! {
    fn a_grid_takes_the_place_of_another_with_all_that_hangs_on_it(world: &World) {
        world.import_units();
        second_grid(world);
        let servers = [world.serve(), world.serve()];
        let server = &servers[0];
        let [grid, into, group, building, community] = [GRID, "429901001002001", GROUP, BUILDING, COMMUNITY].map(|code| unit(server, code));
        let street = server.holding(1, "street_staff", STREET);
        let old = server.holding(2, "grid_leader", GRID);
        server.holding(3, "grid_leader", "429901001002001");
        let resident = server.holding(4, "resident", BUILDING);
        let head = server.holding(5, "building_head", BUILDING);
        let own = server.holding(6, "community_staff", COMMUNITY);
        let estate = id(&own.post(&format!("/v1/units/{grid}/estates"), &json!({ "name": "幸福里", "buildings": [building] })).with_status(201).json);
        let association = id(&own.post(&format!("/v1/units/{grid}/organisations"), &json!({ "kind": "association", "name": "书法协会" })).with_status(201).json);
        let mut shop = place("幸福小卖部", "shop", 0.0, 0.0);
        shop["unit_id"] = json!(grid);
        let shop = id(&own.post("/v1/places", &shop).with_status(201).json);
        let before = server.anonymous().get(&format!("/v1/units/{into}")).ok()["updated_at"].clone();

        // Both sides have to agree, and it takes another unit of the level.
        merge(&own, &grid, &into).is_problem(403, "forbidden");
        merge(&street, &grid, &grid).is_invalid_at(&[("body", "/into_id", "not_of_the_level")]);
        merge(&street, &grid, &community).is_invalid_at(&[("body", "/into_id", "not_of_the_level")]);
        merge(&street, &grid, &building).is_invalid_at(&[("body", "/into_id", "not_of_the_level")]);
        street.post(&format!("/v1/units/{grid}/merge"), &json!({ "into_id": into, "reason": "并网格" })).is_problem(428, "precondition-required");

        let merged = merge(&street, &grid, &into).ok();
        assert_eq!((&merged["merged_into"], merged["closed_at"].is_string()), (&json!(into), true));
        for server in &servers {
            until("the new leader has the say", || {
                let leader = crate::harness::people::bearing(server, &crate::harness::roles::issue(server.program(), 3, None));
                (leader.get(&format!("/v1/units/{building}/members")).status == 200).then_some(())
            });
            let path = server.anonymous().get(&format!("/v1/units/{building}/ancestors")).with_status(200).listed("id");
            assert!(path.contains(&into) && !path.contains(&grid), "{path:?}");
            assert_eq!(server.anonymous().get(&format!("/v1/units/{grid}")).ok()["merged_into"], json!(into));
            let found = server.anonymous().get("/v1/units?level=grid").with_status(200).listed("id");
            assert!(found.contains(&into) && !found.contains(&grid), "{found:?}");
        }
        // The people of the buildings keep what they are; the office at the grid is over.
        old.get(&format!("/v1/units/{building}/members")).is_problem(404, "not-found");
        head.get(&format!("/v1/units/{building}/members")).ok();
        let standing = resident.get("/v1/me/grid").ok();
        assert_eq!(standing["offices"][1]["unit"]["id"], json!(into));
        assert_eq!(standing["offices"][1]["holders"][0]["person"]["phone"], "199****0003");
        assert_eq!(server.anonymous().get(&format!("/v1/units/{into}")).ok()["population"], 1600);
        // Estates and organisations are the other's, and so is the say over places.
        assert_eq!(server.anonymous().get(&format!("/v1/estates/{estate}")).ok()["unit_id"], json!(into));
        assert_eq!(server.anonymous().get(&format!("/v1/organisations/{association}")).ok()["unit_id"], json!(into));
        let tag = own.get(&format!("/v1/places/{shop}")).needed_header("etag");
        let close = |client: &Client| client.with("if-match", &tag).send("POST", &format!("/v1/places/{shop}/close"), None);
        close(&own).is_problem(403, "forbidden");
        let other = server.holding(7, "community_staff", OTHER_COMMUNITY);
        close(&other).with_status(200);
        // What was before is known, and read by those above the unit that is left.
        let then = server.anonymous().get(&format!("/v1/units/{group}/ancestors?as_of={}", before.as_str().expect("a time"))).with_status(200).listed("id");
        assert!(then.contains(&grid) && then.contains(&community), "{then:?}");
        // And what stands above the merged unit now is told alike by either way to ask.
        let above = |query: &str| server.anonymous().get(&format!("/v1/units/{grid}/ancestors{query}")).with_status(200).listed("id");
        let closed_at = server.anonymous().get(&format!("/v1/units/{grid}")).ok()["updated_at"].as_str().expect("a time").to_owned();
        assert_eq!((above(&format!("?as_of={closed_at}")), above("").last()), (above(""), Some(&into)));
        let audit = other.get(&format!("/v1/units/{into}/audit?limit=500")).ok();
        let acts: Vec<&str> = audit["items"].as_array().expect("entries").iter().filter_map(|entry| entry["act"].as_str()).collect();
        for act in ["unit_merged", "role_ended", "estate_drawn", "organisation_founded"] {
            assert!(acts.contains(&act), "{act} is missing in {acts:?}");
        }
        let told = own.get(&format!("/v1/units/{community}/audit"));
        told.is_problem(404, "not-found");
        let told = street.get(&format!("/v1/units/{community}/audit")).ok();
        assert_eq!(told["items"][0]["act"], "unit_merged", "those who stood above read of it");

        // The unit that is no more takes nothing new.
        let name = json!({ "name": "新名", "reason": "更名" });
        having_seen(&street, &grid).put(&format!("/v1/units/{grid}/name"), &name).is_problem(409, "state-conflict");
        merge(&street, &into, &grid).is_problem(409, "state-conflict");
        let grant = json!({ "phone": crate::harness::people::phone(2), "role": "grid_leader" });
        street.post(&format!("/v1/units/{grid}/members"), &grant).is_problem(409, "state-conflict");
        street.post(&format!("/v1/units/{grid}/estates"), &json!({ "name": "里", "buildings": [building] })).is_problem(409, "state-conflict");
        street.post(&format!("/v1/units/{grid}/organisations"), &json!({ "kind": "association", "name": "会" })).is_problem(409, "state-conflict");
        let mut late = place("店", "shop", 0.0, 0.0);
        late["unit_id"] = json!(grid);
        street.post("/v1/places", &late).is_invalid_at(&[("body", "/unit_id", "merged_unit")]);
        // A place that was its own is changed as it is shown, and is the other's.
        let of_other = street.post("/v1/places", &{ let mut own = late.clone(); own["unit_id"] = json!(into); own }).with_status(201);
        let tag = of_other.needed_header("etag");
        let changed = street.with("if-match", &tag).put(&format!("/v1/places/{}", of_other.json["id"].as_str().expect("an id")), &late);
        assert_eq!(changed.with_status(200).json["unit_id"], json!(into));
        let relocate = json!({ "parent_id": grid, "reason": "区划调整" });
        having_seen(&street, &group).post(&format!("/v1/units/{group}/move"), &relocate).is_problem(409, "state-conflict");
        let rows = format!("code,parent_code,level,name,setting\n{GRID},{COMMUNITY},grid,幸福社区第一网格,urban\nX1,{GRID},building,新楼,urban\n");
        let file = world.file("late.csv", &rows);
        let ran = world.run(&["import", "units", &file]);
        assert!(ran.err.contains("was merged into another unit") && ran.code == Some(1), "{ran:?}");
        let people = world.file("late-people.csv", &format!("phone,role,unit_code\n{},grid_leader,{GRID}\n", crate::harness::people::phone(8)));
        assert_eq!(world.run(&["import", "people", &people]).code, Some(1));

        // What takes its place may be merged in turn: one step leads to where it is now.
        let rows = "code,parent_code,level,name,setting\n429901001002002,429901001002,grid,平安社区第二网格,urban\n";
        let file = world.file("third.csv", rows);
        world.run(&["import", "units", &file]).succeeded();
        let third = until("the third grid is known", || {
            let found = server.anonymous().get("/v1/units?level=grid").ok();
            found["items"].as_array()?.iter().find(|unit| unit["code"] == "429901001002002").map(id)
        });
        merge(&street, &into, &third).with_status(200);
        until("both are merged into it", || {
            let seen = server.anonymous().get(&format!("/v1/units/{grid}")).ok();
            (seen["merged_into"] == json!(third)).then_some(())
        });
    }

    fn the_residents_of_a_building_live_in_the_one_that_takes_its_place(world: &World) {
        world.import_units();
        let server = world.serve();
        let [building, next_door, grid] = [NEXT_DOOR, BUILDING, GRID].map(|code| unit(&server, code));
        let staff = server.holding(1, "community_staff", COMMUNITY);
        let (first, second) = (server.holding(2, "resident", NEXT_DOOR), server.holding(3, "resident", NEXT_DOOR));
        let there = server.holding(4, "resident", BUILDING);
        let head = server.holding(5, "building_head", NEXT_DOOR);
        let asking = server.person(6);
        asking.send("POST", &format!("/v1/units/{building}/residents"), None).with_status(201);
        first.send("POST", "/v1/me/household", None).with_status(201);
        let code = first.send("POST", "/v1/me/household/invitation", None).with_status(201).json["code"].clone();
        second.post("/v1/me/household/join", &json!({ "code": code })).with_status(201);
        // One of them wanted to move there anyway.
        second.send("POST", &format!("/v1/units/{next_door}/residents"), None).with_status(201);
        let estate = staff.post(&format!("/v1/units/{grid}/estates"), &json!({ "name": "幸福里", "buildings": [building, next_door] })).with_status(201);

        merge(&staff, &building, &next_door).with_status(200);
        until("they live next door", || {
            let home = |client: &Client| client.get("/v1/me/grid").ok()["home"]["id"] == json!(next_door);
            (home(&first) && home(&second) && home(&there)).then_some(())
        });
        // Each is told so once, and who only asked is not told that they lost a home.
        let told = |client: &Client| client.get("/v1/me/inbox").with_status(200).listed("kind");
        assert_eq!((told(&first)[0].as_str(), told(&second)[0].as_str()), ("home_redrawn", "home_redrawn"));
        assert!(!told(&first).contains(&"home_ended".to_owned()) && told(&asking).is_empty());
        assert_eq!(told(&head)[0], "office_ended");
        // Together, as one household still, and the circle begins there.
        let household = second.get("/v1/me/household").ok();
        assert_eq!((&household["home"]["id"], household["members"].as_array().map(Vec::len)), (&json!(next_door), Some(2)));
        until("home is known", || (first.get("/v1/circle").status == 200).then_some(()));
        let requested = staff.get(&format!("/v1/units/{next_door}/members?state=requested")).ok();
        assert_eq!(requested["items"].as_array().map(Vec::len), Some(1), "who asked asks there");
        head.get(&format!("/v1/units/{next_door}/members")).is_problem(404, "not-found");
        let drawn = server.anonymous().get(&format!("/v1/estates/{}", id(&estate.json))).ok();
        assert_eq!(drawn["buildings"].as_array().map(Vec::len), Some(1));
        asking.send("POST", &format!("/v1/units/{building}/residents"), None).is_problem(409, "state-conflict");
    }

    fn two_party_branches_are_not_merged_into_one(world: &World) {
        world.import_units();
        second_grid(world);
        let server = world.serve();
        let [grid, into] = [GRID, "429901001002001"].map(|code| unit(&server, code));
        let street = server.holding(1, "street_staff", STREET);
        let branch = |unit: &str, name: &str| {
            let body = json!({ "kind": "party_branch", "name": name });
            id(&street.post(&format!("/v1/units/{unit}/organisations"), &body).with_status(201).json)
        };
        branch(&grid, "第一支部");
        let other = branch(&into, "第二支部");
        merge(&street, &grid, &into).is_problem(409, "already-exists");
        assert_eq!(server.anonymous().get(&format!("/v1/units/{grid}")).ok()["merged_into"], Value::Null, "nothing was changed");
        street.post(&format!("/v1/organisations/{other}/close"), &json!({ "reason": "合并" })).with_status(200);
        merge(&street, &grid, &into).with_status(200);
    }

    fn an_estate_is_not_torn_by_moves_at_the_same_time_nor_by_an_import(world: &World) {
        world.import_units();
        second_grid(world);
        let server = world.serve();
        let [grid, into, group, building] = [GRID, "429901001002001", GROUP, BUILDING].map(|code| unit(&server, code));
        let street = server.holding(1, "street_staff", STREET);
        // One draws the building into an estate while another moves its group away.
        for round in 0..4 {
            let draw = json!({ "name": format!("小区{round}"), "buildings": [building] });
            let (drawn, moved) = std::thread::scope(|scope| {
                let one = street.on_own_connection();
                let (grid, group, into) = (&grid, &group, &into);
                let drawing = scope.spawn(move || one.post(&format!("/v1/units/{grid}/estates"), &draw));
                let other = having_seen(&street.on_own_connection(), group);
                let body = json!({ "parent_id": into, "reason": "区划调整" });
                let moving = scope.spawn(move || other.post(&format!("/v1/units/{group}/move"), &body));
                (drawing.join().expect("answered"), moving.join().expect("answered"))
            });
            match (drawn.status, moved.status) {
                (201, 409) => {
                    street.post(&format!("/v1/estates/{}/close", id(&drawn.json)), &json!({ "reason": "重划" })).with_status(200);
                }
                (422, 200) => {
                    until("the group is back", || {
                        let back = json!({ "parent_id": grid, "reason": "区划调整" });
                        (having_seen(&street, &group).post(&format!("/v1/units/{group}/move"), &back).status == 200).then_some(())
                    });
                    until("the server knows", || (server.anonymous().get(&format!("/v1/units/{group}")).ok()["parent_id"] == json!(grid)).then_some(()));
                }
                other => panic!("{other:?}"),
            }
        }
        street.post(&format!("/v1/units/{grid}/estates"), &json!({ "name": "幸福里", "buildings": [building] })).with_status(201);
        let rows = format!("code,parent_code,level,name,setting\n{GROUP},429901001002001,group,第一小组,urban\n");
        let file = world.file("torn.csv", &rows);
        let ran = world.run(&["import", "units", &file]);
        assert!(ran.code == Some(1) && ran.err.contains("of an estate of"), "{ran:?}");
        // The whole grid may go: its estate goes with it.
        let rows = format!("code,parent_code,level,name,setting\n{GRID},{OTHER_COMMUNITY},grid,第一网格,urban\n");
        let file = world.file("moved.csv", &rows);
        world.run(&["import", "units", &file]).succeeded();
    }
}
