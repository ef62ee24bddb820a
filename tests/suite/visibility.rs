//! A change is in every server's circle, with and without Redis.

use crate::harness::{Client, Fixture, Server, World, both_databases, place, until};

/// Waits until the circle around the origin has these places, nearest first.
#[track_caller]
fn until_around(server: &Server, expected: &[&str]) {
    let client: Client = server.anonymous();
    until(&format!("{expected:?} on {}", server.address()), || {
        let found = client
            .get("/v1/circle?lat=31.2&lon=112.6")
            .with_status(200)
            .listed("name");
        (found == expected).then_some(())
    });
}

/// Enters, moves, closes and re-opens places on one server; the others see it all.
fn changes_are_seen_by_all(servers: &[Server]) {
    let all_see = |expected: &[&str]| servers.iter().for_each(|server| until_around(server, expected));
    let staff = servers[0].staff();
    let made = staff
        .post("/v1/places", &place("甲", "shop", 100.0, 0.0))
        .with_status(201);
    let path = made.needed_header("location");
    all_see(&["甲"]);
    // The other server writes as well.
    let other = servers[servers.len() - 1].staff();
    other
        .post("/v1/places", &place("乙", "park", 200.0, 0.0))
        .with_status(201);
    all_see(&["甲", "乙"]);
    // Moved behind the other, then out of reach.
    let moved = staff.with("if-match", "*").put(&path, &place("甲", "shop", 300.0, 0.0));
    moved.with_status(200);
    all_see(&["乙", "甲"]);
    other
        .with("if-match", "*")
        .put(&path, &place("甲", "shop", 5000.0, 0.0))
        .with_status(200);
    all_see(&["乙"]);
    other
        .with("if-match", "*")
        .put(&path, &place("丙", "shop", 50.0, 0.0))
        .with_status(200);
    all_see(&["丙", "乙"]);
    staff
        .with("if-match", "*")
        .send("POST", &format!("{path}/close"), None)
        .with_status(200);
    all_see(&["乙"]);
    other
        .with("if-match", "*")
        .send("POST", &format!("{path}/reopen"), None)
        .with_status(200);
    all_see(&["丙", "乙"]);
}

both_databases! {
    fn a_change_is_in_the_circle_of_every_server(world: &World) {
        changes_are_seen_by_all(&[world.serve(), world.serve()]);
    }

    fn an_import_beside_running_servers_is_in_their_circles(world: &World) {
        let servers = [world.serve(), world.serve()];
        world.import_places(&Fixture::places().place("甲", "shop", 100.0, 0.0).place("乙", "park", 200.0, 0.0));
        servers.iter().for_each(|server| until_around(server, &["甲", "乙"]));
        // So many at once that they are told as "reload".
        let mut many = Fixture::places().place("甲", "shop", 250.0, 0.0);
        for number in 0..300 {
            many = many.place(&format!("远{number}"), "shop", 5000.0 + f64::from(number), 0.0);
        }
        world.import_places(&many);
        servers.iter().for_each(|server| until_around(server, &["乙", "甲"]));
    }

    fn what_was_acknowledged_is_there_after_a_restart(world: &World) {
        let server = world.serve();
        server.staff().post("/v1/places", &place("甲", "shop", 100.0, 0.0)).with_status(201);
        drop(server);
        until_around(&world.serve(), &["甲"]);
    }
}

#[test]
fn a_change_is_in_the_circle_of_every_server_on_postgres_without_redis() {
    let world = World::postgres();
    let without = [("REDIS_URL", "")];
    changes_are_seen_by_all(&[world.serve_with(&without), world.serve_with(&without)]);
}
