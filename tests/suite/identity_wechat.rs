//! Signing in by WeChat, whose server the test plays.

use serde_json::json;

use crate::cli_world::Sql;
use crate::harness::people::{Messages, phone};
use crate::harness::{Answer, FakeService, Server, World, both_databases, until};

const APP: &str = "wx0123456789abcdef";
const SECRET: &str = "fedcba9876543210fedcba9876543210";

/// WeChat knows `login-of-X`, which is X's, and answers the rest as it does.
fn wechat() -> FakeService {
    FakeService::start(|asked| {
        let of = |name: &str| asked.parameter(name).unwrap_or_default();
        if of("appid") != APP || of("secret") != SECRET || of("grant_type") != "authorization_code" {
            return (
                200,
                json!({ "errcode": 40125, "errmsg": "invalid appsecret" }).to_string(),
            );
        }
        let answer = match of("js_code").strip_prefix("login-of-") {
            Some(who) => json!({ "openid": format!("openid-of-{who}"), "session_key": "c2VjcmV0" }),
            None if of("js_code") == "usedusedused" => json!({ "errcode": 40163, "errmsg": "code been used" }),
            None if of("js_code") == "busybusybusy" => json!({ "errcode": -1, "errmsg": "system error" }),
            None if of("js_code") == "nonsensenonsense" => return (502, "<html>".into()),
            None => json!({ "errcode": 40029, "errmsg": "invalid code" }),
        };
        (200, answer.to_string())
    })
}

fn by_wechat(server: &Server, js_code: &str) -> Answer {
    server
        .anonymous()
        .post("/v1/auth/sessions", &json!({ "js_code": js_code }))
}

fn with_both(server: &Server, messages: &Messages, phone: &str, js_code: &str) -> Answer {
    let code = messages.code(&server.anonymous(), phone);
    let body = json!({ "phone": phone, "code": code, "js_code": js_code });
    server.anonymous().post("/v1/auth/sessions", &body)
}

both_databases! {
    fn a_wechat_account_is_tied_once_and_then_signs_in_alone(world: &World) {
        let (messages, wechat) = (Messages::start(), wechat());
        let url = wechat.url();
        let settings = [("ONEGRID_WECHAT_URL", url.as_str()), ("ONEGRID_WECHAT_APP_ID", APP), ("ONEGRID_WECHAT_SECRET", SECRET)];
        let server = messages.serve_with(world, &settings);
        by_wechat(&server, "login-of-mei").is_problem(409, "phone-needed");
        let tied = with_both(&server, &messages, &phone(500), "login-of-mei").with_status(201).json;
        let alone = by_wechat(&server, "login-of-mei").with_status(201).json;
        assert_eq!(alone["person_id"], tied["person_id"]);
        let mei = server.anonymous().with("authorization", &format!("Bearer {}", alone["access_token"].as_str().expect("a token")));
        assert_eq!(mei.get("/v1/me").ok()["wechat"], true);
        assert_eq!(mei.get("/v1/me/sessions").ok()["items"][0]["method"], "wechat");
        // It stays with whom it is tied to, and the code is not spent on that.
        let mut sql = Sql::connect(world.database_url());
        let other = with_both(&server, &messages, &phone(501), "login-of-mei");
        other.is_problem(409, "already-exists");
        assert_eq!(sql.count("person"), 1, "nobody was made");
        mei.send("DELETE", "/v1/me/wechat", None).with_status(204);
        assert_eq!(mei.get("/v1/me").ok()["wechat"], false);
        by_wechat(&server, "login-of-mei").is_problem(409, "phone-needed");
        // What WeChat calls somebody is sealed like a phone.
        let kept = sql.texts("SELECT items AS value FROM changes");
        assert!(!kept.concat().contains("openid-of"));
        let log = server.log().join("\n");
        for secret in [SECRET, "openid-of-mei", "login-of-mei"] {
            assert!(!log.contains(secret), "{secret}");
        }
    }

    fn what_wechat_refuses_or_leaves_unanswered_is_said(world: &World) {
        let (messages, wechat) = (Messages::start(), wechat());
        let url = wechat.url();
        let settings = [("ONEGRID_WECHAT_URL", url.as_str()), ("ONEGRID_WECHAT_APP_ID", APP), ("ONEGRID_WECHAT_SECRET", SECRET)];
        let server = messages.serve_with(world, &settings);
        by_wechat(&server, "unknownunknown").is_problem(403, "wechat-refused");
        by_wechat(&server, "usedusedused").is_problem(403, "wechat-refused");
        let busy = by_wechat(&server, "busybusybusy");
        busy.is_problem(503, "service-unavailable");
        busy.needed_header("retry-after");
        by_wechat(&server, "nonsensenonsense").is_problem(503, "service-unavailable");
        let misset = messages.serve_with(world, &[settings[0], settings[1], ("ONEGRID_WECHAT_SECRET", "another")]);
        by_wechat(&misset, "login-of-mei").is_problem(503, "service-unavailable");
        until("it is in the log", || {
            misset.log().iter().any(|line| line.contains("WeChat refuses this mini-program")).then_some(())
        });
        let gone = messages.serve_with(world, &[("ONEGRID_WECHAT_URL", "http://127.0.0.1:9"), settings[1], settings[2]]);
        by_wechat(&gone, "login-of-mei").is_problem(503, "service-unavailable");
        let without = world.serve();
        by_wechat(&without, "login-of-mei").is_problem(403, "not-set-up");
        let half = world.run_with(&["serve"], &[("ONEGRID_WECHAT_APP_ID", APP)]);
        assert_ne!(half.code, Some(0));
        assert!(half.err.contains("ONEGRID_WECHAT_SECRET"), "{}", half.err);
    }
}
