//! Many at once, on two servers, with kills between: never twice, nothing lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::faults_servers::{PrivatePostgres, Turn};
use crate::harness::facility::{Facility, act, at, book, book_with, id, new_key, state, verify};
use crate::harness::people::bearing;
use crate::harness::roles::issue;
use crate::harness::{Answer, Client, Server, World, both_databases, until};

/// Does all of these at once, each on a connection of its own; what came back, in their order.
fn at_once<T: Send>(of: Vec<Client>, each: impl Fn(usize, &Client) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(of.len());
    std::thread::scope(|scope| {
        let tries: Vec<_> = of
            .into_iter()
            .enumerate()
            .map(|(number, client)| {
                let (start, each) = (&start, &each);
                scope.spawn(move || {
                    let client = client.on_own_connection();
                    start.wait();
                    each(number, &client)
                })
            })
            .collect();
        tries.into_iter().map(|one| one.join().expect("it ended")).collect()
    })
}

/// So many answers have each status; none is anything but these.
#[track_caller]
fn counted(answers: &[Answer], expected: &[(u16, usize)]) {
    let mut found: BTreeMap<u16, usize> = BTreeMap::new();
    for answer in answers {
        *found.entry(answer.status).or_default() += 1;
    }
    let texts: BTreeSet<&str> = answers.iter().filter_map(|one| one.json["type"].as_str()).collect();
    assert_eq!(found, expected.iter().copied().collect(), "{texts:?}");
}

/// So many people, with a token each: they ask whichever of the servers by turns.
fn crowd(servers: &[&Server], people: u32, clients: usize) -> Vec<Client> {
    let tokens: Vec<String> = (1..=people)
        .map(|person| issue(servers[0].program(), person, None))
        .collect();
    (0..clients)
        .map(|number| bearing(servers[number % servers.len()], &tokens[number % tokens.len()]))
        .collect()
}

/// A second server on the same database, where that can be.
fn another(world: &World) -> Option<Server> {
    (!world.is_sqlite()).then(|| world.serve())
}

fn both<'a>(one: &'a Server, other: Option<&'a Server>) -> Vec<&'a Server> {
    std::iter::once(one).chain(other).collect()
}

both_databases! {
    fn two_hundred_for_five_places_get_five_and_never_none(world: &World) {
        let server = world.serve();
        let second = another(world);
        let servers = both(&server, second.as_ref());
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow", "slots_max": 3 }));
        let room = facility.resource(&rules, &json!({}));
        let clients = crowd(&servers, 10, 200);
        let answers = at_once(clients.clone(), |_, client| book(client, &room, &at(1, "10:00"), 1));
        counted(&answers, &[(201, 5), (409, 195)]);
        // Spans that overlap in parts: at no instant more than fit.
        let spans = [("12:00", "14:00"), ("13:00", "16:00"), ("15:00", "16:00"), ("12:00", "13:00")];
        let answers = at_once(clients.clone(), |number, client| {
            let (start, end) = spans[number % spans.len()];
            let span = json!({ "resource_id": room, "start": at(1, start), "end": at(1, end), "party": 2 });
            book_with(client, &span)
        });
        assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)));
        assert!(answers.iter().any(|answer| answer.status == 201));
        // Every slot that is shown free is booked in the same second, every one that is not is refused.
        for slot in facility.slots(&clients[0], &room, 1) {
            let start = slot["start"].as_str().expect("a time");
            let remaining = slot["remaining"].as_i64().expect("a number");
            let expected = if slot["bookable"] == true { 201 } else { 409 };
            assert_eq!(book(&clients[0], &room, start, remaining.max(1)).status, expected, "{slot}");
        }
        verify(world);
    }

    fn parallel_bookings_of_a_person_stop_at_their_limit_whatever_they_book(world: &World) {
        let server = world.serve();
        let second = another(world);
        let servers = both(&server, second.as_ref());
        let facility = Facility::open(world, &server);
        let limits = json!([{ "of": "person", "per": "active", "bookings": 2 }]);
        let rules = facility.rules(&json!({ "overlap": "allow", "limits": limits }));
        let rooms: Vec<String> = (0..5).map(|_| facility.resource(&rules, &json!({}))).collect();
        let clients = crowd(&servers, 1, 50);
        let answers = at_once(clients.clone(), |number, client| {
            book(client, &rooms[number % 5], &at(1 + number as u64 / 10, "10:00"), 1)
        });
        counted(&answers, &[(201, 2), (409, 48)]);
        // Nor do holds help.
        for made in clients[0].get("/v1/me/bookings").ok()["items"].as_array().expect("items") {
            act(&clients[0], &id(made), "cancel").ok();
        }
        let answers = at_once(clients, |number, client| {
            let start = at(1 + number as u64 / 10, "11:00");
            book_with(client, &json!({ "resource_id": rooms[number % 5], "start": start, "hold": number % 2 == 0 }))
        });
        counted(&answers, &[(201, 2), (409, 48)]);
        verify(world);
    }

    fn halls_halves_and_pools_hold_under_mixed_fire_while_the_grid_changes(world: &World) {
        let server = world.serve();
        let second = another(world);
        let servers = both(&server, second.as_ref());
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let exclusive = |part_of: Option<&String>| {
            facility.resource(&rules, &json!({ "kind": "exclusive", "part_of": part_of, "interval_minutes": 30 }))
        };
        let hall = exclusive(None);
        let halves = [exclusive(Some(&hall)), exclusive(Some(&hall))];
        let clients = crowd(&servers, 10, 60);
        let answers = at_once(clients.clone(), |number, client| {
            let which = [&hall, &halves[0], &halves[1]][number % 3];
            book(client, which, &at(1, "10:00"), 1)
        });
        let won: Vec<usize> = answers.iter().enumerate().filter(|(_, one)| one.status == 201).map(|(number, _)| number % 3).collect();
        assert!(won == [0] || won.len() == 2 && !won.contains(&0), "{won:?}");
        let pool = facility.resource(&rules, &json!({ "kind": "pool", "capacity": 4 }));
        let courts: Vec<String> = (0..3)
            .map(|_| facility.resource(&rules, &json!({ "kind": "exclusive", "capacity": 4, "part_of": pool })))
            .collect();
        let answers = at_once(clients.clone(), |_, client| book(client, &pool, &at(1, "10:00"), 4));
        counted(&answers, &[(201, 3), (409, 57)]);
        let given: BTreeSet<&str> = answers.iter().filter_map(|one| one.json["resource"]["id"].as_str()).collect();
        assert_eq!(given, courts.iter().map(String::as_str).collect());
        // The grid and the buffers change while people book.
        let answers = at_once(clients, |number, client| {
            if number % 20 == 0 {
                let buffer = number % 40;
                let mut answer = facility.ask_change(&halves[0], &json!({ "buffer_after_minutes": buffer }));
                while answer.status == 412 {
                    answer = facility.ask_change(&halves[0], &json!({ "buffer_after_minutes": buffer }));
                }
                return answer;
            }
            let times = ["14:00", "14:30", "15:00", "15:30", "16:00"];
            book(client, [&hall, &halves[0]][number % 2], &at(1, times[number % 5]), 1)
        });
        assert!(answers.iter().all(|answer| [200, 201, 409].contains(&answer.status)));
        verify(world);
    }

    fn swaps_and_crossing_acts_end_in_one_of_the_two_and_touch_nothing_else(world: &World) {
        let server = world.serve();
        let second = another(world);
        let servers = both(&server, second.as_ref());
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let asks = facility.rules(&json!({ "overlap": "allow", "approval": "occupies" }));
        let room = facility.resource(&rules, &json!({ "kind": "exclusive" }));
        let approved = facility.resource(&asks, &json!({ "kind": "exclusive" }));
        let clients = crowd(&servers, 2, 2);
        let bystander = id(&book(&clients[0], &approved, &at(2, "18:00"), 1).with_status(201).json);
        for round in 0..12 {
            // Each wants the other's place: neither loses its own for nothing.
            let (ten, noon) = (at(2 + round, "10:00"), at(2 + round, "12:00"));
            let first = id(&book(&clients[0], &room, &ten, 1).with_status(201).json);
            let other = id(&book(&clients[1], &room, &noon, 1).with_status(201).json);
            let answers = at_once(clients.clone(), |number, client| {
                let (which, to) = [(&first, &noon), (&other, &ten)][number];
                client.post(&format!("/v1/bookings/{which}/change"), &json!({ "start": to }))
            });
            assert!(answers.iter().all(|answer| answer.status == 409), "both places were taken");
            // The staff approve while the person cancels.
            let asked = id(&book(&clients[0], &approved, &ten, 1).with_status(201).json);
            let answers = at_once(vec![clients[0].clone(), facility.staff.clone()], |number, client| {
                act(client, &asked, ["cancel", "approve"][number])
            });
            assert_eq!(answers[0].status, 200, "whoever cancels may do so before and after");
            assert_eq!(state(&clients[0], &asked), "cancelled");
            assert_eq!(state(&clients[0], &bystander), "pending");
            book(&clients[1], &approved, &ten, 1).with_status(201);
        }
        verify(world);
    }

    fn holds_that_run_out_and_offers_end_in_one_hand(world: &World) {
        let server = world.serve();
        let second = another(world);
        let servers = both(&server, second.as_ref());
        let facility = Facility::open(world, &server);
        let rules = facility.rules(&json!({ "overlap": "allow", "hold_seconds": 1 }));
        let rooms: Vec<String> = (0..8).map(|_| facility.resource(&rules, &json!({ "kind": "exclusive" }))).collect();
        let clients = crowd(&servers, 3, 3);
        // The owner confirms at about the time at which the hold runs out, and somebody else books.
        let holds: Vec<(String, _)> = rooms
            .iter()
            .map(|room| {
                let hold = json!({ "resource_id": room, "start": at(1, "10:00"), "hold": true });
                (id(&book_with(&clients[0], &hold).with_status(201).json), onegrid::clock::monotonic())
            })
            .collect();
        std::thread::scope(|scope| {
            for (number, (room, (hold, made))) in rooms.iter().zip(&holds).enumerate() {
                let clients = &clients;
                scope.spawn(move || {
                    let wait = std::time::Duration::from_millis(970 + 8 * number as u64);
                    std::thread::sleep(wait.saturating_sub(made.elapsed()));
                    let answers = at_once(clients[..2].to_vec(), |number, client| match number {
                        0 => act(client, hold, "confirm"),
                        _ => book(client, room, &at(1, "10:00"), 1),
                    });
                    match answers.iter().map(|answer| answer.status).collect::<Vec<_>>()[..] {
                        [200, 409] => assert_eq!(state(&clients[0], hold), "confirmed"),
                        [409, 201] => assert_eq!(answers[0].json["rival"], json!(hold), "the problem names the hold"),
                        ref other => panic!("{other:?}"),
                    }
                });
            }
        });
        // A place that comes free while somebody waits is theirs, however fast the others are.
        for (round, room) in rooms.iter().take(6).enumerate() {
            let start = at(2, "10:00");
            let booked = id(&book(&clients[0], room, &start, 1).with_status(201).json);
            let path = format!("/v1/resources/{room}/waiting");
            let key = format!("wait-{round}");
            clients[1].with("idempotency-key", &key).post(&path, &json!({ "start": start })).with_status(201);
            let others: Vec<Client> = (0..12).map(|number| clients[if number == 0 { 0 } else { 2 }].clone()).collect();
            let answers = at_once(others, |number, client| match number {
                0 => act(client, &booked, "cancel"),
                _ => book(client, room, &start, 1),
            });
            assert_eq!(answers[0].status, 200);
            assert!(answers[1..].iter().all(|answer| answer.status == 409), "nobody takes it between");
            let offer = clients[1].get("/v1/me/bookings?state=offered").ok()["items"][0].clone();
            // Taking it and giving it back at once ends in one of the two.
            let answers = at_once(vec![clients[1].clone(), clients[1].clone()], |number, client| {
                act(client, &id(&offer), ["confirm", "cancel"][number])
            });
            assert_eq!(answers[1].status, 200);
            assert_eq!(state(&clients[1], &id(&offer)), "cancelled");
        }
        verify(world);
    }
}

/// Ends a server at once, as a power cut does.
fn kill(server: Server) {
    drop(server);
}

/// A token, a key, what was asked for and what was answered.
type Told = (String, String, Value, Value);

/// People who book, retry under the same key until they are answered, and keep what they were told.
struct Load {
    told: Vec<Told>,
}

impl Load {
    /// Runs while `meanwhile` does; the address of the server is asked for anew at each try.
    fn run(
        tokens: &[String],
        rooms: &[String],
        address: impl Fn() -> String + Sync,
        meanwhile: impl FnOnce(&AtomicUsize),
    ) -> Self {
        let over = AtomicBool::new(false);
        let booked = AtomicUsize::new(0);
        let told = std::thread::scope(|scope| {
            let workers: Vec<_> = tokens
                .iter()
                .enumerate()
                .map(|(worker, token)| {
                    let (over, booked, address) = (&over, &booked, &address);
                    scope.spawn(move || {
                        let mut told = Vec::new();
                        let mut step = 0_usize;
                        while !over.load(Ordering::Relaxed) {
                            let number = step * tokens.len() + worker;
                            step += 1;
                            let room = &rooms[number % rooms.len()];
                            let hour = 8 + number / rooms.len() % 12;
                            let day = 1 + number / rooms.len() / 12 % 28;
                            let body = json!({ "resource_id": room, "start": at(day as u64, &format!("{hour:02}:00")), "party": 1 });
                            let key = new_key();
                            if let Some(answer) = keep_trying(&address, token, &key, &body, over) {
                                if answer.status == 201 {
                                    booked.fetch_add(1, Ordering::Relaxed);
                                    told.push((token.clone(), key, body, answer.json));
                                } else {
                                    assert_eq!(answer.status, 409, "{}", answer.text);
                                }
                            }
                        }
                        told
                    })
                })
                .collect();
            meanwhile(&booked);
            over.store(true, Ordering::Relaxed);
            workers
                .into_iter()
                .flat_map(|one| one.join().expect("it ended"))
                .collect()
        });
        Self { told }
    }

    /// Everything that was acknowledged is there, once, under its key as well.
    fn is_there(&self, world: &World, server: &Server) {
        let mut ids = BTreeSet::new();
        for (token, key, body, booking) in &self.told {
            let client = bearing(server, token);
            let seen = client.get(&format!("/v1/bookings/{}", id(booking))).ok();
            assert_eq!(
                (&seen["state"], &seen["start"]),
                (&json!("confirmed"), &booking["start"])
            );
            assert!(ids.insert(id(booking)), "two requests were told of one booking");
            let again = client.with("idempotency-key", key).post("/v1/bookings", body);
            assert_eq!(id(&again.with_status(201).json), id(booking));
        }
        verify(world);
    }
}

/// Asks until an answer comes that is neither a lost connection nor a 503.
fn keep_trying(
    address: &(impl Fn() -> String + Sync),
    token: &str,
    key: &str,
    body: &Value,
    over: &AtomicBool,
) -> Option<Answer> {
    while !over.load(Ordering::Relaxed) {
        let client = Client::new(&address()).with("authorization", &format!("Bearer {token}"));
        let client = client.with("idempotency-key", key).on_own_connection();
        match client.try_post("/v1/bookings", body) {
            Some(answer) if ![503, 500].contains(&answer.status) => return Some(answer),
            _ => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    None
}

/// Two kills of each kind unless more are asked for.
fn kills() -> usize {
    if std::env::var_os("ONEGRID_TORTURE").is_some() {
        20
    } else {
        2
    }
}

both_databases! {
    fn a_server_that_is_killed_under_load_loses_nothing_that_it_acknowledged(world: &World) {
        let first = world.serve();
        let facility = Facility::open(world, &first);
        let rules = facility.rules(&json!({ "overlap": "allow" }));
        let rooms: Vec<String> = (0..4).map(|_| facility.resource(&rules, &json!({ "capacity": 2 }))).collect();
        let tokens: Vec<String> = (1..=8).map(|person| issue(first.program(), person, None)).collect();
        let address = std::sync::Mutex::new(first.address().to_owned());
        let running = std::sync::Mutex::new(Some(first));
        let load = Load::run(&tokens, &rooms, || address.lock().expect("held").clone(), |booked| {
            for _ in 0..kills() {
                let before = booked.load(Ordering::Relaxed);
                until("some are booked", || (booked.load(Ordering::Relaxed) > before + 20).then_some(()));
                kill(running.lock().expect("held").take().expect("one runs"));
                let next = world.serve();
                *address.lock().expect("held") = next.address().to_owned();
                *running.lock().expect("held") = Some(next);
            }
            let before = booked.load(Ordering::Relaxed);
            until("some are booked", || (booked.load(Ordering::Relaxed) > before + 20).then_some(()));
        });
        let server = running.lock().expect("held").take().expect("one runs");
        assert!(load.told.len() > 40);
        load.is_there(world, &server);
    }
}

#[test]
fn a_postgresql_that_is_killed_under_load_loses_nothing_that_was_acknowledged() {
    let _turn = Turn::wait();
    let mut postgres = PrivatePostgres::start(&[]);
    let world = World::on(postgres.url());
    let server = world.serve();
    let facility = Facility::open(&world, &server);
    let rules = facility.rules(&json!({ "overlap": "allow" }));
    let rooms: Vec<String> = (0..4)
        .map(|_| facility.resource(&rules, &json!({ "capacity": 2 })))
        .collect();
    let tokens: Vec<String> = (1..=8).map(|person| issue(server.program(), person, None)).collect();
    let address = server.address().to_owned();
    let load = Load::run(
        &tokens,
        &rooms,
        || address.clone(),
        |booked| {
            for _ in 0..=kills() {
                let before = booked.load(Ordering::Relaxed);
                until("some are booked", || {
                    (booked.load(Ordering::Relaxed) > before + 20).then_some(())
                });
                postgres.end_at_once();
                postgres.start_again();
            }
        },
    );
    assert!(load.told.len() > 40);
    load.is_there(&world, &server);
}
