//! What concerns somebody reaches them: in order, without a gap, in their language.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use onegrid::db::{Db, Target};
use onegrid::language::Words;
use onegrid::live::inbox::{Letter, write_to};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli_world::Sql;
use crate::harness::{Asked, Client, FakeService, Server, World, both_databases, unit_id, until};

const HOME: &str = "429901001001001A1";
const GRID: &str = "429901001001001";
const COMMUNITY: &str = "429901001001";

fn inbox(client: &Client) -> Value {
    client.get("/v1/me/inbox").ok()
}

fn texts(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().expect("items");
    items
        .iter()
        .map(|entry| entry["text"].as_str().expect("a text"))
        .collect()
}

fn numbers(answer: &Value) -> Vec<i64> {
    let items = answer["items"].as_array().expect("items");
    items
        .iter()
        .map(|entry| entry["number"].as_i64().expect("a number"))
        .collect()
}

fn news(client: &Client, after: &str) -> Value {
    client.get(&format!("/v1/me/inbox/entries?after={after}")).ok()
}

fn cursor(answer: &Value) -> String {
    answer["cursor"].as_str().expect("a cursor").to_owned()
}

/// The id of a person, as the database has it.
pub(crate) fn person(client: &Client) -> Uuid {
    let id = client.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
    id.parse::<onegrid::identity::PersonId>().expect("a person's id").uuid()
}

/// Writes so many entries to somebody, as another process would.
pub(crate) fn write_many(world: &World, to: Uuid, many: usize) {
    let db = Db::open(&Target::parse(world.database_url()).expect("a database"), 2).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for number in 0..many {
        let letter = Letter {
            kind: "home_ended",
            about: None,
            words: vec![(
                "unit",
                Words::new(format!("{number}号楼"), format!("Building {number}")),
            )],
        };
        let written = runtime.block_on(db.write(move |tx| write_to(tx, to, &letter)));
        written.expect("it is written");
    }
}

fn start(world: &World) -> Server {
    world.import_units();
    world.serve()
}

both_databases! {
    fn who_asks_for_a_home_and_who_decides_are_told(world: &World) {
        let server = start(world);
        let home = unit_id(&server.anonymous(), HOME);
        let newcomer = server.person(1);
        let head = server.holding(2, "building_head", HOME);
        // The command line gave them the office, and that stands there already.
        let before = inbox(&head);
        assert_eq!(texts(&before), ["您现在是幸福里1号楼的楼栋长。"]);
        assert_eq!(inbox(&newcomer)["items"], json!([]));

        let asked = newcomer.send("POST", &format!("/v1/units/{home}/residents"), None).with_status(201).json;
        let told = news(&head, &cursor(&before));
        assert_eq!((&told["state"], texts(&told)), (&json!("entries"), vec!["有居民申请入住幸福里1号楼，请查看并处理。"]));
        assert_eq!(told["items"][0]["about"], json!({ "kind": "membership", "id": asked["id"] }));
        let unread = &inbox(&head)["unread"];
        assert_eq!(unread, 2);

        let id = asked["id"].as_str().expect("an id");
        head.send("POST", &format!("/v1/memberships/{id}/confirm"), None).with_status(200);
        let told = inbox(&newcomer);
        assert_eq!((texts(&told), &told["unread"]), (vec!["您入住幸福里1号楼的申请已通过。"], &json!(1)));
        let english = newcomer.with("accept-language", "en").get("/v1/me/inbox").ok();
        assert_eq!(texts(&english), ["You are confirmed as living at 幸福里1号楼."]);

        let read = newcomer.post("/v1/me/inbox/read", &json!({ "number": 1 })).with_status(200).json;
        assert_eq!(read, json!({ "unread": 0, "read_to": 1 }));
        // Read is read, also where an older device says otherwise, and nobody reads ahead.
        assert_eq!(newcomer.post("/v1/me/inbox/read", &json!({ "number": 9 })).with_status(200).json["read_to"], 1);
        assert_eq!(newcomer.post("/v1/me/inbox/read", &json!({ "number": 1.0 })).with_status(200).json["read_to"], 1);
        newcomer.post("/v1/me/inbox/read", &json!({ "number": 0 })).is_invalid_at(&[("body", "/number", "minimum")]);
        newcomer.post("/v1/me/inbox/read", &json!({ "number": 9223372036854775808_u64 })).is_invalid_at(&[("body", "/number", "maximum")]);
        assert_eq!(inbox(&newcomer)["items"][0]["read"], true);

        // What one does oneself one knows.
        newcomer.post(&format!("/v1/memberships/{id}/end"), &json!({ "reason": "搬家" })).with_status(200);
        assert_eq!(inbox(&newcomer)["unread"], 0);
    }

    fn a_refusal_and_an_end_reach_the_person_and_nobody_else(world: &World) {
        let server = start(world);
        let home = unit_id(&server.anonymous(), HOME);
        let (newcomer, other) = (server.person(1), server.person(2));
        let staff = server.holding(3, "community_staff", COMMUNITY);
        let asked = newcomer.send("POST", &format!("/v1/units/{home}/residents"), None).with_status(201).json;
        // Nobody heads the building nor leads the grid, so the community is told.
        assert_eq!(texts(&inbox(&staff))[0], "有居民申请入住幸福里1号楼，请查看并处理。");
        let refusal = json!({ "reason": "住址不符：身份证号不对" });
        staff.post(&format!("/v1/memberships/{}/refuse", asked["id"].as_str().expect("an id")), &refusal).with_status(200);
        let told = inbox(&newcomer);
        assert_eq!(texts(&told), ["您入住幸福里1号楼的申请未通过，原因见申请记录。"]);
        assert!(!told.to_string().contains("身份证"), "an inbox does not repeat what others wrote");
        let grant = json!({ "phone": crate::harness::people::phone(1), "role": "grid_leader" });
        let grid = unit_id(&server.anonymous(), GRID);
        let given = staff.post(&format!("/v1/units/{grid}/members"), &grant).with_status(201).json;
        staff.post(&format!("/v1/memberships/{}/end", given["id"].as_str().expect("an id")), &json!({ "reason": "调任" })).with_status(200);
        let told = inbox(&newcomer);
        let leader = ["您不再是幸福社区第一网格的网格长。", "您现在是幸福社区第一网格的网格长。"];
        assert_eq!((&texts(&told)[..2], numbers(&told)), (&leader[..], vec![3, 2, 1]));
        assert_eq!(inbox(&other)["items"], json!([]));
        server.anonymous().get("/v1/me/inbox").is_problem(401, "unauthenticated");
        // The answer is good to be asked for again and again.
        let first = newcomer.get("/v1/me/inbox").with_status(200);
        newcomer.with("if-none-match", &first.needed_header("etag")).get("/v1/me/inbox").with_status(304);
    }

    fn entries_are_dense_and_in_order_while_two_processes_write_and_readers_follow(world: &World) {
        let servers = [start(world), world.serve()];
        let reader = servers[0].person(1);
        let to = person(&reader);
        let token = crate::harness::roles::issue(servers[1].program(), 1, None);
        let elsewhere = crate::harness::people::bearing(&servers[1], &token);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| write_many(world, to, 25));
            }
            for client in [&reader, &elsewhere] {
                scope.spawn(move || {
                    let client = client.on_own_connection();
                    let (mut seen, mut after) = (Vec::new(), "0".to_owned());
                    let started = onegrid::clock::monotonic();
                    while seen.len() < 100 {
                        let told = client.get(&format!("/v1/me/inbox/entries?after={after}&limit=7")).ok();
                        assert_eq!(told["state"], "entries");
                        seen.extend(numbers(&told));
                        after = cursor(&told);
                        assert!(started.elapsed() < 3 * crate::harness::CEILING, "{seen:?}");
                    }
                    assert_eq!(seen, (1..=100).collect::<Vec<i64>>(), "no hole, no repeat, in order");
                });
            }
        });
        // The pages of the list go down to the first, each entry once.
        let (mut listed, mut path) = (Vec::new(), "/v1/me/inbox?limit=30".to_owned());
        loop {
            let page = reader.get(&path).ok();
            listed.extend(numbers(&page));
            match page["next"].as_str() {
                Some(next) => path = format!("/v1/me/inbox?limit=30&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(listed, (1..=100).rev().collect::<Vec<i64>>());
        let ids: BTreeSet<String> = reader.get("/v1/me/inbox/entries?limit=500").with_status(200).listed("id").into_iter().collect();
        assert_eq!(ids.len(), 100);
    }

    fn a_cursor_of_another_past_is_reset_and_one_that_is_no_cursor_refused(world: &World) {
        let server = start(world);
        let reader = server.person(1);
        let to = person(&reader);
        write_many(world, to, 3);
        let at_three = cursor(&inbox(&reader));
        // A backup was restored, and the third entry is another now.
        let mut sql = Sql::connect(world.database_url());
        sql.execute(
            "DELETE FROM entry WHERE number = 3; UPDATE stream SET number = 2, entry_id = (SELECT id FROM entry WHERE number = 2)",
        );
        assert_eq!(news(&reader, &at_three)["state"], "reset", "it is above the last");
        write_many(world, to, 1);
        let told = news(&reader, &at_three);
        assert_eq!((&told["state"], &told["items"], &told["cursor"]), (&json!("reset"), &json!([]), &json!("0")));
        assert_eq!(numbers(&news(&reader, "0")), [1, 2, 3]);
        for wrong in ["", "x", "3", "-1", "0.0", "3.xyz"] {
            reader.get(&format!("/v1/me/inbox/entries?after={wrong}")).is_invalid_at(&[("query", "/after", "cursor")]);
        }
        reader.get("/v1/me/inbox/entries?limit=501").is_invalid_at(&[("query", "/limit", "maximum")]);
        reader.get("/v1/me/inbox?cursor=zz").is_invalid_at(&[("query", "/cursor", "cursor")]);
    }
}

/// A push service that answers like this.
fn push_service(
    world: &World,
    answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) -> (FakeService, Server) {
    world.import_units();
    let service = FakeService::start(answer);
    let settings = [
        ("ONEGRID_PUSH_URL", service.url()),
        ("ONEGRID_PUSH_SECRET", SECRET.to_owned()),
    ];
    let server = world.serve_with(&settings.each_ref().map(|(name, value)| (*name, value.as_str())));
    (service, server)
}

const SECRET: &str = "pT7m-w2Kc9Xv4Bn8Zq3Ls6Hd1Rf5Gy";

/// No quiet at all, so that the hour of the test is of no concern.
fn always_loud(client: &Client) {
    client
        .send("PUT", "/v1/me/inbox/quiet-hours", Some(r#"{"from":null,"to":null}"#))
        .with_status(200);
}

fn jobs_left(world: &World) -> i64 {
    Sql::connect(world.database_url()).numbers("SELECT count(*) AS value FROM job WHERE kind = 'push'")[0]
}

/// A receiver that does whatever this does with each connection.
fn receiver(does: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let does = Arc::new(does);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let does = Arc::clone(&does);
            std::thread::spawn(move || does(&mut stream));
        }
    });
    url
}

/// What the first try of a push to this receiver came to; none where it was done.
fn first_try(world: &World, url: &str) -> Option<String> {
    world.import_units();
    let server = world.serve_with(&[("ONEGRID_PUSH_URL", url)]);
    let reader = server.person(1);
    always_loud(&reader);
    write_many(world, person(&reader), 1);
    let mut sql = Sql::connect(world.database_url());
    until("it was tried", || match jobs_left(world) {
        0 => Some(None),
        _ => sql
            .texts("SELECT failure AS value FROM job WHERE kind = 'push' AND failure IS NOT NULL")
            .pop()
            .map(Some),
    })
}

both_databases! {
    fn a_receiver_that_says_a_thousand_million_bytes_is_heard_for_a_few(world: &World) {
        let said = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&said);
        let url = receiver(move |stream| {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
            let block = [b'x'; 65_536];
            while stream.write_all(&block).is_ok() {
                counted.fetch_add(block.len(), Ordering::SeqCst);
            }
        });
        assert_eq!(first_try(world, &url), None, "its status was heard");
        // What the two ends of a connection hold may be some megabytes; it is no thousand.
        assert!(said.load(Ordering::SeqCst) < 64 << 20, "{said:?}");
    }

    fn a_receiver_that_trickles_its_answer_is_waited_for_no_longer_than_another(world: &World) {
        let url = receiver(|stream| {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ");
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(500));
            }
        });
        assert_eq!(first_try(world, &url).as_deref(), Some("the push service: no answer in time"));
    }

    fn a_receiver_that_is_gone_or_hangs_up_is_tried_again(world: &World) {
        let url = receiver(|_| {});
        let why = first_try(world, &url).expect("a failure");
        assert!(why.starts_with("the push service: "), "{why}");
        let nobody = format!("http://127.0.0.1:{}", crate::cli_world::free_port());
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE job SET due_at = 0, failure = NULL WHERE kind = 'push'");
        let _server = world.serve_with(&[("ONEGRID_PUSH_URL", &nobody)]);
        let why = until("it was tried", || sql.texts("SELECT failure AS value FROM job WHERE kind = 'push' AND failure IS NOT NULL").pop());
        assert!(["the push service: no connection", "the push service: the connection broke off"].contains(&why.as_str()), "{why}");
    }

    fn what_an_inbox_got_is_pushed_once_signed_and_with_an_id_that_stays(world: &World) {
        let failures = AtomicUsize::new(0);
        let (service, server) = push_service(world, move |_| {
            // It fails, then it sends one elsewhere, which is not gone to.
            match failures.fetch_add(1, Ordering::SeqCst) {
                0 => (500, "down".into()),
                1 => (302, String::new()),
                _ => (200, "x".repeat(1 << 20)),
            }
        });
        let reader = server.person(1);
        always_loud(&reader);
        let to = person(&reader);
        write_many(world, to, 1);
        until("it is pushed at the third try", || (service.asked().len() == 3 && jobs_left(world) == 0).then_some(()));
        let asked = service.asked();
        let ids: BTreeSet<&str> = asked.iter().map(|asked| asked.header("webhook-id")).collect();
        let entry = inbox(&reader)["items"][0].clone();
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), [entry["id"].as_str().expect("an id")]);
        for asked in &asked {
            let said = format!("{}.{}.{}", asked.header("webhook-id"), asked.header("webhook-timestamp"), asked.body);
            let tag = asked.header("webhook-signature").strip_prefix("v1,").expect("version 1");
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            hmac::verify(&key, said.as_bytes(), &STANDARD.decode(tag).expect("base64")).expect("signed by us");
        }
        let body: Value = serde_json::from_str(&asked[2].body).expect("JSON");
        assert_eq!((&body["type"], &body["timestamp"]), (&json!("inbox.entry"), &entry["at"]));
        let me = reader.get("/v1/me").ok()["id"].clone();
        let data = json!({
            "person_id": me, "id": entry["id"], "number": 1, "kind": "home_ended", "urgent": false, "about": null,
            "text": { "zh-CN": "您在0号楼的居住登记已结束。", "en": "You are no longer registered as living at Building 0." },
        });
        assert_eq!(body["data"], data);
    }

    fn one_slow_receiver_holds_up_nobody_and_what_was_read_is_not_pushed(world: &World) {
        let gate = Arc::new(AtomicBool::new(false));
        let waits = Arc::clone(&gate);
        let (service, server) = push_service(world, move |_| {
            // Longer than anybody waits, until the test lets go.
            while !waits.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            (200, String::new())
        });
        let reader = server.person(1);
        always_loud(&reader);
        let to = person(&reader);
        write_many(world, to, 1);
        // The request is kept once it is answered; meanwhile all else goes on.
        until("it is in hand", || {
            let claimed = "SELECT count(*) AS value FROM job WHERE kind = 'push' AND lease IS NOT NULL";
            (Sql::connect(world.database_url()).numbers(claimed)[0] == 1).then_some(())
        });
        assert_eq!(inbox(&reader)["unread"], 1);
        reader.post("/v1/me/inbox/read", &json!({ "number": 1 })).with_status(200);
        until("its time is up, and it waits for another try", || {
            let failed = "SELECT count(*) AS value FROM job WHERE kind = 'push' AND failure IS NOT NULL";
            (Sql::connect(world.database_url()).numbers(failed)[0] == 1).then_some(())
        });
        let listed = world.run(&["jobs", "list", "--kind", "push"]).succeeded().out.clone();
        assert!(listed.contains("the push service: no answer in time"), "{listed}");
        gate.store(true, Ordering::SeqCst);
        until("it was read in the meantime, so it is done", || (jobs_left(world) == 0).then_some(()));
        assert_eq!(service.asked().len(), 1, "the try that was not waited for");
    }

    fn quiet_hours_are_ones_own_and_refused_where_they_are_none(world: &World) {
        let server = start(world);
        let reader = server.person(1);
        let path = "/v1/me/inbox/quiet-hours";
        assert_eq!(reader.get(path).ok(), json!({ "from": "22:00", "to": "07:00" }));
        write_many(world, person(&reader), 1);
        reader.post("/v1/me/inbox/read", &json!({ "number": 1 })).with_status(200);
        assert_eq!(reader.get(path).ok(), json!({ "from": "22:00", "to": "07:00" }));
        assert_eq!(reader.put(path, &json!({ "from": "12:30", "to": "14:00" })).with_status(200).json["from"], "12:30");
        assert_eq!(reader.get(path).ok(), json!({ "from": "12:30", "to": "14:00" }));
        assert_eq!(inbox(&reader)["read_to"], 1, "that stays");
        assert_eq!(server.person(2).get(path).ok()["from"], "22:00");
        always_loud(&reader);
        assert_eq!(reader.get(path).ok(), json!({ "from": null, "to": null }));
        reader.put(path, &json!({ "from": "24:00", "to": "7:00" })).is_invalid_at(&[("body", "/from", "pattern"), ("body", "/to", "pattern")]);
        reader.put(path, &json!({ "from": "07:00", "to": "07:00" })).is_invalid_at(&[("body", "/to", "same")]);
        reader.put(path, &json!({ "from": "07:00", "to": null })).is_invalid_at(&[("body", "/to", "required")]);
        reader.put(path, &json!({ "from": "07:00" })).is_invalid_at(&[("body", "/to", "required")]);
        // Without a push service nothing waits for one.
        until("no job is left", || (jobs_left(world) == 0).then_some(()));
    }
}
