//! PostgreSQL that loses its sessions, goes away and comes back.

use crate::cli_world::{Sql, World, a_place, wait_for};
use crate::faults_servers::{PrivatePostgres, Turn};

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
