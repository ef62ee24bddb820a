//! What a follower is promised, while Redis, the database, instances and clients fail: each
//! entry once and in order, within seconds, and all of what the database holds in the end.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use onegrid::clock;
use serde_json::{Value, json};

use crate::cli_world::free_port;
use crate::faults_servers::{PrivatePostgres, PrivateRedis, Turn};
use crate::harness::people::bearing;
use crate::harness::proxy::{Proxy, Way};
use crate::harness::roles::issue;
use crate::harness::socket::{Follower, Socket};
use crate::harness::{Client, Server, World, agent, both_databases, unit_id, until};
use crate::inbox::{person, write_many};
use crate::live::{kept, until_has};

const HOME: &str = "429901001001001A1";
const PREFIX: &str = "fire:";

/// A metric of the instance whose metrics are served on this port.
fn metric(port: u16, name: &str) -> f64 {
    let url = format!("http://127.0.0.1:{port}/metrics");
    let text = agent()
        .get(url)
        .call()
        .ok()
        .and_then(|mut answer| answer.body_mut().read_to_string().ok());
    let text = text.unwrap_or_default();
    let of = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(of).unwrap_or(0.0)
}

/// An instance with a way of its own to a Redis.
struct Instance {
    server: Server,
    proxy: Proxy,
    metrics: u16,
}

impl Instance {
    fn start(world: &World, redis: &PrivateRedis) -> Self {
        let proxy = Proxy::to(redis.port(), "bus:live");
        let metrics = free_port();
        let server = world.serve_with(&[
            ("REDIS_URL", &format!("redis://127.0.0.1:{}", proxy.port())),
            ("ONEGRID_REDIS_PREFIX", PREFIX),
            ("ONEGRID_METRICS_LISTEN", &format!("127.0.0.1:{metrics}")),
        ]);
        Self { server, proxy, metrics }
    }

    fn until_bus_is(&self, well: bool) {
        until(&format!("the bus is well: {well}"), || {
            let ready = self.server.anonymous().get("/health/ready").ok();
            let said = if well { "ready" } else { "degraded" };
            let measured = metric(self.metrics, "onegrid_bus_connected") == f64::from(u8::from(well));
            (ready["status"] == said && measured).then_some(())
        });
    }
}

/// Newcomers, each of whom asks for a home once, of which the head of the building is told.
struct Asking<'a> {
    newcomers: Cell<u32>,
    server: &'a Server,
    home: String,
}

impl<'a> Asking<'a> {
    fn at(server: &'a Server) -> Self {
        let home = unit_id(&server.anonymous(), HOME);
        let newcomers = Cell::new(100);
        Self {
            newcomers,
            server,
            home,
        }
    }

    /// One entry more in the head's inbox.
    fn ask(&self) {
        let newcomer = self.newcomers.replace(self.newcomers.get() + 1);
        let client = bearing(self.server, &issue(self.server.program(), newcomer, None));
        let path = format!("/v1/units/{}/residents", self.home);
        client.send("POST", &path, None).with_status(201);
    }
}

/// The head of the building, who follows their inbox, with a token of theirs.
fn head(server: &Server) -> (Client, String) {
    let client = server.holding(2, "building_head", HOME);
    (client, issue(server.program(), 2, None))
}

#[track_caller]
fn is_whole(follower: &Follower, client: &Client) {
    let there = kept(client);
    assert_eq!(follower.streams["inbox"].items, there);
    assert_eq!(
        follower.streams["inbox"].numbers(),
        (1..=there.len() as i64).collect::<Vec<_>>()
    );
}

#[test]
fn whatever_becomes_of_redis_everything_comes_once_and_in_order() {
    let _turn = Turn::wait();
    let world = World::postgres();
    world.import_units();
    let mut redis = PrivateRedis::not_yet_started();
    redis.start();
    let (a, b) = (Instance::start(&world, &redis), Instance::start(&world, &redis));
    a.until_bus_is(true);
    b.until_bus_is(true);
    let asking = Asking::at(&a.server);
    let (client, token) = head(&b.server);
    let mut follower = Follower::new(&token, &["inbox"]);
    assert!(follower.connect(b.server.address()));
    let mut many = 1;
    until_has(&mut follower, many);
    let mut one_more = |what: &str, follower: &mut Follower| {
        asking.ask();
        many += 1;
        let started = clock::monotonic();
        until_has(follower, many);
        // Two sweeps and some; the ceiling of every wait is twenty seconds.
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{what}: {:?}",
            started.elapsed()
        );
    };
    // As it should be: the bell is heard.
    let before = metric(b.metrics, "onegrid_live_bells_total{what=\"good\"}");
    one_more("all is well", &mut follower);
    until("the bell was heard", || {
        (metric(b.metrics, "onegrid_live_bells_total{what=\"good\"}") > before).then_some(())
    });
    // The last word of a quiet stream is swallowed, and nothing else comes in it.
    b.proxy.set(Way::Swallows);
    one_more("swallowed", &mut follower);
    assert_eq!(metric(b.metrics, "onegrid_bus_connected"), 1.0, "all looks well");
    b.proxy.set(Way::Open);
    // The connection is there and says nothing.
    b.proxy.set(Way::Deaf);
    one_more("deaf", &mut follower);
    b.until_bus_is(false);
    assert!(metric(b.metrics, "onegrid_bus_unheard_total") >= 1.0);
    one_more("deaf and known to be", &mut follower);
    b.proxy.set(Way::Open);
    b.until_bus_is(true);
    one_more("heard again", &mut follower);
    // Subscriptions are cut, what it holds is wiped, and bells are forged.
    redis.tell(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    one_more("cut", &mut follower);
    redis.tell(&["FLUSHALL"]);
    one_more("wiped", &mut follower);
    b.until_bus_is(true);
    for forged in [
        "",
        "nonsense",
        "0123456789abcdef{\"kind\":\"inbox\",\"owner\":\"00000000-0000-0000-0000-000000000000\",\"what\":{\"signal\":\"{}\"}}",
    ] {
        redis.tell(&["PUBLISH", &format!("{PREFIX}bus:live"), forged]);
    }
    until("forged bells are known", || {
        (metric(b.metrics, "onegrid_live_bells_total{what=\"forged\"}") >= 3.0).then_some(())
    });
    one_more("forged", &mut follower);
    // It stalls, it is away, it comes back as another.
    redis.stall();
    one_more("stalled", &mut follower);
    redis.go_on();
    a.until_bus_is(true);
    redis.kill();
    a.until_bus_is(false);
    b.until_bus_is(false);
    one_more("away", &mut follower);
    redis.start();
    a.until_bus_is(true);
    b.until_bus_is(true);
    one_more("back", &mut follower);
    assert_eq!(follower.streams["inbox"].resets, 0);
    is_whole(&follower, &client);
}

#[test]
fn without_redis_from_the_start_all_is_done_a_little_later() {
    let _turn = Turn::wait();
    let world = World::postgres();
    world.import_units();
    let redis = PrivateRedis::not_yet_started();
    let (a, b) = (Instance::start(&world, &redis), Instance::start(&world, &redis));
    let asking = Asking::at(&a.server);
    let (client, token) = head(&b.server);
    let mut follower = Follower::new(&token, &["inbox"]);
    assert!(follower.connect(b.server.address()));
    asking.ask();
    until_has(&mut follower, 2);
    b.until_bus_is(false);
    is_whole(&follower, &client);
}

/// The follower goes on at whichever instance is there, until it has all.
#[track_caller]
fn goes_on_until_whole(follower: &mut Follower, addresses: &[&str], client: &Client) {
    let mut turn = 0;
    until("the follower has all", || {
        if follower.listen().is_err() {
            turn += 1;
            std::thread::sleep(Duration::from_millis(100));
            follower.connect(addresses[turn % addresses.len()]);
        }
        let there = kept(client);
        (follower.streams["inbox"].items == there).then_some(())
    });
    is_whole(follower, client);
}

both_databases! {
    fn an_instance_that_is_killed_under_load_loses_nothing(world: &World) {
        world.import_units();
        let server = world.serve();
        let (client, token) = head(&server);
        let mut follower = Follower::new(&token, &["inbox"]);
        assert!(follower.connect(server.address()));
        until_has(&mut follower, 1);
        let id = person(&client);
        for _ in 0..3 {
            let doomed = world.serve();
            assert!(follower.connect(doomed.address()));
            write_many(world, id, 40);
            follower.listen().expect("connected");
            // Killed when dropped.
            drop(doomed);
            write_many(world, id, 5);
            goes_on_until_whole(&mut follower, &[server.address()], &client);
        }
        assert_eq!(follower.streams["inbox"].resets, 0);
    }

    fn who_subscribes_while_entries_flow_misses_none_and_gets_none_twice(world: &World) {
        world.import_units();
        let server = world.serve();
        let (client, token) = head(&server);
        let id = person(&client);
        let goes_on = AtomicBool::new(true);
        let rounds = if std::env::var_os("ONEGRID_TORTURE").is_some() { 250 } else { 25 };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while goes_on.load(Ordering::Relaxed) {
                    write_many(world, id, 20);
                }
            });
            let mut follower = Follower::new(&token, &["inbox"]);
            for round in 0..rounds {
                // Each time from where it was, from the beginning, and from now on.
                assert!(follower.connect(server.address()));
                follower.listen().expect("connected");
                let mut fresh = Socket::signed_in(server.address(), &token);
                fresh.say(&json!({ "type": "subscribe", "streams": { "inbox": null } }));
                let first = fresh.until("entries");
                let at: i64 = first["cursor"].as_str().and_then(|cursor| cursor.split('.').next()?.parse().ok()).expect("a cursor");
                let next = fresh.until("entries");
                assert_eq!(next["items"][0]["number"], at + 1, "round {round}: {first} {next}");
                if round % 5 == 0 {
                    let mut whole = Follower::new(&token, &["inbox"]);
                    assert!(whole.connect(server.address()));
                    until_has(&mut whole, 1);
                }
            }
            goes_on.store(false, Ordering::Relaxed);
        });
        let mut follower = Follower::new(&token, &["inbox"]);
        assert!(follower.connect(server.address()));
        goes_on_until_whole(&mut follower, &[server.address()], &client);
    }

    fn a_reader_that_stops_reading_is_sent_away_and_nobody_waits_for_it(world: &World) {
        world.import_units();
        let metrics = free_port();
        let server = world.serve_with(&[("ONEGRID_METRICS_LISTEN", &format!("127.0.0.1:{metrics}"))]);
        let (client, token) = head(&server);
        let id = person(&client);
        write_many(world, id, 2_000);
        let mut jammed = Socket::signed_in(server.address(), &token);
        let mut follower = Follower::new(&token, &["inbox"]);
        // It asks for all again and again, and reads nothing of it.
        until("it is sent away", || {
            for _ in 0..20 {
                let _ = jammed.try_say(&json!({ "type": "subscribe", "streams": { "inbox": "0" } }));
            }
            (metric(metrics, "onegrid_live_closed_total{code=\"4004\"}") >= 1.0
                || metric(metrics, "onegrid_live_closed_total{code=\"4005\"}") >= 1.0).then_some(())
        });
        assert!(follower.connect(server.address()));
        goes_on_until_whole(&mut follower, &[server.address()], &client);
        drop(jammed);
        until("it is gone", || (metric(metrics, "onegrid_live_connections{state=\"signed_in\"}") <= 1.0).then_some(()));
    }

    fn sockets_that_never_say_who_they_are_go_and_none_lingers(world: &World) {
        world.import_units();
        let metrics = free_port();
        let server = world.serve_with(&[
            ("ONEGRID_METRICS_LISTEN", &format!("127.0.0.1:{metrics}")),
            ("ONEGRID_SOCKETS", "100"),
        ]);
        let address = server.address();
        let silent: Vec<Socket> = (0..25).map(|_| Socket::connect(address)).collect();
        // Those who have said nothing have a quarter of the room.
        let refused = Socket::try_connect(address, &[]).err().expect("one too many");
        assert!(refused.contains("503"), "{refused}");
        until("they are gone", || {
            (metric(metrics, "onegrid_live_closed_total{code=\"4001\"}") >= 25.0
                && metric(metrics, "onegrid_live_connections{state=\"waiting\"}") == 0.0).then_some(())
        });
        // Half a handshake, and a client that goes without a word.
        let mut half = TcpStream::connect(address).expect("the server listens");
        half.write_all(b"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\n").expect("sent");
        for _ in 0..10 {
            drop(Socket::connect(address));
        }
        let port = address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).expect("a port");
        drop(silent);
        until("no connection is left half closed", || (half_closed(port) == 0).then_some(()));
        let mut answer = Vec::new();
        half.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        half.read_to_end(&mut answer).expect("an end");
        assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    }
}

/// Connections to a port of this machine that the other side closed and we did not.
fn half_closed(port: u16) -> usize {
    const CLOSE_WAIT: &str = "08";
    let table = std::fs::read_to_string("/proc/net/tcp").expect("a table of connections");
    let local = format!(":{port:04X}");
    let is_one = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1).is_some_and(|address| address.ends_with(&local)) && fields.get(3) == Some(&CLOSE_WAIT)
    };
    table.lines().filter(is_one).count()
}

#[test]
fn a_database_that_is_restarted_under_load_loses_nothing_that_was_acknowledged() {
    let _turn = Turn::wait();
    let mut postgres = PrivatePostgres::start(&[]);
    let world = World::on(postgres.url());
    world.import_units();
    let server = world.serve();
    let (client, token) = head(&server);
    let asking = Asking::at(&server);
    let mut follower = Follower::new(&token, &["inbox"]);
    assert!(follower.connect(server.address()));
    until_has(&mut follower, 1);
    for _ in 0..3 {
        asking.ask();
        postgres.end_at_once();
        follower.listen().expect("the socket stays");
        postgres.start_again();
        until("requests work again", || {
            (client.get("/v1/me/inbox").status == 200).then_some(())
        });
        goes_on_until_whole(&mut follower, &[server.address()], &client);
    }
    assert_eq!(follower.streams["inbox"].resets, 0);
}

#[test]
fn a_database_that_is_put_back_to_a_copy_resets_who_knew_more() {
    let world = World::sqlite();
    world.import_units();
    let path = world
        .database_url()
        .strip_prefix("sqlite://")
        .expect("a file")
        .to_owned();
    let copy = world.path("copy.db");
    let server = world.serve();
    let (client, token) = head(&server);
    let id = person(&client);
    write_many(&world, id, 5);
    let mut follower = Follower::new(&token, &["inbox"]);
    assert!(follower.connect(server.address()));
    until_has(&mut follower, 6);
    let mut sql = crate::cli_world::Sql::connect(world.database_url());
    sql.execute(&format!("VACUUM INTO '{}'", copy.display()));
    write_many(&world, id, 5);
    until_has(&mut follower, 11);
    drop(sql);
    drop(server);
    for end in ["-wal", "-shm"] {
        // Only there where the server was killed in the middle of things.
        let _ = std::fs::remove_file(format!("{path}{end}"));
    }
    std::fs::copy(&copy, &path).expect("the copy");
    let server = world.serve();
    // The same numbers come to mean other entries.
    write_many(&world, id, 3);
    let client = bearing(&server, &token);
    assert!(follower.connect(server.address()));
    goes_on_until_whole(&mut follower, &[server.address()], &client);
    assert_eq!(follower.streams["inbox"].resets, 1);
    assert_eq!(follower.streams["inbox"].items.len(), 9);
}

#[test]
fn a_database_that_is_put_back_under_running_instances_resets_them() {
    // As after a failover to a copy that lacks the last entries: what is live is told.
    let world = World::postgres();
    world.import_units();
    let server = world.serve();
    let (client, token) = head(&server);
    let id = person(&client);
    write_many(&world, id, 5);
    let mut follower = Follower::new(&token, &["inbox"]);
    assert!(follower.connect(server.address()));
    until_has(&mut follower, 6);
    let mut sql = crate::cli_world::Sql::connect(world.database_url());
    let of_head = "stream_id = (SELECT id FROM stream WHERE kind = 'inbox' AND number = 6)";
    sql.execute(&format!(
        "DELETE FROM entry WHERE number > 4 AND {of_head}; \
         UPDATE stream SET number = 4, entry_id = (SELECT id FROM entry WHERE number = 4 AND {of_head}), \
         changed_at = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) \
         WHERE kind = 'inbox' AND number = 6"
    ));
    until("it is reset", || {
        follower.listen().expect("connected");
        (follower.streams["inbox"].resets == 1).then_some(())
    });
    goes_on_until_whole(&mut follower, &[server.address()], &client);
    let _: Vec<Value> = follower.others;
}

/// The channel of the residents of the head's grid.
fn residents(client: &Client) -> String {
    let list = client.get("/v1/me/channels").ok();
    let items = list["items"].as_array().expect("items");
    let found = items.iter().find(|one| one["kind"] == "residents");
    found.expect("a channel")["id"].as_str().expect("an id").to_owned()
}

/// All that a channel holds, as its history tells it.
fn all_of(client: &Client, channel: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let after = all
            .last()
            .map_or(0, |last: &Value| last["number"].as_i64().expect("a number"));
        let page = client
            .get(&format!("/v1/channels/{channel}/messages?after={after}&limit=200"))
            .ok();
        all.extend(page["items"].as_array().expect("items").iter().cloned());
        if page["newer"] == false {
            return all;
        }
    }
}

/// Takes in what comes until everybody has all that the channel holds, on whatever instance is
/// there.
#[track_caller]
fn all_have_all(followers: &mut [Follower], addresses: &[&str], channel: &str, client: &Client) {
    let there = all_of(client, channel);
    for (number, follower) in followers.iter_mut().enumerate() {
        let mut turn = number;
        until("the follower has all", || {
            if follower.listen().is_err() {
                turn += 1;
                std::thread::sleep(Duration::from_millis(100));
                follower.connect(addresses[turn % addresses.len()]);
            }
            (follower.streams[channel].items.len() >= there.len()).then_some(())
        });
        assert_eq!(follower.streams[channel].items, there, "follower {number}");
        assert_eq!(follower.streams[channel].resets, 0);
    }
}

#[test]
fn people_talk_over_two_instances_while_redis_and_an_instance_die() {
    let _turn = Turn::wait();
    let world = World::postgres();
    world.import_units();
    let mut redis = PrivateRedis::not_yet_started();
    redis.start();
    let (a, b) = (Instance::start(&world, &redis), Instance::start(&world, &redis));
    a.until_bus_is(true);
    b.until_bus_is(true);
    let (client, token) = head(&a.server);
    let other = issue(b.server.program(), 3, Some(("building_head", HOME)));
    until("both are in", || {
        (bearing(&b.server, &other).get("/v1/me/channels").ok()["items"] != json!([])).then_some(())
    });
    let channel = residents(&client);
    let addresses = [a.server.address(), b.server.address()];
    let mut followers: Vec<Follower> = (0..6)
        .map(|number| {
            let mut follower = Follower::new(if number % 2 == 0 { &token } else { &other }, &[&channel]);
            assert!(follower.connect(addresses[number % 2]));
            follower
        })
        .collect();
    let goes_on = AtomicBool::new(true);
    // Each says its sentences again until it hears that they are kept, on either instance.
    let talk = |name: &str, tokens: [&str; 2], first: usize| {
        let mut said = 0;
        while goes_on.load(Ordering::Relaxed) {
            let message = json!({ "client_id": format!("{name}{said}"), "text": format!("{name}第{said}句") });
            let mut turn = first;
            until("it is said", || {
                let at = turn % 2;
                turn += 1;
                let client = bearing_at(addresses[at], tokens[at]);
                let path = format!("/v1/channels/{channel}/messages");
                let answer = client.try_post(&path, &message)?;
                [200, 201].contains(&answer.status).then_some(())
            });
            said += 1;
        }
        said
    };
    let said: usize = std::thread::scope(|scope| {
        let talking = [
            scope.spawn(|| talk("a", [&token, &token], 0)),
            scope.spawn(|| talk("b", [&other, &other], 1)),
        ];
        let listen = |followers: &mut Vec<Follower>, millis: u64| {
            let until_then = clock::monotonic() + Duration::from_millis(millis);
            while clock::monotonic() < until_then {
                for follower in followers.iter_mut() {
                    follower.listen().expect("the sockets stay");
                }
            }
        };
        listen(&mut followers, 1_500);
        redis.kill();
        listen(&mut followers, 2_500);
        redis.start();
        listen(&mut followers, 1_500);
        b.proxy.set(Way::Swallows);
        listen(&mut followers, 1_500);
        b.proxy.set(Way::Open);
        redis.stall();
        listen(&mut followers, 1_500);
        redis.go_on();
        goes_on.store(false, Ordering::Relaxed);
        talking
            .into_iter()
            .map(|thread| thread.join().expect("it talked"))
            .sum()
    });
    all_have_all(&mut followers, &addresses, &channel, &client);
    let there = all_of(&client, &channel);
    let messages = there.iter().filter(|entry| entry["kind"] == "message");
    let names: std::collections::BTreeSet<&str> = messages
        .clone()
        .map(|entry| entry["message"]["client_id"].as_str().expect("a name"))
        .collect();
    assert!(said > 20, "only {said} were said");
    assert_eq!((names.len(), messages.count()), (said, said), "each sentence once");
    // One instance is killed while all who were there come to the other.
    let Instance { server, .. } = b;
    drop(server);
    let message = json!({ "client_id": "last", "text": "都还在吗" });
    client
        .post(&format!("/v1/channels/{channel}/messages"), &message)
        .with_status(201);
    all_have_all(&mut followers, &[a.server.address()], &channel, &client);
}

fn bearing_at(address: &str, token: &str) -> Client {
    Client::new(address).with("authorization", &format!("Bearer {token}"))
}
