//! Channels: who is in which, what is said in them, and who sees it.

use serde_json::{Value, json};

use crate::cli_world::Sql;
use crate::harness::people::bearing;
use crate::harness::roles::issue;
use crate::harness::socket::{Follower, Socket};
use crate::harness::{Client, Server, World, both_databases, unit_id, until};

const HOME: &str = "429901001001001A1";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";

/// Somebody in a role, with a token.
struct Somebody {
    client: Client,
    token: String,
    id: String,
}

fn holding(server: &Server, number: u32, role: &str, unit: &str) -> Somebody {
    let client = server.holding(number, role, unit);
    let id = client.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
    let token = issue(server.program(), number, None);
    Somebody { client, token, id }
}

fn start(world: &World) -> Server {
    world.import_units();
    world.serve()
}

/// The kinds of the channels that somebody is in.
fn kinds(client: &Client) -> Vec<String> {
    let list = client.get("/v1/me/channels").ok();
    let items = list["items"].as_array().expect("items");
    items
        .iter()
        .map(|one| one["kind"].as_str().expect("a kind").to_owned())
        .collect()
}

/// Somebody's channel of a kind.
#[track_caller]
fn channel(client: &Client, kind: &str) -> Value {
    let list = client.get("/v1/me/channels").ok();
    let items = list["items"].as_array().expect("items").clone();
    let found = items.into_iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("not in {kind}: {list}"))
}

#[track_caller]
fn channel_id(client: &Client, kind: &str) -> String {
    channel(client, kind)["id"].as_str().expect("an id").to_owned()
}

#[track_caller]
fn say(client: &Client, channel: &str, client_id: &str, text: &str) -> Value {
    let message = json!({ "client_id": client_id, "text": text });
    client
        .post(&format!("/v1/channels/{channel}/messages"), &message)
        .with_status(201)
        .json
}

/// What is said in a channel as far as somebody sees it, by number.
fn texts(client: &Client, channel: &str, query: &str) -> Vec<(i64, Option<String>)> {
    let page = client.get(&format!("/v1/channels/{channel}/messages{query}")).ok();
    let items = page["items"].as_array().expect("items");
    let messages = items.iter().filter(|item| item["kind"] == "message");
    messages
        .map(|item| {
            (
                item["number"].as_i64().expect("a number"),
                item["message"]["text"].as_str().map(str::to_owned),
            )
        })
        .collect()
}

both_databases! {
    fn standing_channels_are_there_for_who_is_what_and_follow_it_at_once(world: &World) {
        let server = start(world);
        let staff = holding(&server, 1, "community_staff", COMMUNITY);
        let leader = holding(&server, 2, "grid_leader", GRID);
        let resident = holding(&server, 3, "resident", HOME);
        let outsider = server.person(4);
        assert_eq!(kinds(&staff.client), ["grid_secretaries", "building_heads"]);
        assert_eq!(kinds(&leader.client), ["grid_secretaries", "building_heads", "residents"]);
        assert_eq!(kinds(&resident.client), ["residents"]);
        assert_eq!(kinds(&outsider), [""; 0]);
        // The residents of a grid's buildings that are in no estate have one of the grid.
        let residents = channel(&resident.client, "residents");
        assert_eq!((&residents["id"], &residents["name"]), (&channel(&leader.client, "residents")["id"], &json!("幸福社区第一网格居民群")));
        assert_eq!((&residents["looks_after"], &channel(&leader.client, "residents")["looks_after"]), (&json!(false), &json!(true)));
        let id = residents["id"].as_str().expect("an id");
        // Who is not in it is not told that it is there.
        staff.client.get(&format!("/v1/channels/{id}")).is_problem(404, "not-found");
        outsider.get(&format!("/v1/channels/{id}/messages")).is_problem(404, "not-found");
        let message = json!({ "client_id": "a", "text": "大家好" });
        outsider.post(&format!("/v1/channels/{id}/messages"), &message).is_problem(404, "not-found");
        let mut socket = Socket::signed_in(server.address(), &staff.token);
        socket.say(&json!({ "type": "subscribe", "streams": { (id): "0" } }));
        assert_eq!(socket.until("subscribed")["refused"][id]["status"], 404);
        // An office is given: they are in. It ends: they are out, in the middle of a connection.
        let heads = channel_id(&leader.client, "building_heads");
        let newcomer = bearing(&server, &issue(server.program(), 5, None));
        let unit = unit_id(&server.anonymous(), HOME);
        let grant = json!({ "phone": crate::harness::people::phone(5), "role": "building_head" });
        let given = staff.client.post(&format!("/v1/units/{unit}/members"), &grant).with_status(201).json;
        until("they are in", || (kinds(&newcomer) == ["building_heads", "residents"]).then_some(()));
        let mut follower = Follower::new(&issue(server.program(), 5, None), &[&heads, id]);
        assert!(follower.connect(server.address()));
        say(&leader.client, &heads, "1", "请各位统计空房");
        until("it came", || {
            follower.listen().expect("connected");
            follower.streams[&heads].items.iter().any(|item| item["message"]["text"] == "请各位统计空房").then_some(())
        });
        let end = format!("/v1/memberships/{}/end", given["id"].as_str().expect("an id"));
        staff.client.post(&end, &json!({ "reason": "调任" })).with_status(200);
        until("they are told", || {
            follower.listen().expect("connected");
            let left = follower.others.iter().filter(|frame| frame["type"] == "left").count();
            (left == 2).then_some(())
        });
        say(&leader.client, &heads, "2", "会后再说");
        newcomer.get(&format!("/v1/channels/{heads}/messages")).is_problem(404, "not-found");
        let mut again = Socket::signed_in(server.address(), &issue(server.program(), 5, None));
        again.say(&json!({ "type": "subscribe", "streams": { (heads.clone()): "0" } }));
        assert_eq!(again.until("subscribed")["followed"], 0);
        follower.listen().expect("connected");
        assert!(follower.streams[&heads].items.iter().all(|item| item["message"]["text"] != "会后再说"));
    }

    fn what_is_said_comes_to_all_once_with_its_name_and_number(world: &World) {
        let server = start(world);
        let leader = holding(&server, 2, "grid_leader", GRID);
        let resident = holding(&server, 3, "resident", HOME);
        let id = channel_id(&resident.client, "residents");
        let mut follower = Follower::new(&leader.token, &[&id]);
        assert!(follower.connect(server.address()));
        let mut socket = Socket::signed_in(server.address(), &resident.token);
        socket.say(&json!({ "type": "send", "stream": id, "message": { "client_id": "s1", "text": "楼道灯坏了" } }));
        let sent = socket.until("sent");
        assert_eq!((&sent["client_id"], &sent["number"]), (&json!("s1"), &json!(2)));
        // Sent again, over whatever way, it is the same message.
        let path = format!("/v1/channels/{id}/messages");
        let same = json!({ "client_id": "s1", "text": "楼道灯坏了" });
        let again = resident.client.post(&path, &same).with_status(200).json;
        assert_eq!((&again["number"], &again["id"]), (&sent["number"], &sent["id"]));
        resident.client.post(&path, &json!({ "client_id": "s1", "text": "别的话" })).is_problem(422, "idempotency-key-reused");
        // The same name of somebody else is another message.
        let answer = json!({ "client_id": "s1", "text": "今晚来修", "reply_to": 2 });
        assert_eq!(leader.client.post(&path, &answer).with_status(201).json["number"], 3);
        resident.client.post(&path, &json!({ "client_id": "s2", "text": "谢谢", "reply_to": 9 })).is_problem(409, "state-conflict");
        resident.client.post(&path, &json!({ "client_id": "s2", "text": " \n " })).is_invalid_at(&[("body", "/text", "blank")]);
        let long = "长".repeat(4_001);
        resident.client.post(&path, &json!({ "client_id": "", "text": long })).is_invalid_at(&[
            ("body", "/client_id", "min_length"),
            ("body", "/text", "max_length"),
            ("body", "/client_id", "pattern"),
        ]);
        assert_eq!(say(&resident.client, &id, "s3", &"长".repeat(4_000))["number"], 4);
        until("all came", || {
            follower.listen().expect("connected");
            (follower.streams[&id].items.len() == 4).then_some(())
        });
        let items = &follower.streams[&id].items;
        assert_eq!(follower.streams[&id].numbers(), [1, 2, 3, 4]);
        assert_eq!((&items[0]["kind"], &items[1]["message"]["author"]), (&json!("opened"), &json!(resident.id)));
        assert_eq!((&items[2]["message"]["reply_to"], &items[2]["message"]["text"]), (&json!(2), &json!("今晚来修")));
        // What comes over the socket is what the history has.
        let history = leader.client.get(&path).ok();
        assert_eq!(&history["items"], &json!(items));
        assert_eq!(history["cursor"], json!(follower.streams[&id].cursor));
    }

    fn a_hundred_frames_without_waiting_get_numbers_in_order_and_a_refused_one_none(world: &World) {
        let server = start(world);
        let resident = holding(&server, 3, "resident", HOME);
        let id = channel_id(&resident.client, "residents");
        let mut socket = Socket::signed_in(server.address(), &resident.token);
        for number in 0..100 {
            let text = if number == 50 { String::new() } else { format!("第{number}句") };
            socket.say(&json!({ "type": "send", "stream": id, "message": { "client_id": format!("p{number}"), "text": text } }));
        }
        let mut numbers = Vec::new();
        for number in 0..100 {
            let (kind, name) = if number == 50 { ("error", "p50".to_owned()) } else { ("sent", format!("p{number}")) };
            let frame = socket.until(kind);
            assert_eq!(frame["client_id"], name);
            numbers.extend(frame["number"].as_i64());
        }
        assert_eq!(numbers, (2..=100).collect::<Vec<_>>());
    }

    fn a_recalled_message_is_gone_for_all_and_who_was_away_learns_of_it(world: &World) {
        let server = start(world);
        let leader = holding(&server, 2, "grid_leader", GRID);
        let (one, other) = (holding(&server, 3, "resident", HOME), holding(&server, 4, "resident", HOME));
        let id = channel_id(&one.client, "residents");
        let mut away = Follower::new(&other.token, &[&id]);
        assert!(away.connect(server.address()));
        let said = say(&one.client, &id, "1", "说错了");
        until("it came", || {
            away.listen().expect("connected");
            (away.streams[&id].items.len() == 2).then_some(())
        });
        away.hang_up();
        let recall = |by: &Client, message: &Value| by.send("POST", &format!("/v1/messages/{}/recall", message["message"]["id"].as_str().expect("an id")), None);
        recall(&other.client, &said).is_problem(403, "forbidden");
        let recalled = recall(&one.client, &said).with_status(200).json;
        assert_eq!((&recalled["message"]["recalled"], &recalled["message"]["text"]), (&json!(true), &Value::Null));
        // Done twice it is done once.
        recall(&one.client, &said).with_status(200);
        // After two minutes only who looks after the channel does it, and leaves a trace.
        let spam = say(&one.client, &id, "2", "加微信领红包");
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE message SET at = at - 121000000 WHERE text = '加微信领红包'");
        recall(&one.client, &spam).is_problem(409, "state-conflict");
        recall(&leader.client, &spam).with_status(200);
        assert!(away.connect(server.address()));
        until("they learn of it", || {
            away.listen().expect("connected");
            (away.streams[&id].items.len() == 5).then_some(())
        });
        let items = &away.streams[&id].items;
        assert_eq!(items[2], json!({ "id": items[2]["id"], "number": 3, "at": items[2]["at"], "kind": "recalled", "recalled": { "number": 2, "by": "author" } }));
        assert_eq!((&items[3]["message"]["recalled"], &items[3]["message"]["text"]), (&json!(true), &Value::Null), "its words are not told any more");
        assert_eq!(items[4]["recalled"], json!({ "number": 4, "by": "moderator" }));
        assert_eq!(texts(&other.client, &id, ""), [(2, None), (4, None)]);
        assert_eq!(sql.count("message WHERE text IS NOT NULL"), 0);
        // A device that lost the answer is told the same also now.
        let again = one.client.post(&format!("/v1/channels/{id}/messages"), &json!({ "client_id": "1", "text": "说错了" })).with_status(200).json;
        assert_eq!((&again["number"], &again["message"]["recalled"]), (&json!(2), &json!(true)));
    }

    fn a_newcomer_sees_what_was_said_since_they_live_there(world: &World) {
        let server = start(world);
        let leader = holding(&server, 2, "grid_leader", GRID);
        let id = channel_id(&leader.client, "residents");
        say(&leader.client, &id, "1", "旧事一");
        say(&leader.client, &id, "2", "旧事二");
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE entry SET at = at - 172800000000; UPDATE message SET at = at - 172800000000");
        let resident = holding(&server, 3, "resident", HOME);
        say(&leader.client, &id, "3", "新事");
        let own = channel(&resident.client, "residents");
        assert_eq!((&own["hidden_to"], &own["unread"]), (&json!(3), &json!(1)));
        assert_eq!(texts(&resident.client, &id, ""), [(4, Some("新事".to_owned()))]);
        for query in ["?before=4", "?after=0&limit=3", "?around=2&limit=10"] {
            assert!(texts(&resident.client, &id, query).iter().all(|(number, _)| *number == 4), "{query}");
        }
        assert_eq!(resident.client.get(&format!("/v1/channels/{id}/messages")).ok()["older"], false);
        let mut follower = Follower::new(&resident.token, &[&id]);
        assert!(follower.connect(server.address()));
        until("it came", || {
            follower.listen().expect("connected");
            (follower.streams[&id].items.len() == 4).then_some(())
        });
        let items = &follower.streams[&id].items;
        assert!(items[..3].iter().all(|item| item["kind"] == "hidden" && item["message"].is_null()), "{items:?}");
        assert_eq!(items[3]["message"]["text"], "新事");
        // Work goes on with the office: a successor sees what was said before.
        let successor = holding(&server, 5, "building_head", HOME);
        assert_eq!(channel(&successor.client, "building_heads")["hidden_to"], 0);
        assert_eq!(leader.client.get(&format!("/v1/channels/{id}/messages")).ok()["items"].as_array().map(Vec::len), Some(4));
    }

    fn unread_is_what_others_said_and_did_not_take_back(world: &World) {
        let server = start(world);
        let leader = holding(&server, 2, "grid_leader", GRID);
        let (one, other) = (holding(&server, 3, "resident", HOME), holding(&server, 4, "resident", HOME));
        let id = channel_id(&one.client, "residents");
        let all = [&leader, &one, &other];
        let mut said: Vec<(usize, i64, bool, Value)> = Vec::new();
        let mut read = [0_i64; 3];
        let mut dice = 7_u64;
        let mut roll = |most: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % most
        };
        for step in 0..60 {
            match roll(10) {
                0..6 => {
                    let by = roll(3) as usize;
                    let entry = say(&all[by].client, &id, &format!("u{step}"), "话");
                    said.push((by, entry["number"].as_i64().expect("a number"), false, entry));
                }
                6 | 7 if !said.is_empty() => {
                    let at = roll(said.len() as u64) as usize;
                    let message = said[at].3["message"]["id"].as_str().expect("an id").to_owned();
                    leader.client.send("POST", &format!("/v1/messages/{message}/recall"), None).with_status(200);
                    said[at].2 = true;
                }
                _ => {
                    let by = roll(3) as usize;
                    let number = 1 + roll(80) as i64;
                    let marked = all[by].client.post(&format!("/v1/channels/{id}/read"), &json!({ "number": number })).with_status(200).json;
                    let last = all[by].client.get(&format!("/v1/channels/{id}")).ok()["last"].as_i64().expect("a number");
                    read[by] = read[by].max(number.min(last));
                    assert_eq!(marked["read_to"], read[by]);
                }
            }
            for (who, somebody) in all.iter().enumerate() {
                let expected = said.iter().filter(|(by, number, recalled, _)| *by != who && *number > read[who] && !recalled).count();
                let own = channel(&somebody.client, "residents");
                assert_eq!((&own["unread"], &own["read_to"]), (&json!(expected), &json!(read[who])), "step {step}, {who}");
            }
        }
        // All devices of the one who read are told, and nobody else.
        let mut device = Socket::signed_in(server.address(), &one.token);
        device.say(&json!({ "type": "subscribe", "streams": { "inbox": null } }));
        device.until("subscribed");
        device.until("entries");
        device.say(&json!({ "type": "read", "stream": id, "number": 9007199254740991_i64 }));
        let told = device.until("read");
        assert_eq!((&told["stream"], &told["unread"]), (&json!(id), &json!(0)));
    }

    fn history_is_paged_by_number(world: &World) {
        let server = start(world);
        let leader = holding(&server, 2, "grid_leader", GRID);
        let id = channel_id(&leader.client, "grid_secretaries");
        for number in 2..=21 {
            assert_eq!(say(&leader.client, &id, &number.to_string(), "话")["number"], number);
        }
        let page = |query: &str| {
            let page = leader.client.get(&format!("/v1/channels/{id}/messages{query}")).ok();
            let items = page["items"].as_array().expect("items").iter();
            let numbers: Vec<i64> = items.map(|item| item["number"].as_i64().expect("a number")).collect();
            (numbers, page["older"] == true, page["newer"] == true)
        };
        let numbers = |range: std::ops::RangeInclusive<i64>| range.collect::<Vec<_>>();
        assert_eq!(page("?limit=5"), (numbers(17..=21), true, false));
        assert_eq!(page("?before=17&limit=5"), (numbers(12..=16), true, true));
        assert_eq!(page("?before=3&limit=5"), (numbers(1..=2), false, true));
        assert_eq!(page("?after=3&limit=5"), (numbers(4..=8), true, true));
        assert_eq!(page("?after=21"), (Vec::new(), true, false));
        assert_eq!(page("?around=10&limit=4"), (numbers(8..=11), true, true));
        assert_eq!(page("?around=10&limit=1"), (numbers(10..=10), true, true));
        // Whoever asks again and again is told where that cannot go on.
        let state = |after: &str| leader.client.get(&format!("/v1/channels/{id}/messages?after={after}")).ok()["state"].clone();
        let whole = leader.client.get(&format!("/v1/channels/{id}/messages")).ok();
        assert_eq!((&whole["first"], &whole["last"], state(whole["cursor"].as_str().expect("a cursor"))), (&json!(1), &json!(21), json!("entries")));
        assert_eq!((state("22"), state("20.0190000000007000a000000000000001")), (json!("reset"), json!("reset")));
        let mut sql = Sql::connect(world.database_url());
        sql.execute("DELETE FROM message WHERE number <= 5; DELETE FROM entry WHERE number <= 5 AND kind IN ('opened', 'message'); UPDATE stream SET floor = 5 WHERE number = 21");
        assert_eq!((state("2"), state("0"), state("5"), page("?after=2&limit=2")), (json!("gap"), json!("gap"), json!("entries"), (numbers(6..=7), false, true)));
        assert_eq!((page("?before=6"), page("?around=2&limit=3")), ((Vec::new(), false, true), (numbers(6..=7), false, true)));
        leader.client.get(&format!("/v1/channels/{id}/messages?after=x")).is_invalid_at(&[("query", "/after", "pattern")]);
        leader.client.get(&format!("/v1/channels/{id}/messages?before=3&after=2")).is_invalid_at(&[("query", "/before", "conflict")]);
    }
}
