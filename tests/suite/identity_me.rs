//! One's own account.

use serde_json::json;

use crate::harness::people::{Messages, phone};
use crate::harness::{World, both_databases};

both_databases! {
    fn a_person_changes_what_they_say_of_themselves(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let mei = messages.sign_in(&server, &phone(400)).on(&server);
        let seen = mei.get("/v1/me");
        let tag = seen.needed_header("etag");
        assert_eq!(mei.with("if-none-match", &tag).get("/v1/me").status, 304);
        let change = |tag: &str, body: serde_json::Value| mei.with("if-match", tag).send("PATCH", "/v1/me", Some(&body.to_string()));
        let named = change(&tag, json!({ "name": "王梅" })).with_status(200);
        assert_eq!(named.json["name"], "王梅");
        assert_eq!(named.json["language"], "zh");
        let spoken = change(&named.needed_header("etag"), json!({ "language": "en" })).with_status(200);
        assert_eq!((&spoken.json["name"], &spoken.json["language"]), (&json!("王梅"), &json!("en")));
        assert_eq!(mei.get("/v1/me").ok(), spoken.json);
        // Who has not seen that change may not overwrite it.
        change(&tag, json!({ "name": "李梅" })).is_problem(412, "version-mismatch");
        mei.send("PATCH", "/v1/me", Some("{}")).is_problem(428, "precondition-required");
        change("*", json!({ "name": "" })).is_invalid_at(&[("body", "/name", "min_length")]);
        change("*", json!({ "name": "\u{202e}x" })).is_invalid_at(&[("body", "/name", "format")]);
        change("*", json!({ "phone": phone(401), "language": "fr" }))
            .is_invalid_at(&[("body", "/phone", "unknown_field"), ("body", "/language", "enum")]);
        let other = messages.sign_in(&server, &phone(402)).on(&server);
        assert_eq!(other.get("/v1/me").ok()["name"], json!(null), "nobody else is called so now");
    }

    fn a_new_person_is_written_to_in_the_language_that_they_came_with(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let english = server.anonymous().with("accept-language", "en-GB, zh;q=0.5");
        let code = messages.code(&english, &phone(410));
        let body = json!({ "phone": phone(410), "code": code });
        let tokens = english.post("/v1/auth/sessions", &body).with_status(201).json;
        let token = tokens["access_token"].as_str().expect("a token");
        let me = english.with("authorization", &format!("Bearer {token}")).get("/v1/me").ok();
        assert_eq!(me["language"], "en");
    }
}
