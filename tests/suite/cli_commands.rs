//! `migrate`, `check` and `openapi`.

use crate::cli_world::{World, extract, free_port, on_both, project};
use crate::harness::people;

on_both! {
    fn migrate_applies_each_step_once_and_status_tells_by_its_exit_code(world) {
        let before = world.run(&["migrate", "--status"]);
        assert_eq!(before.code, Some(1), "{before:?}");
        assert!(before.out.lines().all(|line| line.starts_with("missing ")), "{before:?}");
        assert!(before.out.lines().count() > 0, "{before:?}");

        let first = world.do_run(&["migrate"]);
        assert_eq!(first.out.lines().count(), before.out.lines().count(), "{first:?}");
        assert!(first.out.lines().all(|line| line.starts_with("applied ")), "{first:?}");
        assert_eq!(world.do_run(&["migrate"]).out, "nothing to apply\n");

        let after = world.do_run(&["migrate", "--status"]);
        assert_eq!(after.out, before.out.replace("missing ", "applied "));
    }

    fn status_looks_and_leaves_no_trace(world) {
        world.run(&["migrate", "--status"]);
        if world.is_sqlite() {
            assert!(!world.path("onegrid.db").exists());
        } else {
            let tables = "SELECT table_name::text AS value FROM information_schema.tables WHERE table_schema = 'public'";
            assert_eq!(world.sql().texts(tables), [""; 0]);
        }
    }

    fn check_says_a_line_a_part_and_succeeds_where_all_is_well(world) {
        world.do_run(&["migrate"]);
        let ran = world.do_run(&["check"]);
        let parts: Vec<&str> = ran
            .out
            .lines()
            .map(|line| line.strip_prefix("ok     ").expect("fine").split(':').next().expect("named"))
            .collect();
        assert_eq!(parts, ["configuration", "database", "redis", "files", "map", "holidays"]);
        assert!(!ran.all().contains(people::MASTER_KEY));
    }
}

/// That `check` finds this part at fault, alone, and says this of it.
#[track_caller]
fn at_fault(world: &World, settings: &[(&str, &str)], part: &str, words: &[&str]) {
    let ran = world.run_with(&["check"], settings);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let faults: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("FAULT")).collect();
    let [fault] = faults.as_slice() else {
        panic!("one fault is expected: {ran:?}")
    };
    assert!(fault.starts_with(&format!("FAULT  {part}: ")), "{fault}");
    for word in words {
        assert!(fault.contains(word), "{word:?} in {fault}");
    }
    assert_eq!(ran.out.lines().count(), 6, "the other parts are told too: {ran:?}");
}

#[test]
fn check_names_the_part_at_fault_and_fails() {
    let world = World::sqlite();
    world.do_run(&["migrate"]);
    let map = world.file("broken.map", "no map at all");
    let map = map.to_str().expect("a plain path");
    at_fault(&world, &[("ONEGRID_MAP", map)], "map", &["broken.map"]);
    at_fault(&world, &[("ONEGRID_MAP", "nowhere.map")], "map", &["nowhere.map"]);

    let redis = format!("redis://:s3cretword@127.0.0.1:{}", free_port());
    at_fault(&world, &[("REDIS_URL", &redis)], "redis", &["refused"]);
    assert!(
        !world
            .run_with(&["check"], &[("REDIS_URL", &redis)])
            .all()
            .contains("s3cretword")
    );

    let nobody = format!("postgres://onegrid:s3cretword@127.0.0.1:{}/onegrid", free_port());
    at_fault(&world, &[("DATABASE_URL", &nobody)], "database", &["refused"]);
    assert!(
        !world
            .run_with(&["check"], &[("DATABASE_URL", &nobody)])
            .all()
            .contains("s3cretword")
    );

    let holidays = world.path("holidays");
    std::fs::create_dir(&holidays).expect("a folder");
    std::fs::write(holidays.join("cn-2026.csv"), "date,what\n2026-13-01,off\n").expect("written");
    let holidays = holidays.to_str().expect("a plain path");
    at_fault(
        &world,
        &[("ONEGRID_HOLIDAYS", holidays)],
        "holidays",
        &["ONEGRID_HOLIDAYS", "2026"],
    );
}

#[test]
fn check_misses_the_secret_that_postgres_needs() {
    let mut world = World::postgres();
    world.unset("ONEGRID_MASTER_KEY");
    at_fault(&world, &[], "configuration", &["ONEGRID_MASTER_KEY", "bin/secrets"]);
}

#[test]
fn check_says_what_is_wrong_with_a_setting() {
    let world = World::sqlite();
    let ran = world.run_with(
        &["check"],
        &[("ONEGRID_ZONE", "Mars/Olympus"), ("ONEGRID_WORKERS", "many")],
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.starts_with("FAULT  configuration: "), "{ran:?}");
    assert!(
        ran.out.contains("ONEGRID_ZONE takes") && ran.out.contains("ONEGRID_WORKERS takes"),
        "{ran:?}"
    );
}

#[test]
fn check_reports_the_map_that_is_there() {
    let Some(monaco) = extract("monaco.osm.pbf") else {
        return;
    };
    let world = World::sqlite();
    world.do_run(&["map", "build", monaco.to_str().expect("a plain path"), "-o", "m.map"]);
    let ran = world.run_with(&["check"], &[("ONEGRID_MAP", "m.map")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("edges from monaco.osm.pbf"), "{ran:?}");
}

#[test]
fn the_kept_api_document_is_up_to_date() {
    let world = World::sqlite();
    let ran = world
        .command(&["openapi", "--check"])
        .current_dir(project())
        .output()
        .expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn an_api_document_that_drifted_is_found_and_not_touched() {
    let world = World::sqlite();
    world
        .run(&["openapi", "--check"])
        .failed_with(&["openapi/onegrid.yaml", "out of date"]);
    assert!(!world.path("openapi").exists(), "a check writes nothing");

    world.do_run(&["openapi"]);
    world.do_run(&["openapi", "--check"]);
    let kept = world.path("openapi/onegrid.yaml");
    let drifted = std::fs::read_to_string(&kept)
        .expect("written")
        .replacen("/circle", "/circles", 1);
    std::fs::write(&kept, &drifted).expect("written");
    world.run(&["openapi", "--check"]).failed_with(&["out of date"]);
    assert_eq!(std::fs::read_to_string(&kept).expect("there"), drifted);
}
