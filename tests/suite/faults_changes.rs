//! The numbered log of what instances follow: dense, in commit order, and what
//! happens where it has a hole, was trimmed, or goes backwards.

use crate::cli_world::{Server, Sql, World, a_place, on_both, wait_for};

fn until_seen(server: &Server, name: &str) {
    wait_for(&format!("{name} in the circle"), || {
        server
            .names_around(31.2, 112.6)
            .iter()
            .any(|found| found == name)
            .then_some(())
    });
}

/// Enters places through several servers at once.
fn create_in_parallel(servers: &[Server], clients: usize, each: usize) {
    std::thread::scope(|scope| {
        for (server_number, server) in servers.iter().enumerate() {
            for client in 0..clients {
                scope.spawn(move || {
                    for round in 0..each {
                        let name = format!("{server_number}-{client}-{round}");
                        let answer = server
                            .try_create(&name, &a_place(&name, 31.2, 112.6))
                            .expect("an answer");
                        assert_eq!(answer.status, 201, "{answer:?}");
                    }
                });
            }
        }
    });
}

/// Adds a place without telling anybody, by copying the row of another.
fn copy_silently(sql: &mut Sql, of: &str, name: &str) {
    let id = "00000000000070008000000000000001";
    let id = if matches!(sql.0, onegrid::db::Conn::Postgres(_)) {
        format!("decode('{id}', 'hex')")
    } else {
        format!("x'{id}'")
    };
    sql.execute(&format!(
        "INSERT INTO place (id, source, reference, name, category, kind, lat, lon, status, version, created_at, updated_at) \
         SELECT {id}, source, '{name}', '{name}', category, kind, lat, lon, status, version, created_at, updated_at \
         FROM place WHERE name = '{of}'"
    ));
}

on_both! {
    fn numbers_are_dense_and_in_commit_order_under_writers_in_two_processes(world) {
        let servers = [world.serve(), world.serve()];
        // Whoever enters the places is known before any is entered.
        servers.iter().for_each(|server| _ = server.staff_token());
        let before = world.sql().numbers("SELECT number AS value FROM change_head")[0];
        // A reader beside them: whoever sees a number has seen all below it.
        let (stop, watching) = (std::sync::atomic::AtomicBool::new(false), world.url.clone());
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut sql = Sql::connect(&watching);
                let mut looks = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let seen = sql.numbers("SELECT number AS value FROM changes ORDER BY number");
                    assert!(seen.iter().copied().eq(1..=seen.len() as i64), "a hole: {seen:?}");
                    looks += 1;
                }
                looks
            });
            create_in_parallel(&servers, 4, 10);
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(watcher.join().expect("no hole was seen") > 0);
        });
        let mut sql = world.sql();
        let numbers = sql.numbers("SELECT number AS value FROM changes ORDER BY number");
        assert_eq!(numbers, (1..=before + 80).collect::<Vec<i64>>());
        assert_eq!(sql.numbers("SELECT number AS value FROM change_head"), [before + 80]);
        for server in &servers {
            wait_for("all places in both circles", || (server.names_around(31.2, 112.6).len() == 80).then_some(()));
        }
    }

    fn a_write_that_fails_takes_no_number(world) {
        let server = world.serve();
        server.staff_token();
        let before = world.sql().numbers("SELECT number AS value FROM change_head")[0];
        server.create(&a_place("一", 31.2, 112.6));
        let wrong = server.try_create("wrong", &a_place("二", 131.2, 112.6)).expect("an answer");
        assert_eq!(wrong.status, 422, "{wrong:?}");
        let reused = server.try_create("create-\"一\"", &a_place("三", 31.2, 112.6)).expect("an answer");
        assert_eq!(reused.status, 422, "{reused:?}");
        let again = server.try_create("create-\"一\"", &a_place("一", 31.2, 112.6)).expect("an answer");
        assert_eq!(again.status, 201, "{again:?}");
        server.create(&a_place("四", 31.2, 112.6));
        assert_eq!(world.sql().numbers("SELECT number AS value FROM changes ORDER BY number"), (1..=before + 2).collect::<Vec<i64>>());
    }

    fn an_instance_whose_next_rows_were_trimmed_reloads_everything(world) {
        let server = world.serve();
        server.create(&a_place("源", 31.2, 112.6));
        until_seen(&server, "源");
        let mut sql = world.sql();
        copy_silently(&mut sql, "源", "暗");
        assert_eq!(server.names_around(31.2, 112.6), ["源"], "nobody was told of it");
        // What it would read next is gone: only the head says that something happened.
        sql.execute("BEGIN; UPDATE change_head SET number = number + 7; DELETE FROM changes; COMMIT;");
        until_seen(&server, "暗");
        server.create(&a_place("后", 31.2, 112.6));
        until_seen(&server, "后");
    }

    fn a_head_that_goes_backwards_as_after_a_restored_backup_reloads_everything(world) {
        let server = world.serve();
        server.staff_token();
        let before = world.sql().numbers("SELECT number AS value FROM change_head")[0];
        for name in ["一", "二", "源"] {
            server.create(&a_place(name, 31.2, 112.6));
        }
        until_seen(&server, "源");
        let mut sql = world.sql();
        let back = before + 1;
        sql.execute(&format!(
            "BEGIN; UPDATE change_head SET number = {back}; DELETE FROM changes WHERE number > {back};"
        ));
        copy_silently(&mut sql, "源", "旧");
        sql.execute("COMMIT");
        until_seen(&server, "旧");
        server.create(&a_place("新", 31.2, 112.6));
        until_seen(&server, "新");
        assert_eq!(world.sql().numbers("SELECT number AS value FROM change_head"), [back + 1]);
    }

    fn a_hole_in_the_numbers_reloads_everything(world) {
        let server = world.serve();
        server.create(&a_place("源", 31.2, 112.6));
        until_seen(&server, "源");
        let mut sql = world.sql();
        sql.execute("BEGIN");
        copy_silently(&mut sql, "源", "洞");
        sql.execute(
            "UPDATE change_head SET number = number + 2; \
             INSERT INTO changes (number, at, items) SELECT number, 0, '[]' FROM change_head; COMMIT;",
        );
        until_seen(&server, "洞");
    }
}

#[test]
fn an_instance_without_a_bus_sees_what_another_process_wrote() {
    let world = World::postgres();
    let [first, second] = [world.serve(), world.serve()];
    first.staff_token();
    let before = world.sql().count("changes");
    let id = first.create(&a_place("甲", 31.2, 112.6));
    until_seen(&second, "甲");
    let mut sql = world.sql();
    assert_eq!(sql.count("changes"), before + 1);
    assert!(
        sql.texts("SELECT items AS value FROM changes ORDER BY number DESC")[0].contains(&id),
        "the place is named, not reloaded"
    );
}
