//! Redis that is down at the start, goes away, stalls, and comes back: nothing but
//! the bell and the rates hang on it.

use onegrid::clock;

use crate::cli_world::{CEILING, Server, World, a_place, free_port, on_both, wait_for};
use crate::faults_servers::{PrivateRedis, Turn};
use crate::harness::agent;

/// A metric of a server whose metrics are served on this port.
fn metric(port: u16, name: &str) -> Option<f64> {
    let url = format!("http://127.0.0.1:{port}/metrics");
    let text = agent().get(url).call().ok()?.body_mut().read_to_string().ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

fn until_bus_is(port: u16, connected: bool) {
    let wanted = f64::from(u8::from(connected));
    wait_for(&format!("onegrid_bus_connected {wanted}"), || {
        (metric(port, "onegrid_bus_connected")? == wanted).then_some(())
    });
}

fn until_seen(server: &Server, name: &str) {
    wait_for(&format!("{name} in the circle"), || {
        server
            .names_around(31.2, 112.6)
            .iter()
            .any(|found| found == name)
            .then_some(())
    });
}

on_both! {
    fn a_server_starts_without_its_redis_works_and_takes_it_up_when_it_comes(world) {
        let _turn = Turn::wait();
        let mut redis = PrivateRedis::not_yet_started();
        let metrics = free_port();
        let listen = format!("127.0.0.1:{metrics}");
        let url = redis.url();
        let server = world.serve_with(&[
            ("REDIS_URL", &url),
            ("ONEGRID_METRICS_LISTEN", &listen),
            ("ONEGRID_CIRCLE_RATE", "3"),
        ]);
        let started = clock::monotonic();
        let statuses: Vec<u16> = (0..9).map(|_| server.get("/v1/circle?lat=31.2&lon=112.6").status).collect();
        assert_eq!(statuses[0], 200, "{statuses:?}");
        assert!(started.elapsed() < CEILING, "nobody waits for a Redis that is not there: {:?}", started.elapsed());
        let log = server.log();
        assert!(log.contains("the bus is not connected"), "{log}");
        assert!(log.contains("counting in this process"), "{log}");
        let refused = wait_for("a refusal by the rate counted here", || {
            let answers: Vec<_> = std::thread::scope(|scope| {
                let asked: Vec<_> = (0..12).map(|_| scope.spawn(|| server.get("/v1/circle?lat=31.2&lon=112.6"))).collect();
                asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
            });
            answers.into_iter().find(|answer| answer.status == 429)
        });
        assert!(refused.retry_after.is_some(), "{refused:?}");
        assert_eq!(metric(metrics, "onegrid_bus_connected").unwrap_or(0.0), 0.0);
        assert!(metric(metrics, "onegrid_kv_failures_total{what=\"take\"}").is_some_and(|count| count > 0.0));
        assert_eq!(server.get("/health/ready").status, 200, "Redis is no condition");

        redis.start();
        until_bus_is(metrics, true);
    }

    fn places_cross_to_another_instance_while_redis_is_away_and_after(world) {
        let _turn = Turn::wait();
        let mut redis = PrivateRedis::not_yet_started();
        redis.start();
        let (url, metrics) = (redis.url(), free_port());
        let listen = format!("127.0.0.1:{metrics}");
        let writing = world.serve_with(&[("REDIS_URL", &url)]);
        let reading = world.serve_with(&[("REDIS_URL", &url), ("ONEGRID_METRICS_LISTEN", &listen)]);
        until_bus_is(metrics, true);
        writing.create(&a_place("有铃", 31.2, 112.6));
        until_seen(&reading, "有铃");

        redis.kill();
        until_bus_is(metrics, false);
        writing.create(&a_place("无铃", 31.2, 112.6));
        until_seen(&reading, "无铃");

        redis.start();
        until_bus_is(metrics, true);
        writing.create(&a_place("又有铃", 31.2, 112.6));
        until_seen(&reading, "又有铃");
    }

    fn a_redis_that_stalls_holds_nobody_up(world) {
        let _turn = Turn::wait();
        let mut redis = PrivateRedis::not_yet_started();
        redis.start();
        let url = redis.url();
        let writing = world.serve_with(&[("REDIS_URL", &url)]);
        let reading = world.serve_with(&[("REDIS_URL", &url)]);
        until_seen_nothing(&reading);
        redis.stall();
        writing.create(&a_place("静默", 31.2, 112.6));
        until_seen(&reading, "静默");
        assert_eq!(writing.get("/health/ready").status, 200);
        redis.go_on();
    }
}

fn until_seen_nothing(server: &Server) {
    assert!(server.names_around(31.2, 112.6).is_empty());
}

#[test]
fn a_bell_rings_an_instance_before_its_next_look() {
    // The look is every 500 ms; with the bell most places are there far sooner. This
    // asserts no time: it asserts that the message passes through Redis at all.
    let _turn = Turn::wait();
    let mut redis = PrivateRedis::not_yet_started();
    redis.start();
    let mut world = World::postgres();
    world.set("REDIS_URL", &redis.url());
    world.set("ONEGRID_REDIS_PREFIX", "a-town:");
    let metrics = free_port();
    let server = world.serve_with(&[("ONEGRID_METRICS_LISTEN", &format!("127.0.0.1:{metrics}"))]);
    until_bus_is(metrics, true);
    let client = redis::Client::open(redis.url()).expect("an address");
    let mut connection = client.get_connection().expect("it answers");
    let mut subscription = connection.as_pubsub();
    subscription.psubscribe("a-town:*").expect("subscribed");
    subscription.set_read_timeout(Some(CEILING)).expect("set");
    server.create(&a_place("铃", 31.2, 112.6));
    let message = subscription.get_message().expect("a ring within the ceiling");
    assert!(message.get_channel_name().starts_with("a-town:"));
}
