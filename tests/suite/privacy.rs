//! What is held about people, said in public and kept to.

use serde_json::{Value, json};

use crate::cli_world::Sql;
use crate::harness::{World, both_databases, place};

both_databases! {
    fn the_table_of_purposes_is_public_and_says_all_in_both_languages(world: &World) {
        let server = world.serve();
        let zh = server.anonymous().get("/v1/privacy/purposes").with_status(200);
        let en = server.anonymous().with("accept-language", "en").get("/v1/privacy/purposes").ok();
        let rows = |answer: &Value| answer["items"].as_array().expect("items").clone();
        let (zh_rows, en_rows) = (rows(&zh.json), rows(&en));
        assert_eq!(zh_rows.len(), onegrid::server::holdings().len());
        for (zh, en) in zh_rows.iter().zip(&en_rows) {
            assert_eq!((&zh["name"], &zh["fields"], &zh["days"]), (&en["name"], &en["fields"], &en["days"]));
            for text in ["what", "purpose", "kept"] {
                let (zh, en) = (zh[text].as_str().expect("a text"), en[text].as_str().expect("a text"));
                assert!(!zh.is_ascii() && en.is_ascii() && !en.is_empty(), "{zh} {en}");
            }
        }
        let inbox = en_rows.iter().find(|row| row["name"] == "inbox").expect("a row");
        assert_eq!((&inbox["days"], &inbox["kept"]), (&json!(180), &json!("From when it was written")));
        let account = en_rows.iter().find(|row| row["name"] == "account").expect("a row");
        assert_eq!(account["days"], Value::Null);
        server.anonymous().with("if-none-match", &zh.needed_header("etag")).get("/v1/privacy/purposes").with_status(304);
    }

    fn a_dry_run_says_what_would_go_and_a_run_lets_that_go_and_nothing_else(world: &World) {
        let server = world.serve();
        let staff = server.staff();
        for key in ["old", "new"] {
            staff.with("idempotency-key", key).post("/v1/places", &place(key, "shop", 0.0, 0.0)).with_status(201);
        }
        drop(server);
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE idempotency SET created_at = created_at - 86401000000 WHERE key = 'old'");
        let line = "repeated_requests\t";
        let dry = world.run(&["retention", "--dry-run"]).succeeded().out.clone();
        assert!(dry.lines().any(|told| told == format!("{line}1")), "{dry}");
        assert_eq!(sql.count("idempotency"), 2, "nothing went");
        let ran = world.run(&["retention"]).succeeded().out.clone();
        assert_eq!(ran, dry, "what was said");
        assert_eq!(sql.texts("SELECT key AS value FROM idempotency"), ["new"]);
        let again = world.run(&["retention"]).succeeded().out.clone();
        assert!(again.lines().all(|told| told.ends_with("\t0")), "{again}");
    }
}
