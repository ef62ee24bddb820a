//! What is acknowledged is there: after a kill, a lock, and a start of many at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cli_world::{World, a_place, on_both, wait_for};

on_both! {
    fn three_instances_that_start_together_on_a_fresh_database_all_come_up(world) {
        let servers = [world.start(&[]), world.start(&[]), world.start(&[])];
        for server in &servers {
            server.until_up();
            assert_eq!(server.get("/health/ready").status, 200);
        }
        servers[0].create(&a_place("共见", 31.2, 112.6));
        for server in &servers {
            wait_for("the place in every instance's circle", || {
                (server.names_around(31.2, 112.6) == ["共见"]).then_some(())
            });
        }
        assert_eq!(world.do_run(&["migrate"]).out, "nothing to apply\n");
    }

    fn what_was_acknowledged_survives_a_kill_and_the_rest_is_done_once(world) {
        const CLIENTS: usize = 16;
        const EACH: usize = 20;
        let mut server = world.serve();
        let acknowledged = Mutex::new(Vec::new());
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (server, acknowledged, count) = (&server, &acknowledged, &count);
                scope.spawn(move || {
                    for number in 0..EACH {
                        let name = format!("店{client}-{number}");
                        match server.try_create(&name, &a_place(&name, 31.2, 112.6)) {
                            Some(answer) if answer.status == 201 => {
                                let id = answer.json["id"].as_str().expect("an id").to_owned();
                                acknowledged.lock().expect("whole").push((name, id));
                                count.fetch_add(1, Ordering::SeqCst);
                            }
                            _ => return,
                        }
                    }
                });
            }
            wait_for("a part acknowledged", || (count.load(Ordering::SeqCst) >= CLIENTS * EACH / 4).then_some(()));
            server.kill_at_once();
        });
        server.kill();
        let acknowledged = acknowledged.into_inner().expect("whole");

        let server = world.serve();
        for (name, id) in &acknowledged {
            let answer = server.get(&format!("/v1/places/{id}"));
            assert_eq!((answer.status, answer.json["name"].as_str()), (200, Some(name.as_str())), "{answer:?}");
        }
        // Every client asks again for all of its places under the same keys.
        for client in 0..CLIENTS {
            for number in 0..EACH {
                let name = format!("店{client}-{number}");
                let answer = server.try_create(&name, &a_place(&name, 31.2, 112.6)).expect("an answer");
                assert_eq!(answer.status, 201, "{answer:?}");
                if let Some((_, id)) = acknowledged.iter().find(|(known, _)| *known == name) {
                    assert_eq!(answer.json["id"], id.as_str(), "the stored answer comes again");
                }
            }
        }
        let mut sql = world.sql();
        assert_eq!(sql.count("place"), (CLIENTS * EACH) as i64);
        assert_eq!(sql.numbers("SELECT count(DISTINCT name) AS value FROM place"), [(CLIENTS * EACH) as i64]);
        assert_eq!(sql.count("place_history"), (CLIENTS * EACH) as i64);
    }

    fn a_server_that_is_told_to_stop_ends_well_and_soon(world) {
        let mut server = world.serve();
        server.create(&a_place("店", 31.2, 112.6));
        server.tell_to_stop();
        let code = wait_for("its end", || server.ended());
        assert_eq!(code, 0, "{}", server.log());
    }
}

#[test]
fn a_file_locked_for_longer_than_one_waits_is_a_503_and_nothing_is_lost() {
    let world = World::sqlite();
    let server = world.serve();
    server.create(&a_place("之前", 31.2, 112.6));
    let mut other = world.sql();
    other.execute("BEGIN IMMEDIATE");
    let refused = server
        .try_create("locked", &a_place("锁", 31.2, 112.6))
        .expect("an answer");
    refused.is_unavailable_because(&["database-unavailable"]);
    let circle = server.names_around(31.2, 112.6);
    assert_eq!(circle, ["之前"], "reading goes on");
    other.execute("ROLLBACK");
    let created = server
        .try_create("locked", &a_place("锁", 31.2, 112.6))
        .expect("an answer");
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(world.sql().count("place"), 2);
}

#[test]
fn two_processes_that_write_one_file_take_turns() {
    let world = World::sqlite();
    let servers = [world.serve(), world.serve()];
    std::thread::scope(|scope| {
        for (number, server) in servers.iter().enumerate() {
            for client in 0..4 {
                scope.spawn(move || {
                    for round in 0..10 {
                        let name = format!("{number}-{client}-{round}");
                        let answer = server
                            .try_create(&name, &a_place(&name, 31.2, 112.6))
                            .expect("an answer");
                        assert_eq!(answer.status, 201, "{answer:?}");
                    }
                });
            }
        }
    });
    assert_eq!(world.sql().count("place"), 80);
}
