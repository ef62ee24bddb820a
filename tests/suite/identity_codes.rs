//! Codes by which people sign in, and those who would guess them.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::cli_world::{Sql, free_port};
use crate::harness::people::{Holder, Messages, SMS_SECRET, another_code, ask_code, phone, phones_in, try_code};
use crate::harness::{Answer, Client, World, agent, both_databases, until};

/// What everybody is told whose code is not the one.
#[track_caller]
fn is_wrong(answer: &Answer) {
    answer.is_problem(403, "wrong-code");
}

/// An answer without what differs from request to request.
fn gist(answer: &Answer) -> (u16, serde_json::Value) {
    let mut json = answer.json.clone();
    if let Some(object) = json.as_object_mut() {
        object.remove("request_id");
    }
    (answer.status, json)
}

/// Somebody at another address, as the balancer tells it.
fn from_address(client: &Client, number: u32) -> Client {
    client.with(
        "x-forwarded-for",
        &format!("203.0.{}.{}", number / 250, number % 250 + 1),
    )
}

const BEHIND_A_BALANCER: (&str, &str) = ("ONEGRID_TRUSTED_PROXIES", "127.0.0.1");

both_databases! {
    fn a_new_phone_signs_in_and_is_the_same_person_next_time(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let first = messages.sign_in(&server, &phone(1));
        let me = first.on(&server).get("/v1/me").ok();
        assert_eq!(me["phone"], "199****0001");
        assert_eq!(me["name"], serde_json::Value::Null);
        assert_eq!(me["language"], "zh");
        // The same number, written otherwise, after its code was used up.
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE sign_in_code SET sent_at = 0");
        let international = format!("+86{}", phone(1));
        let code = messages.code(&server.anonymous(), &international);
        let tokens = try_code(&server.anonymous(), &international, &code).with_status(201);
        assert_eq!(tokens.header("cache-control"), Some("no-store"));
        let again = Holder::of(&server, tokens.json);
        assert_eq!(again.tokens["person_id"], first.tokens["person_id"]);
        assert_ne!(again.tokens["session_id"], first.tokens["session_id"]);
        let other = messages.sign_in(&server, &phone(2));
        assert_ne!(other.tokens["person_id"], first.tokens["person_id"]);
        assert_eq!(sql.count("person"), 2);
    }

    fn a_message_says_the_code_and_is_signed(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let english = server.anonymous().with("accept-language", "en");
        let code = messages.code(&english, &phone(3));
        let asked = messages.asked().pop().expect("a message");
        let body: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
        assert_eq!(
            body,
            json!({ "phone": format!("+86{}", phone(3)), "code": code, "purpose": "sign_in", "language": "en", "expires_in_s": 300 })
        );
        assert!(code.len() == 6 && code.bytes().all(|c| c.is_ascii_digit()), "{code}");
        let said = format!("{}.{}.{}", asked.header("webhook-id"), asked.header("webhook-timestamp"), asked.body);
        let tag = asked.header("webhook-signature").strip_prefix("v1,").expect("version 1");
        let tag = STANDARD.decode(tag).expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, SMS_SECRET.as_bytes());
        hmac::verify(&key, said.as_bytes(), &tag).expect("signed by us");
    }

    fn a_message_that_the_service_refuses_is_tried_again_as_the_same(world: &World) {
        let failures = std::sync::atomic::AtomicU32::new(0);
        let messages = Messages::answering(move |_| {
            let nth = failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            (if nth < 2 { 500 } else { 200 }, String::new())
        });
        let server = messages.serve(world);
        ask_code(&server.anonymous(), &phone(4)).with_status(202);
        until("the third try", || (messages.asked().len() == 3).then_some(()));
        let ids: BTreeSet<String> = messages.asked().iter().map(|asked| asked.header("webhook-id").to_owned()).collect();
        assert_eq!(ids.len(), 1, "one message");
        assert_eq!(messages.codes_of(&phone(4)).iter().collect::<BTreeSet<_>>().len(), 1, "one code");
    }

    fn a_code_is_tried_five_times_and_used_once(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let client = server.anonymous();
        // The fifth try is the right one.
        let code = messages.code(&client, &phone(5));
        for _ in 0..4 {
            is_wrong(&try_code(&client, &phone(5), &another_code(&code)));
        }
        try_code(&client, &phone(5), &code).with_status(201);
        is_wrong(&try_code(&client, &phone(5), &code));
        // Here it comes a try too late.
        let code = messages.code(&client, &phone(6));
        for _ in 0..5 {
            is_wrong(&try_code(&client, &phone(6), &another_code(&code)));
        }
        is_wrong(&try_code(&client, &phone(6), &code));
        // No code of one phone is one of another.
        let code = messages.code(&client, &phone(7));
        messages.code(&client, &phone(8));
        let of_the_other = messages.codes_of(&phone(8)).pop().expect("a code");
        if code != of_the_other {
            is_wrong(&try_code(&client, &phone(8), &code));
        }
    }

    fn ten_wrong_tries_from_many_addresses_shut_the_phone_for_the_day(world: &World) {
        let messages = Messages::start();
        let servers = [messages.serve_with(world, &[BEHIND_A_BALANCER]), messages.serve_with(world, &[BEHIND_A_BALANCER])];
        let code = messages.code(&servers[0].anonymous(), &phone(9));
        // Forty guessers, each at an address of their own, on both servers at once.
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let guessers: Vec<_> = (0..40_u32)
                .map(|number| {
                    let client = from_address(&servers[number as usize % 2].anonymous(), number).on_own_connection();
                    let guess = format!("{:06}", (code.parse::<u32>().expect("digits") + 1 + number) % 1_000_000);
                    scope.spawn(move || try_code(&client, &phone(9), &guess))
                })
                .collect();
            guessers.into_iter().map(|guesser| guesser.join().expect("an answer")).collect()
        });
        let tried = answers.iter().filter(|answer| answer.status == 403).count();
        assert_eq!(tried, 10, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        for answer in answers.iter().filter(|answer| answer.status != 403) {
            answer.is_problem(429, "too-many-requests");
            let wait: u64 = answer.needed_header("retry-after").parse().expect("seconds");
            assert!((1..=86_401).contains(&wait), "until midnight: {wait}");
        }
        // The right code comes too late as well, also from where nobody guessed.
        let fresh = from_address(&servers[0].anonymous(), 200);
        try_code(&fresh, &phone(9), &code).is_problem(429, "too-many-requests");
        // Somebody else's phone is open.
        messages.sign_in(&servers[1], &phone(10));
    }

    fn an_address_and_a_device_have_limits_of_their_own(world: &World) {
        let messages = Messages::start();
        let server = messages.serve_with(world, &[BEHIND_A_BALANCER, ("ONEGRID_CODES_PER_ADDRESS", "3")]);
        let here = from_address(&server.anonymous(), 1);
        for number in 20..23 {
            ask_code(&here, &phone(number)).with_status(202);
        }
        ask_code(&here, &phone(23)).is_problem(429, "too-many-requests");
        // What was refused is not counted against the phone.
        let elsewhere = from_address(&server.anonymous(), 2);
        ask_code(&elsewhere, &phone(23)).with_status(202);
        for _ in 0..3 {
            is_wrong(&try_code(&here, &phone(24), "000000"));
        }
        try_code(&here, &phone(24), "000000").is_problem(429, "too-many-requests");
        is_wrong(&try_code(&elsewhere, &phone(24), "000000"));
        // A device that changes its address is still one device.
        let asked = |number: u32| {
            let client = from_address(&server.anonymous(), 1000 + number);
            let device = json!({ "id": "device-of-a-bot" });
            client.post("/v1/auth/codes", &json!({ "phone": phone(100 + number), "device": device }))
        };
        for number in 0..20 {
            asked(number).with_status(202);
        }
        asked(20).is_problem(429, "too-many-requests");
    }

    fn messages_have_a_budget_and_an_alarm(world: &World) {
        let messages = Messages::start();
        let listen = format!("127.0.0.1:{}", free_port());
        let server = messages.serve_with(world, &[("ONEGRID_SMS_BUDGET", "5"), ("ONEGRID_METRICS_LISTEN", &listen)]);
        let metric = |name: &str| {
            let text = agent().get(format!("http://{listen}/metrics")).call().expect("metrics");
            let text = text.into_body().read_to_string().expect("text");
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok())
        };
        let client = server.anonymous();
        for number in 30..33 {
            messages.code(&client, &phone(number));
        }
        assert_eq!(metric("onegrid_sms_budget_left "), Some(2.0));
        assert_eq!(metric("onegrid_sms_budget_alarm "), Some(0.0));
        messages.code(&client, &phone(33));
        assert_eq!(metric("onegrid_sms_budget_alarm "), Some(1.0));
        let until_warned_once = |words: &str| {
            let warned = || server.log().iter().filter(|line| line.contains(words)).count();
            until(words, || (warned() == 1).then_some(()));
        };
        until_warned_once("four fifths of the day's text messages are spent");
        messages.code(&client, &phone(34));
        let refused = ask_code(&client, &phone(35));
        refused.is_problem(503, "no-messages-left");
        refused.needed_header("retry-after");
        assert_eq!(metric("onegrid_sms_budget_left "), Some(0.0));
        assert_eq!(messages.asked().len(), 5, "and no more");
        until_warned_once("the last text message of the day is sent");
    }

    fn nobody_learns_whether_a_phone_is_known(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let client = server.anonymous();
        let mut sql = Sql::connect(world.database_url());
        messages.sign_in(&server, &phone(40));
        sql.execute("DELETE FROM sign_in_code; DELETE FROM tally;");
        // Asking, asking too soon, and wrong codes until there were enough.
        let of = |number: u32| -> Vec<(u16, serde_json::Value)> {
            let mut seen = vec![gist(&ask_code(&client, &phone(number))), gist(&ask_code(&client, &phone(number)))];
            let code = until("the code", || messages.codes_of(&phone(number)).pop());
            for _ in 0..11 {
                seen.push(gist(&try_code(&client, &phone(number), &another_code(&code))));
            }
            seen
        };
        let known = of(40);
        let unknown = of(41);
        assert_eq!(known, unknown);
        let statuses: Vec<u16> = known.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [202, 429, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 429]);
        assert_eq!(sql.count("person"), 1, "a wrong code makes nobody");
    }

    fn a_phone_stands_nowhere_in_the_database_nor_in_the_log(world: &World) {
        let messages = Messages::start();
        let server = messages.serve_with(world, &[("ONEGRID_LOG", "trace")]);
        let holder = messages.sign_in(&server, &phone(50));
        let me = holder.on(&server).with("if-match", "*").send("PATCH", "/v1/me", Some(r#"{"name":"王小梅"}"#));
        me.with_status(200);
        let code = messages.code(&server.anonymous(), &phone(51));
        is_wrong(&try_code(&server.anonymous(), &phone(51), &another_code(&code)));
        let says_a_lot = |log: &str| log.contains("/v1/auth/codes") && log.contains("TRACE");
        let log = until("the log says a lot", || Some(server.log().join("\n")).filter(|log| says_a_lot(log)));
        assert_eq!(phones_in(&log), [""; 0]);
        for secret in [&code, SMS_SECRET, "王小梅", holder.access_token(), holder.refresh_token()] {
            assert!(!log.contains(secret), "{secret} is in the log");
        }
        drop(server);
        for (name, bytes) in everything_kept(world) {
            for secret in [phone(50).as_str(), phone(51).as_str(), "王小梅", holder.refresh_token()] {
                let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} is in {name}");
            }
            let hash = |code: &str| bytes.windows(code.len()).any(|part| part == code.as_bytes());
            assert!(name.ends_with(".db-wal") || name.ends_with(".db") || !hash(&code), "the code is in {name}");
        }
    }

    fn what_is_no_phone_or_no_code_is_named(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let client = server.anonymous();
        for wrong in ["138", "12800138000", "+8601012345678", "008613800138000", "phone", ""] {
            ask_code(&client, wrong).is_invalid_at(&[("body", "/phone", "pattern")]);
        }
        client.post("/v1/auth/codes", &json!({})).is_invalid_at(&[("body", "/phone", "required")]);
        try_code(&client, &phone(60), "12345").is_invalid_at(&[("body", "/code", "pattern")]);
        let both = [("body", "/phone", "required"), ("body", "/code", "required")];
        client.post("/v1/auth/sessions", &json!({})).is_invalid_at(&both);
        let only_phone = client.post("/v1/auth/sessions", &json!({ "phone": phone(60), "js_code": "0a1B2c3D4e" }));
        only_phone.is_invalid_at(&[("body", "/code", "required")]);
        assert!(messages.asked().is_empty());
    }

    fn without_a_message_service_nobody_gets_a_code_and_the_console_is_for_the_demo(world: &World) {
        let server = world.serve();
        ask_code(&server.anonymous(), &phone(70)).is_problem(403, "not-set-up");
        let ran = world.run_with(&["serve"], &[("ONEGRID_SMS_URL", "console")]);
        assert_ne!(ran.code, Some(0));
        assert!(ran.err.contains("ONEGRID_SMS_URL: console is for the demo alone"), "{}", ran.err);
    }
}

/// All that the database keeps, by name: SQLite's files, or PostgreSQL's rows as text.
fn everything_kept(world: &World) -> Vec<(String, Vec<u8>)> {
    if world.is_sqlite() {
        let files = std::fs::read_dir(world.path("")).expect("the folder");
        let files = files.map(|entry| entry.expect("read").path());
        let kept = files.filter(|path| path.to_string_lossy().contains("onegrid.db"));
        let kept: Vec<_> = kept
            .map(|path| (path.display().to_string(), std::fs::read(path).expect("read")))
            .collect();
        assert!(!kept.is_empty());
        return kept;
    }
    let mut sql = Sql::connect(world.database_url());
    let tables =
        sql.texts("SELECT table_name::text AS value FROM information_schema.tables WHERE table_schema = 'public'");
    assert!(tables.len() > 10);
    tables
        .into_iter()
        .map(|table| {
            // Bytes as the text that they might be.
            let rows = sql.texts(&format!("SELECT t::text AS value FROM {table} t"));
            let unhexed = rows.join("\n").split("\\x").map(unhex).collect::<Vec<_>>().concat();
            (table, [rows.join("\n").into_bytes(), unhexed].concat())
        })
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map_while(|c| c.to_digit(16)).collect();
    digits
        .chunks_exact(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}
