//! Households: persons at one home who agreed to be one, with one head.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Server, World, both_databases, unit_id};

const HOME: &str = "429901001001001A1";
const NEXT_DOOR: &str = "429901001001001A2";
const MINE: &str = "/v1/me/household";

fn found(head: &Client) -> Value {
    head.send("POST", MINE, None).with_status(201).json
}

fn code(head: &Client) -> String {
    let invited = head.send("POST", &format!("{MINE}/invitation"), None).with_status(201);
    assert_eq!(invited.needed_header("cache-control"), "no-store");
    invited.json["code"].as_str().expect("a code").to_owned()
}

fn join(client: &Client, code: &str) -> Answer {
    client.post(&format!("{MINE}/join"), &json!({ "code": code }))
}

/// The masked numbers of the household, its head's with a star.
fn members(client: &Client) -> Vec<String> {
    let household = client.get(MINE).ok();
    let one = |member: &Value| {
        let phone = member["person"]["phone"].as_str().expect("a number");
        format!("{}{}", &phone[7..], if member["is_head"] == true { "*" } else { "" })
    };
    household["members"]
        .as_array()
        .expect("members")
        .iter()
        .map(one)
        .collect()
}

fn residents(server: &Server, numbers: std::ops::Range<u32>) -> Vec<Client> {
    numbers.map(|number| server.holding(number, "resident", HOME)).collect()
}

both_databases! {
    fn each_agrees_to_be_of_it_and_one_of_them_is_the_head(world: &World) {
        world.import_units();
        let server = world.serve();
        let homeless = server.person(9);
        homeless.send("POST", MINE, None).is_problem(409, "state-conflict");
        homeless.get(MINE).is_problem(404, "not-found");
        let people = residents(&server, 1..5);
        let [head, second, third, fourth] = people.as_slice() else { panic!("four") };
        let once = head.with("idempotency-key", "h1");
        let household = found(&once);
        assert_eq!(household["home"]["id"], unit_id(&server.anonymous(), HOME));
        assert_eq!(found(&once)["id"], household["id"], "sent again it is the same");
        head.send("POST", MINE, None).is_problem(409, "already-exists");
        assert_eq!(members(head), ["0001*"]);
        // Who left is shown nothing of it by the request that comes again.
        let left = fourth.with("idempotency-key", "h4");
        found(&left);
        fourth.send("POST", &format!("{MINE}/leave"), None).with_status(204);
        left.send("POST", MINE, None).is_problem(404, "not-found");

        // Who types the code agrees; however it is typed.
        let first = code(head);
        assert!(head.get(MINE).ok()["invitation_until"].is_string());
        join(second, &format!("{}-{}", &first[..4].to_lowercase(), &first[4..])).with_status(201);
        join(second, &first).is_problem(409, "already-exists");
        join(third, "00000000").is_invalid_at(&[("body", "/code", "wrong_code")]);
        // A new code takes the place of the one before.
        let next = code(head);
        join(third, &first).is_invalid_at(&[("body", "/code", "wrong_code")]);
        join(third, &next).with_status(201);
        // It is no use to who lives elsewhere, or nowhere.
        let elsewhere = server.holding(6, "resident", NEXT_DOOR);
        join(&elsewhere, &next).is_problem(409, "state-conflict");
        join(&homeless, &next).is_problem(409, "state-conflict");
        assert_eq!(members(third), ["0001*", "0002", "0003"]);

        // What the head does nobody else does.
        second.send("POST", &format!("{MINE}/invitation"), None).is_problem(403, "forbidden");
        let id_of = |client: &Client| client.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        let remove = |client: &Client, other: &Client| client.send("POST", &format!("{MINE}/members/{}/remove", id_of(other)), None);
        remove(second, third).is_problem(403, "forbidden");
        remove(head, fourth).is_problem(404, "not-found");
        remove(head, head).is_problem(409, "state-conflict");
        remove(head, third).with_status(200);
        third.get(MINE).is_problem(404, "not-found");
        let name = |client: &Client, other: &Client| client.put(&format!("{MINE}/head"), &json!({ "person_id": id_of(other) }));
        name(second, second).is_problem(403, "forbidden");
        name(head, third).is_invalid_at(&[("body", "/person_id", "not_of_the_household")]);
        name(head, second).with_status(200);
        assert_eq!(members(head), ["0001", "0002*"]);
        // Where the head leaves, who has been there longest is the head.
        second.send("POST", &format!("{MINE}/leave"), None).with_status(204);
        assert_eq!(members(head), ["0001*"]);
        let last = code(head);
        head.send("POST", &format!("{MINE}/leave"), None).with_status(204);
        join(second, &last).is_invalid_at(&[("body", "/code", "wrong_code")]);
        found(second);
    }

    fn who_moves_out_leaves_the_household_and_who_has_been_there_longest_is_the_head(world: &World) {
        world.import_units();
        let server = world.serve();
        let people = residents(&server, 1..4);
        let [head, second, third] = people.as_slice() else { panic!("three") };
        found(head);
        let code = code(head);
        join(second, &code).with_status(201);
        join(third, &code).with_status(201);
        let moved = server.holding(1, "resident", NEXT_DOOR);
        moved.get(MINE).is_problem(404, "not-found");
        assert_eq!(members(third), ["0002*", "0003"]);
        let home = second.get("/v1/me/grid").ok()["memberships"][0]["id"].as_str().expect("an id").to_owned();
        second.post(&format!("/v1/memberships/{home}/end"), &json!({ "reason": "搬家" })).with_status(200);
        assert_eq!(members(third), ["0003*"]);
    }

    fn of_many_who_do_things_at_once_each_is_of_one_household_and_each_household_has_one_head(world: &World) {
        world.import_units();
        let server = world.serve();
        let people = residents(&server, 1..7);
        // The same person founds twice at once.
        let mut statuses = std::thread::scope(|scope| {
            let one = || people[0].on_own_connection().send("POST", MINE, None).status;
            let threads = [scope.spawn(one), scope.spawn(one)];
            threads.map(|thread| thread.join().expect("answered"))
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let code = code(&people[0]);
        // Five join at once, while the head leaves.
        let (joined, left) = std::thread::scope(|scope| {
            let joining: Vec<_> = people[1..].iter().map(|person| scope.spawn(|| join(&person.on_own_connection(), &code).status)).collect();
            let leaving = scope.spawn(|| people[0].on_own_connection().send("POST", &format!("{MINE}/leave"), None).status);
            let joined: Vec<u16> = joining.into_iter().map(|thread| thread.join().expect("answered")).collect();
            (joined, leaving.join().expect("answered"))
        });
        assert_eq!(left, 204);
        // Who came after the last had left was told that the code is no good any more.
        assert!(joined.iter().all(|status| [201, 422].contains(status)), "{joined:?}");
        for (person, status) in people[1..].iter().zip(&joined) {
            if *status == 201 {
                let heads = members(person).iter().filter(|member| member.ends_with('*')).count();
                assert_eq!(heads, 1);
            } else {
                person.get(MINE).is_problem(404, "not-found");
            }
        }
    }
}
