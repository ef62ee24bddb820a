//! The socket as a client has it: who is let in, what comes, in what order, and how it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::people::{Messages, bearing};
use crate::harness::roles::issue;
use crate::harness::socket::{Follower, Socket};
use crate::harness::{Client, Server, World, both_databases, unit_id, until};
use crate::inbox::{person, write_many};

const HOME: &str = "429901001001001A1";

/// Somebody with a token.
struct Somebody {
    client: Client,
    token: String,
}

fn somebody(server: &Server, number: u32) -> Somebody {
    let token = issue(server.program(), number, None);
    Somebody {
        client: bearing(server, &token),
        token,
    }
}

fn start(world: &World) -> Server {
    world.import_units();
    world.serve()
}

/// Takes in what comes until the follower has so many entries of the inbox.
#[track_caller]
pub(crate) fn until_has(follower: &mut Follower, many: usize) {
    until(&format!("{many} entries"), || {
        follower.listen().expect("connected");
        (follower.streams["inbox"].items.len() >= many).then_some(())
    });
}

/// What the server keeps of somebody's inbox, in order, as the socket shows it.
pub(crate) fn kept(client: &Client) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let page = client
            .get(&format!("/v1/me/inbox/entries?limit=500&after={after}"))
            .ok();
        all.extend(
            page["items"]
                .as_array()
                .expect("items")
                .iter()
                .cloned()
                .map(without_read),
        );
        page["cursor"].as_str().expect("a cursor").clone_into(&mut after);
        if page["more"] == false {
            return all;
        }
    }
}

fn without_read(mut item: Value) -> Value {
    item.as_object_mut().expect("an entry").remove("read");
    item
}

/// Sends a request as it stands and reads the answer's head and what comes with it.
fn raw(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a socket");
    stream.write_all(request.as_bytes()).expect("the server listens");
    let mut answer = Vec::new();
    let mut some = [0; 4096];
    loop {
        match stream.read(&mut some) {
            Ok(0) => break,
            Ok(many) => answer.extend_from_slice(&some[..many]),
            Err(error) => panic!("no end of the answer: {error}: {}", String::from_utf8_lossy(&answer)),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn handshake(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{KEY}{more}\r\n"
    )
}

both_databases! {
    fn what_comes_into_an_inbox_comes_over_the_socket_at_once_and_once(world: &World) {
        let server = start(world);
        let (newcomer, head) = (somebody(&server, 1), server.holding(2, "building_head", HOME));
        let head_token = issue(server.program(), 2, None);
        let mut follower = Follower::new(&head_token, &["inbox"]);
        assert!(follower.connect(server.address()));
        until_has(&mut follower, 1);
        let home = unit_id(&server.anonymous(), HOME);
        newcomer.client.send("POST", &format!("/v1/units/{home}/residents"), None).with_status(201);
        until_has(&mut follower, 2);
        let texts: Vec<&str> = follower.streams["inbox"].items.iter().map(|item| item["text"].as_str().expect("a text")).collect();
        assert_eq!(texts, ["您现在是幸福里1号楼的楼栋长。", "有居民申请入住幸福里1号楼，请查看并处理。"]);
        assert_eq!(follower.streams["inbox"].items, kept(&head));
        // The language is the client's.
        let mut english = Socket::try_connect(server.address(), &[("accept-language", "en")]).expect("connected");
        english.say(&json!({ "type": "hello", "token": head_token }));
        english.until("welcome");
        english.say(&json!({ "type": "subscribe", "id": "a", "streams": { "inbox": "0" } }));
        let subscribed = english.until("subscribed");
        assert_eq!((&subscribed["id"], &subscribed["followed"], &subscribed["refused"]), (&json!("a"), &json!(1), &json!({})));
        let entries = english.until("entries");
        assert_eq!(entries["items"][0]["text"], "You are now the building head of 幸福里1号楼.");
        assert_eq!((&entries["more"], entries["items"].as_array().map(Vec::len)), (&json!(false), Some(2)));
        // Who has read it on one device has read it on all, whichever way they say so.
        english.say(&json!({ "type": "read", "stream": "inbox", "number": 1 }));
        assert_eq!(english.until("read"), json!({ "type": "read", "stream": "inbox", "read_to": 1, "unread": 1 }));
        head.post("/v1/me/inbox/read", &json!({ "number": 2 })).with_status(200);
        assert_eq!(english.until("read"), json!({ "type": "read", "stream": "inbox", "read_to": 2, "unread": 0 }));
        until("the other device knows", || {
            follower.listen().expect("connected");
            follower.others.iter().any(|frame| frame["type"] == "read" && frame["unread"] == 0).then_some(())
        });
    }

    fn whoever_was_away_gets_what_came_in_between_in_pages_and_nothing_twice(world: &World) {
        let server = start(world);
        let reader = somebody(&server, 1);
        let id = person(&reader.client);
        let mut follower = Follower::new(&reader.token, &["inbox"]);
        assert!(follower.connect(server.address()));
        write_many(world, id, 3);
        until_has(&mut follower, 3);
        follower.hang_up();
        write_many(world, id, 450);
        assert!(follower.connect(server.address()));
        until_has(&mut follower, 453);
        assert_eq!(follower.streams["inbox"].numbers(), (1..=453).collect::<Vec<_>>());
        assert_eq!(follower.streams["inbox"].items, kept(&reader.client));
        // Who comes with the last cursor is told nothing but what comes next.
        assert!(follower.connect(server.address()));
        write_many(world, id, 1);
        until_has(&mut follower, 454);
        // Who comes without a cursor is told where the stream is, and gets what comes next.
        let mut fresh = Socket::signed_in(server.address(), &reader.token);
        fresh.say(&json!({ "type": "subscribe", "streams": { "inbox": null } }));
        let first = fresh.until("entries");
        assert_eq!((&first["items"], &first["more"]), (&json!([]), &json!(false)));
        assert!(first["cursor"].as_str().expect("a cursor").starts_with("454."), "{first}");
        write_many(world, id, 1);
        assert_eq!(fresh.until("entries")["items"][0]["number"], 455);
    }

    fn a_cursor_of_another_past_is_reset_and_one_that_is_too_old_a_gap(world: &World) {
        let server = start(world);
        let reader = somebody(&server, 1);
        let id = person(&reader.client);
        write_many(world, id, 4);
        let mut socket = Socket::signed_in(server.address(), &reader.token);
        for wrong in ["9.0190000000007000a000000000000001", "3.0190000000007000a000000000000001"] {
            socket.say(&json!({ "type": "subscribe", "streams": { "inbox": wrong } }));
            socket.until("subscribed");
            assert_eq!(socket.until("reset"), json!({ "type": "reset", "stream": "inbox", "number": 4, "floor": 0 }));
        }
        socket.say(&json!({ "type": "subscribe", "streams": { "inbox": "nonsense", "outbox": null } }));
        let subscribed = socket.until("subscribed");
        assert_eq!(subscribed["followed"], 0);
        assert_eq!(subscribed["refused"]["inbox"]["errors"][0]["pointer"], "/streams/inbox");
        assert_eq!(subscribed["refused"]["outbox"]["type"], "https://onegrid.dev/problems/not-found");
        // What is kept no more is a gap, and what is kept follows.
        let mut sql = crate::cli_world::Sql::connect(world.database_url());
        sql.execute("UPDATE stream SET floor = 2 WHERE kind = 'inbox' AND number = 4");
        sql.execute("DELETE FROM entry WHERE number <= 2 AND stream_id IN (SELECT id FROM stream WHERE kind = 'inbox' AND number = 4)");
        socket.say(&json!({ "type": "subscribe", "streams": { "inbox": "0" } }));
        assert_eq!(socket.until("gap"), json!({ "type": "gap", "stream": "inbox", "floor": 2 }));
        let entries = socket.until("entries");
        assert_eq!((&entries["items"][0]["number"], &entries["items"][1]["number"]), (&json!(3), &json!(4)));
    }

    fn who_is_not_let_in_is_told_what_to_do(world: &World) {
        let server = start(world);
        let reader = somebody(&server, 1);
        // Nothing is done for who has not said who they are.
        let mut socket = Socket::connect(server.address());
        socket.say(&json!({ "type": "subscribe", "streams": { "inbox": null } }));
        let error = socket.until("error");
        assert_eq!((&error["of"], &error["problem"]["status"]), (&json!("subscribe"), &json!(401)));
        socket.say(&json!({ "type": "ping", "id": "1" }));
        assert_eq!(socket.until("pong")["id"], "1");
        socket.say(&json!({ "type": "hello", "token": "nonsense" }));
        let closed = socket.until_closed();
        assert_eq!((closed.code, closed.action.as_str()), (4001, "refresh"));
        // Who says nothing is sent away.
        let mut silent = Socket::connect(server.address());
        assert_eq!(silent.until_closed().code, 4001);
        // The token may come as a subprotocol, for whoever can set no first frame in time.
        let protocols = format!("onegrid.v1, bearer.{}", reader.token);
        let mut by_protocol = Socket::try_connect(server.address(), &[("sec-websocket-protocol", &protocols)]).expect("connected");
        assert_eq!(by_protocol.until("welcome")["person_id"], reader.client.get("/v1/me").ok()["id"]);
        let wrong = [("sec-websocket-protocol", "onegrid.v1, bearer.nonsense")];
        assert_eq!(Socket::try_connect(server.address(), &wrong).expect("connected").until_closed().code, 4001);
        // Said twice it is an error, and the connection goes on.
        by_protocol.say(&json!({ "type": "hello", "token": reader.token }));
        assert_eq!(by_protocol.until("error")["problem"]["status"], 409);
        by_protocol.say(&json!({ "type": "refresh", "token": reader.token }));
        by_protocol.until("refreshed");
        let other = somebody(&server, 2);
        by_protocol.say(&json!({ "type": "refresh", "token": other.token }));
        assert_eq!(by_protocol.until("error")["of"], "refresh");
        by_protocol.say(&json!({ "type": "ping" }));
        by_protocol.until("pong");
    }

    fn a_token_is_refreshed_on_the_open_connection_and_who_signs_out_is_out(world: &World) {
        world.import_units();
        let messages = Messages::start();
        let server = messages.serve(world);
        let holder = messages.sign_in(&server, &crate::harness::people::phone(1));
        let mut socket = Socket::signed_in(server.address(), holder.tokens["access_token"].as_str().expect("a token"));
        let renewed = crate::harness::people::refresh(&server, holder.tokens["refresh_token"].as_str().expect("a token")).with_status(200).json;
        socket.say(&json!({ "type": "refresh", "token": renewed["access_token"] }));
        socket.until("refreshed");
        let client = bearing(&server, renewed["access_token"].as_str().expect("a token"));
        let sessions = client.get("/v1/me/sessions").ok();
        let own = sessions["items"].as_array().expect("items").iter().find(|one| one["current"] == true).expect("this one");
        client.send("DELETE", &format!("/v1/me/sessions/{}", own["id"].as_str().expect("an id")), None).with_status(204);
        let closed = socket.until_closed();
        assert_eq!((closed.code, closed.action.as_str()), (4003, "sign_in"));
    }

    fn frames_that_are_none_are_refused_one_by_one_and_bytes_that_are_none_end_it(world: &World) {
        let server = start(world);
        let reader = somebody(&server, 1);
        let mut socket = Socket::signed_in(server.address(), &reader.token);
        for (wrong, of, slug) in [
            ("{", Value::Null, "malformed-body"),
            ("[]", Value::Null, "invalid-input"),
            ("{\"type\":\"dance\"}", Value::Null, "invalid-input"),
            ("{\"type\":\"read\",\"stream\":\"inbox\"}", json!("read"), "invalid-input"),
            ("{\"type\":\"read\",\"stream\":\"inbox\",\"number\":0}", json!("read"), "invalid-input"),
            ("{\"type\":\"read\",\"stream\":\"inbox\",\"number\":1,\"x\":1}", json!("read"), "invalid-input"),
            ("{\"type\":\"read\",\"stream\":\"outbox\",\"number\":1}", json!("read"), "not-found"),
        ] {
            socket.send(Message::text(wrong)).expect("sent");
            let error = socket.until("error");
            assert_eq!((&error["of"], &error["problem"]["type"]), (&of, &json!(format!("https://onegrid.dev/problems/{slug}"))), "{wrong}");
        }
        // The WebSocket's own ping is answered as well.
        socket.send(Message::Ping("there".into())).expect("sent");
        socket.say(&json!({ "type": "ping" }));
        socket.until("pong");
        assert_eq!(socket.pongs, 1);
        // Bytes as they should not be.
        let ends = |message: Message| {
            let mut socket = Socket::signed_in(server.address(), &reader.token);
            // It may hang up before it has read all of it.
            let _ = socket.send(message);
            socket.until_closed().code
        };
        assert_eq!(ends(Message::binary(vec![1, 2, 3])), 1003);
        let code = ends(Message::text("a".repeat(10_000_000)));
        assert!([1009, 0].contains(&code), "{code}");
        let mut bare = Socket::signed_in(server.address(), &reader.token);
        let mut stream = bare.stream().try_clone().expect("a socket");
        stream.write_all(&[0x81, 0x05, b'h', b'e', b'l', b'l', b'o']).expect("sent");
        assert_eq!(bare.until_closed().code, 1002, "a client's frame must be masked");
        let mut bare = Socket::signed_in(server.address(), &reader.token);
        stream = bare.stream().try_clone().expect("a socket");
        stream.write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).expect("sent");
        assert_eq!(bare.until_closed().code, 1007);
        // A frame that says that it is endless is not waited for.
        let mut endless = Socket::signed_in(server.address(), &reader.token);
        stream = endless.stream().try_clone().expect("a socket");
        stream.write_all(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]).expect("sent");
        let some = vec![b'x'; 10_000];
        for _ in 0..20 {
            // It may hang up before it has all of it.
            if stream.write_all(&some).is_err() {
                break;
            }
        }
        let code = endless.until_closed().code;
        assert!([1009, 0].contains(&code), "{code}");
        // Who says that they say no more is gone.
        let mut half = Socket::signed_in(server.address(), &reader.token);
        half.stream().shutdown(std::net::Shutdown::Write).expect("a socket");
        assert_eq!(half.until_closed().code, 0);
        // A message in many parts is one.
        let mut parts = Socket::signed_in(server.address(), &reader.token);
        stream = parts.stream().try_clone().expect("a socket");
        let text = b"{\"type\":\"ping\",\"id\":\"parts\"}";
        for (number, byte) in text.iter().enumerate() {
            let first = u8::from(number == 0);
            let last = if number + 1 == text.len() { 0x80 } else { 0 };
            stream.write_all(&[last | first, 0x81, 0, 0, 0, 0, *byte]).expect("sent");
        }
        assert_eq!(parts.until("pong")["id"], "parts");
        // Who says too much at once is sent away for a while.
        let mut flood = Socket::signed_in(server.address(), &reader.token);
        for _ in 0..10_000 {
            if flood.try_say(&json!({ "type": "pong" })).is_err() {
                break;
            }
        }
        let closed = flood.until_closed();
        assert!(closed.code == 4005 && closed.retry_after_ms.is_some() || closed.code == 0, "{closed:?}");
    }

    fn nothing_but_a_handshake_at_its_path_becomes_a_socket(world: &World) {
        let server = start(world);
        let at = server.address();
        let status = |request: &str| {
            let answer = raw(at, request);
            let line = answer.lines().next().unwrap_or_default().to_owned();
            assert!(answer.contains("application/problem+json"), "{request}: {answer}");
            assert!(answer.to_lowercase().contains("x-request-id"), "{answer}");
            (line.split(' ').nth(1).unwrap_or_default().to_owned(), answer)
        };
        for (request, expected) in [
            (handshake("/v1/circle?lat=1&lon=1", ""), "400"),
            (handshake("/nope", ""), "400"),
            (handshake("/v1/socket?token=x", ""), "422"),
            (handshake("/v1/socket", "Origin: https://evil.example\r\n"), "403"),
            (handshake("/v1/socket", "Content-Length: 3\r\n"), "400"),
            (handshake("/v1/socket", "").replace("13", "8"), "426"),
            (handshake("/v1/socket", "").replace("GET", "POST"), "405"),
            (handshake("/v1/socket", "").replace(KEY, ""), "400"),
            (handshake("/v1/socket", "").replace("Connection: Upgrade", "Connection: close"), "400"),
            ("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n".to_owned(), "405"),
            ("GET /v1/socket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), "426"),
        ] {
            let (found, answer) = status(&request);
            assert_eq!(found, expected, "{request}{answer}");
        }
        assert!(status(&handshake("/v1/socket", "").replace("13", "8")).1.contains("sec-websocket-version: 13"));
        let h2c = raw(at, "GET /health/live HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n");
        assert!(h2c.starts_with("HTTP/1.1 200"), "{h2c}");
        // A page of our own host may come, and a frame in the packet of the handshake is heard.
        let mut stream = TcpStream::connect(at).expect("the server listens");
        let mut packet = handshake("/v1/socket", "Origin: http://x\r\n").into_bytes();
        let ping = b"{\"type\":\"ping\",\"id\":\"early\"}";
        packet.extend_from_slice(&[0x81, 0x80 | ping.len() as u8, 0, 0, 0, 0]);
        packet.extend_from_slice(ping);
        stream.write_all(&packet).expect("sent");
        let mut heard = String::new();
        until("the answer to the early frame", || {
            let mut some = [0; 1024];
            let many = stream.read(&mut some).expect("connected");
            heard.push_str(&String::from_utf8_lossy(&some[..many]));
            heard.contains("\"early\"").then_some(())
        });
        assert!(heard.starts_with("HTTP/1.1 101") && heard.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{heard}");
    }

    fn events_are_the_inbox_for_who_can_have_no_socket(world: &World) {
        let server = start(world);
        let reader = somebody(&server, 1);
        let id = person(&reader.client);
        write_many(world, id, 2);
        let open = |last: Option<&str>| {
            let mut stream = TcpStream::connect(server.address()).expect("the server listens");
            stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
            let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
            let request = format!("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{last}\r\n", reader.token);
            stream.write_all(request.as_bytes()).expect("sent");
            stream
        };
        let until_read = |stream: &mut TcpStream, words: &str| {
            let mut text = String::new();
            until(words, || {
                let mut some = [0; 4096];
                if let Ok(many) = stream.read(&mut some) {
                    text.push_str(&String::from_utf8_lossy(&some[..many]));
                }
                text.contains(words).then(|| text.clone())
            })
        };
        let mut stream = open(Some("0"));
        let text = until_read(&mut stream, "\"number\":2");
        assert!(text.contains("text/event-stream") && text.contains("no-store"), "{text}");
        let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
        assert_eq!(ids.len(), 2, "{text}");
        write_many(world, id, 1);
        until_read(&mut stream, "\"number\":3");
        let mut again = open(Some(ids[0]));
        let text = until_read(&mut again, "\"number\":3");
        assert!(text.contains("\"number\":2") && !text.contains("\"number\":1,"), "{text}");
        let mut fresh = open(None);
        until_read(&mut fresh, "event: ready");
        write_many(world, id, 1);
        let text = until_read(&mut fresh, "\"number\":4");
        assert!(!text.contains("\"number\":3"), "{text}");
        let mut void = open(Some("9.0190000000007000a000000000000001"));
        assert!(until_read(&mut void, "event: closing").contains("event: reset\n"));
        assert!(until_read(&mut open(Some("nonsense")), "}").contains(" 422 "));
        server.anonymous().get("/v1/events").is_problem(401, "unauthenticated");
    }

    fn an_instance_that_stops_sends_everybody_to_the_others(world: &World) {
        let mut server = start(world);
        let reader = somebody(&server, 1);
        let mut sockets: Vec<Socket> = (0..5).map(|_| Socket::signed_in(server.address(), &reader.token)).collect();
        server.tell_to_stop();
        for socket in &mut sockets {
            let closed = socket.until_closed();
            assert_eq!((closed.code, closed.action.as_str()), (4000, "reconnect"));
            assert!(closed.retry_after_ms.is_some());
        }
        assert_eq!(server.until_ended(), Some(0));
    }
}

#[test]
fn the_kept_document_of_the_socket_is_that_of_the_code() {
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/asyncapi.yaml"));
    let made = onegrid::server::socket_document().expect("YAML");
    assert!(
        kept.expect("the document is kept") == made,
        "openapi/asyncapi.yaml is out of date: onegrid openapi"
    );
    let document = onegrid::server::live_document();
    let messages = document["components"]["messages"].as_object().expect("messages");
    // Whoever reads the states finds each message there is, and no other.
    let says = |side: &str| -> std::collections::BTreeSet<String> {
        let machines = document["x-states"].as_object().expect("machines");
        let states = machines
            .values()
            .flat_map(|machine| machine["states"].as_object().expect("states").values());
        states
            .flat_map(|state| {
                state[side]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|name| format!("{side}_{}", name.as_str().expect("a name")))
            })
            .collect()
    };
    let named: std::collections::BTreeSet<String> = says("client").into_iter().chain(says("server")).collect();
    assert_eq!(named, messages.keys().cloned().collect());
    let kinds = onegrid::live::socket::frames::ClientFrame::KINDS;
    assert_eq!(
        kinds.len(),
        messages.keys().filter(|name| name.starts_with("client_")).count()
    );
    assert!(
        kinds
            .iter()
            .all(|kind| messages.contains_key(&format!("client_{kind}")))
    );
}
