//! PostgreSQL that loses its sessions, goes away and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli_world::{Sql, World, a_place, wait_for};
use crate::faults_servers::{PrivatePostgres, Turn};
use crate::harness::FakeService;

#[test]
fn requests_work_again_after_all_sessions_were_terminated() {
    let world = World::postgres();
    let server = world.serve();
    let id = server.create(&a_place("之前", 31.2, 112.6));
    for round in 0..3 {
        let ended = world.sql().numbers(
            "SELECT count(*) AS value FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'onegrid') ended",
        );
        assert!(ended[0] > 0, "the product has sessions");
        wait_for("reads", || {
            (server.get(&format!("/v1/places/{id}")).status == 200).then_some(())
        });
        let place = a_place(&format!("之后{round}"), 31.2, 112.6);
        wait_for("writes", || {
            let answer = server.try_create(&format!("after-{round}"), &place)?;
            assert!([201, 503].contains(&answer.status), "{answer:?}");
            (answer.status == 201).then_some(())
        });
        wait_for("the place in the circle", || {
            let names = server.names_around(31.2, 112.6);
            names.contains(&format!("之后{round}")).then_some(())
        });
    }
    assert_eq!(world.sql().count("place"), 4);
}

#[test]
fn without_its_database_a_server_says_so_and_comes_back_by_itself() {
    let _turn = Turn::wait();
    let mut postgres = PrivatePostgres::start(&[]);
    let world = World::on_server(&postgres.url());
    let server = world.serve();
    let id = server.create(&a_place("药店", 31.2, 112.6));
    wait_for("the place in the circle", || {
        (server.names_around(31.2, 112.6).len() == 1).then_some(())
    });
    assert_eq!(server.get("/health/ready").status, 200);

    postgres.end_at_once();
    wait_for("not ready", || {
        let answer = server.get("/health/ready");
        (answer.status == 503).then(|| answer.is_unavailable_because(&["stale-instance", "database-unavailable"]))
    });
    assert_eq!(server.get("/health/live").status, 200, "it lives");
    server
        .get(&format!("/v1/places/{id}"))
        .is_unavailable_because(&["database-unavailable"]);
    assert_eq!(
        server.names_around(31.2, 112.6),
        ["药店"],
        "the circle is answered from memory"
    );
    // After 5 s without a look at the changes nobody is trusted with a permission.
    wait_for("operator's calls are refused as stale", || {
        let answer = server.try_create("while-away", &a_place("不在", 31.2, 112.6))?;
        answer.is_unavailable_because(&["stale-instance", "database-unavailable"]);
        answer.json["type"].as_str()?.ends_with("/stale-instance").then_some(())
    });
    // Nor is it told where somebody lives: they may have moved.
    let from_home = server.get_as(server.staff_token(), "/v1/circle").expect("an answer");
    from_home.is_unavailable_because(&["stale-instance"]);

    postgres.start_again();
    wait_for("ready", || (server.get("/health/ready").status == 200).then_some(()));
    let created = wait_for("writes", || {
        let answer = server.try_create("while-away", &a_place("不在", 31.2, 112.6))?;
        (answer.status == 201).then_some(answer)
    });
    assert_eq!(created.json["name"], "不在");
    wait_for("both in the circle", || {
        (server.names_around(31.2, 112.6).len() == 2).then_some(())
    });
    assert_eq!(world.sql().count("place"), 2, "the refused calls left nothing");
}

#[test]
fn what_was_to_be_done_is_done_when_the_database_is_back() {
    let _turn = Turn::wait();
    let mut postgres = PrivatePostgres::start(&[]);
    let mut world = World::on_server(&postgres.url());
    let is_up = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_up);
    let service = FakeService::start(move |_| (if seen.load(Ordering::SeqCst) { 200 } else { 500 }, String::new()));
    world.set("ONEGRID_PUSH_URL", &service.url());
    let server = world.serve();
    // The command line gives a role, and whoever has it is told.
    server.staff_token();
    let now_and_loud = "INSERT INTO inbox (person_id, read_to, quiet_from, quiet_to) \
        SELECT id, 0, 0, 0 FROM person WHERE id NOT IN (SELECT person_id FROM inbox); \
        UPDATE job SET due_at = 0 WHERE kind = 'push' AND lease IS NULL";
    world.sql().execute(now_and_loud);
    wait_for("a try that fails", || (!service.asked().is_empty()).then_some(()));
    postgres.end_at_once();
    wait_for("not ready", || {
        (server.get("/health/ready").status == 503).then_some(())
    });
    is_up.store(true, Ordering::SeqCst);
    postgres.start_again();
    wait_for("ready", || (server.get("/health/ready").status == 200).then_some(()));
    wait_for("it is pushed", || {
        // Its next try, or what was in hand, is not waited for.
        let free = "UPDATE job SET due_at = 0, leased_until = NULL, lease = NULL WHERE kind = 'push'";
        let mut sql = world.sql();
        if sql.numbers("SELECT count(*) AS value FROM job WHERE kind = 'push'") == [0] {
            return Some(());
        }
        sql.execute(free);
        std::thread::sleep(std::time::Duration::from_secs(1));
        None
    });
    let ids: std::collections::BTreeSet<String> = service
        .asked()
        .iter()
        .map(|asked| asked.header("webhook-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 1, "however often it was tried, it is the same");
    let log = server.log();
    assert!(
        log.matches("jobs cannot be claimed for now").count() < 10,
        "it is said once an outage: {log}"
    );
}

#[test]
fn a_start_without_its_database_fails_and_says_why() {
    let mut world = World::sqlite();
    let port = crate::cli_world::free_port();
    world.set("DATABASE_URL", &format!("postgres://onegrid@127.0.0.1:{port}/onegrid"));
    world.run(&["serve"]).failed_with(&["database", "refused"]);
}

#[test]
fn the_connections_of_an_instance_stay_within_what_is_configured() {
    let world = World::postgres();
    let server = world.serve();
    let sessions = |sql: &mut Sql| {
        sql.numbers(
            "SELECT count(*) AS value FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'onegrid'",
        )[0]
    };
    // The command line that made the token has a session of its own until it is gone.
    server.staff_token();
    wait_for("only the server's own", || {
        (sessions(&mut world.sql()) <= 4).then_some(())
    });
    let most = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..24)
            .map(|number| {
                let server = &server;
                scope.spawn(move || {
                    for round in 0..5 {
                        let place = a_place(&format!("{number}-{round}"), 31.2, 112.6);
                        let answer = server
                            .try_create(&format!("{number}-{round}"), &place)
                            .expect("an answer");
                        assert_eq!(answer.status, 201, "{answer:?}");
                    }
                })
            })
            .collect();
        let mut sql = world.sql();
        let mut most = 0;
        while asking.iter().any(|thread| !thread.is_finished()) {
            most = most.max(sessions(&mut sql));
        }
        most
    });
    assert!((1..=4).contains(&most), "{most} connections");
    assert_eq!(world.sql().count("place"), 120);
}
