//! Whatever is asked, the answer is an answer: never a fault of the server.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::harness::{Client, Fixture, World, both_databases};

/// Tries so many examples, always the same; a hundred times as many with `ONEGRID_TORTURE=1`.
pub fn runner(cases: u32) -> TestRunner {
    let tortured = std::env::var_os("ONEGRID_TORTURE").is_some_and(|value| value == "1");
    let config = Config {
        cases: if tortured { cases * 100 } else { cases },
        failure_persistence: None,
        ..Config::default()
    };
    let seed = [9; 32];
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// A text that may be anything, and is often nearly right.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,70}",
        "[a-z0-9_]{0,40}",
        "(unt|plc)_[0-7][0-9a-hjkmnp-tv-z]{25}",
        "[0-9a-f]{0,80}",
        "-?[0-9]{1,25}(\\.[0-9]{0,20})?(e-?[0-9]{1,4})?",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})",
        "[龙门幸福社区药店長樂 a-z\\x00\"'*&|!():-]{1,20}",
        Just("\0".to_owned()),
        Just("wgs84".to_owned()),
        Just("true".to_owned()),
    ]
}

/// One of the names that some operation knows, or none of them.
fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "q", "limit", "cursor", "crs", "level", "within", "unit", "category", "kind", "status", "lat", "lon",
        "minutes", "pace", "at", "open", "building", "profile",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

/// A cursor whose inside is JSON.
fn cursor() -> impl Strategy<Value = String> {
    let inside = prop_oneof![
        (text(), text()).prop_map(|pair| serde_json::json!([pair.0, pair.1]).to_string()),
        text().prop_map(|text| serde_json::json!(text).to_string()),
        Just("[\"city\",\"x\"]".to_owned()),
        Just("{\"a\":[1,{}]}".to_owned()),
    ];
    inside.prop_map(|json| json.bytes().map(|byte| format!("{byte:02x}")).collect())
}

#[track_caller]
fn is_an_answer(client: &Client, path: &str, query: &[(String, String)]) -> Result<(), TestCaseError> {
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = client.ask(path, &query);
    prop_assert!([200, 404, 422].contains(&answer.status), "{path} {query:?}: {answer:?}");
    if answer.status != 200 {
        let slug = if answer.status == 404 {
            "not-found"
        } else {
            "invalid-input"
        };
        answer.is_problem(answer.status, slug);
        prop_assert!(answer.status == 404 || !answer.faults().is_empty(), "{answer:?}");
    }
    Ok(())
}

both_databases! {
    fn no_question_is_a_fault_of_the_server(world: &World) {
        world.import_units();
        world.import_places(&Fixture::places().open("龙门药店", "pharmacy", 100.0, 5.0, "Mo-Fr 09:00-17:00"));
        let server = world.serve();
        let client = server.anonymous();
        let paths = prop::sample::select(vec!["/v1/units", "/v1/places", "/v1/circle", "/v1/circle?"]);
        let query = prop::collection::vec((name(), text()), 0..5);
        runner(150).run(&(paths, query), |(path, mut query)| {
            // Half of the circles have an origin, so that the rest is looked at.
            let path = match path.strip_suffix('?') {
                None => path,
                Some(path) => {
                    query.retain(|(name, _)| !["lat", "lon", "building"].contains(&name.as_str()));
                    query.extend([("lat".to_owned(), "31.2".to_owned()), ("lon".to_owned(), "112.6".to_owned())]);
                    path
                }
            };
            is_an_answer(&client, path, &query)
        }).expect("every question has an answer");
    }

    fn no_cursor_is_a_fault_of_the_server(world: &World) {
        world.import_units();
        let server = world.serve();
        let client = server.anonymous();
        let root = crate::harness::unit_id(&client, "4299");
        let children = format!("/v1/units/{root}/children");
        let paths = prop::sample::select(vec!["/v1/units".to_owned(), "/v1/places".to_owned(), children]);
        runner(150).run(&(paths, cursor()), |(path, cursor)| {
            is_an_answer(&client, &path, &[("cursor".to_owned(), cursor)])
        }).expect("every cursor has an answer");
    }

    fn no_search_is_a_fault_of_the_server(world: &World) {
        world.import_units();
        let server = world.serve();
        let client = server.anonymous();
        runner(150).run(&text(), |words| {
            is_an_answer(&client, "/v1/units", &[("q".to_owned(), words.clone())])?;
            is_an_answer(&client, "/v1/places", &[("q".to_owned(), words)])
        }).expect("every search has an answer");
    }
}
