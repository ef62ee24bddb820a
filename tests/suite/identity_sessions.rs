//! Sessions: carried on, stolen, ended; and how soon every server knows.

use serde_json::Value;

use crate::cli_world::Sql;
use crate::faults_servers::{PrivateRedis, Turn};
use crate::harness::people::{Holder, Messages, bearing, phone, refresh};
use crate::harness::{Server, World, both_databases, until};

/// Renews what somebody holds.
#[track_caller]
fn renewed(server: &Server, holder: &Holder) -> Holder {
    Holder::of(server, refresh(server, holder.refresh_token()).ok())
}

#[track_caller]
fn is_over(server: &Server, holder: &Holder) {
    refresh(server, holder.refresh_token()).is_problem(401, "unauthenticated");
    until("the access token is good no more", || {
        (holder.on(server).get("/v1/me").status == 401).then_some(())
    });
}

/// How the sessions of the database ended.
fn ends(world: &World) -> Vec<String> {
    Sql::connect(world.database_url()).texts("SELECT coalesce(ended_by, '-') AS value FROM session ORDER BY created_at")
}

both_databases! {
    fn refresh_tokens_rotate_and_the_session_stays(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let mut holder = messages.sign_in(&server, &phone(300));
        let mut seen = vec![holder.refresh_token().to_owned()];
        for _ in 0..5 {
            let next = renewed(&server, &holder);
            assert_eq!(next.tokens["session_id"], holder.tokens["session_id"]);
            assert_eq!(next.tokens["person_id"], holder.tokens["person_id"]);
            assert!(!seen.contains(&next.refresh_token().to_owned()), "a new one each time");
            seen.push(next.refresh_token().to_owned());
            holder = next;
        }
        let mut sql = Sql::connect(world.database_url());
        assert!(sql.count("refresh_token") <= 2, "only those that may still be exchanged are kept");
        assert_eq!(sql.count("session"), 1);
        let kept = sql.texts("SELECT 'x' AS value FROM changes WHERE items LIKE '%session%'");
        assert_eq!(kept, [""; 0], "nobody needs to hear that a session began or goes on");
    }

    fn an_answer_that_was_lost_is_given_again(world: &World) {
        let messages = Messages::start();
        let servers = [messages.serve(world), messages.serve(world)];
        let holder = messages.sign_in(&servers[0], &phone(301));
        // The first answer never came; the phone asks the other server.
        let lost = renewed(&servers[0], &holder);
        let kept = renewed(&servers[1], &holder);
        assert_ne!(lost.refresh_token(), kept.refresh_token());
        let next = renewed(&servers[0], &kept);
        renewed(&servers[1], &next);
        assert_eq!(ends(world), ["-"]);
    }

    fn many_that_ask_again_at_once_get_their_answers_and_no_thief_gets_endless_ones(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let holder = messages.sign_in(&server, &phone(302));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| refresh(&server, holder.refresh_token()).status)).collect();
            asking.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        assert_eq!(statuses, [200; 4]);
        assert_eq!(refresh(&server, holder.refresh_token()).status, 200);
        refresh(&server, holder.refresh_token()).is_problem(401, "unauthenticated");
        assert_eq!(ends(world), ["reuse"]);
    }

    fn a_stolen_refresh_token_ends_the_session_for_thief_and_owner(world: &World) {
        let messages = Messages::start();
        let servers = [messages.serve(world), messages.serve(world)];
        // The thief comes later: the token was exchanged twice since.
        let owner = messages.sign_in(&servers[0], &phone(303));
        let second = renewed(&servers[0], &owner);
        let third = renewed(&servers[0], &second);
        refresh(&servers[1], owner.refresh_token()).is_problem(401, "unauthenticated");
        for server in &servers {
            is_over(server, &third);
        }
        // The thief comes at once, within the grace; both hold a next token. Whoever
        // uses theirs second ends it.
        let owner = messages.sign_in(&servers[0], &phone(304));
        let thief = renewed(&servers[1], &owner);
        let owner = renewed(&servers[0], &owner);
        let thief = renewed(&servers[1], &thief);
        refresh(&servers[0], owner.refresh_token()).is_problem(401, "unauthenticated");
        for server in &servers {
            is_over(server, &thief);
            is_over(server, &owner);
        }
        assert_eq!(ends(world), ["reuse", "reuse"]);
    }

    fn both_sides_with_one_token_at_once_never_both_go_on(world: &World) {
        let messages = Messages::start();
        let servers = [messages.serve(world), messages.serve(world)];
        for round in 0..4 {
            let owner = messages.sign_in(&servers[0], &phone(310 + round));
            let sides: Vec<Option<Holder>> = std::thread::scope(|scope| {
                let sides: Vec<_> = servers
                    .iter()
                    .map(|server| {
                        let mut mine = owner.clone();
                        scope.spawn(move || {
                            for _ in 0..3 {
                                let answer = refresh(server, mine.refresh_token());
                                if answer.status != 200 {
                                    return None;
                                }
                                mine.tokens = answer.json;
                            }
                            Some(mine)
                        })
                    })
                    .collect();
                sides.into_iter().map(|side| side.join().expect("ended")).collect()
            });
            assert!(sides.iter().filter(|side| side.is_some()).count() <= 1, "round {round}");
        }
    }

    fn a_refresh_token_that_is_not_ours_is_refused_and_ends_nothing(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let holder = messages.sign_in(&server, &phone(320));
        let token = holder.refresh_token();
        let bent = format!("{}{}", &token[..token.len() - 6], "AAAAAA");
        for wrong in ["rt_", "x", &token[1..], &token[..40], bent.as_str(), holder.access_token()] {
            let answer = refresh(&server, wrong);
            if wrong.len() <= 128 {
                answer.is_problem(401, "unauthenticated");
            } else {
                answer.is_invalid_at(&[("body", "/refresh_token", "max_length")]);
            }
        }
        renewed(&server, &holder);
    }

    fn a_logout_stops_the_access_token_on_every_server(world: &World) {
        let messages = Messages::start();
        let servers = [messages.serve(world), messages.serve(world)];
        let holder = messages.sign_in(&servers[0], &phone(330));
        let stays = messages.sign_in(&servers[1], &phone(331));
        holder.on(&servers[1]).get("/v1/me").ok();
        holder.on(&servers[0]).send("POST", "/v1/auth/logout", None).with_status(204);
        for server in &servers {
            is_over(server, &holder);
            stays.on(server).get("/v1/me").ok();
        }
        // Also on a server that starts only now.
        let late = messages.serve(world);
        bearing(&late, holder.access_token()).get("/v1/me").is_problem(401, "unauthenticated");
        assert_eq!(ends(world), ["logout", "-"]);
    }

    fn somebody_sees_and_ends_their_own_sessions_and_nobody_elses(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let mut sql = Sql::connect(world.database_url());
        let mut sign_in = |name: &str| {
            sql.execute("DELETE FROM sign_in_code");
            let code = messages.code(&server.anonymous(), &phone(340));
            let body = serde_json::json!({
                "phone": phone(340), "code": code, "device": { "id": "device-0001", "name": name },
            });
            Holder::of(&server, server.anonymous().post("/v1/auth/sessions", &body).with_status(201).json)
        };
        let (phone_one, tablet, old) = (sign_in("手机"), sign_in("平板"), sign_in("旧手机"));
        let stranger = messages.sign_in(&server, &phone(341));
        let list = phone_one.on(&server).get("/v1/me/sessions").ok();
        let items = list["items"].as_array().expect("a list");
        let devices: Vec<&str> = items.iter().filter_map(|item| item["device"].as_str()).collect();
        assert_eq!(devices, ["旧手机", "平板", "手机"], "the one used last first");
        let current: Vec<&Value> = items.iter().filter(|item| item["current"] == true).map(|item| &item["id"]).collect();
        assert_eq!(current, [&phone_one.tokens["session_id"]]);
        let path = format!("/v1/me/sessions/{}", old.tokens["session_id"].as_str().expect("an id"));
        stranger.on(&server).send("DELETE", &path, None).is_problem(404, "not-found");
        phone_one.on(&server).send("DELETE", &path, None).with_status(204);
        is_over(&server, &old);
        phone_one.on(&server).send("DELETE", &path, None).is_problem(404, "not-found");
        phone_one.on(&server).send("DELETE", "/v1/me/sessions", None).with_status(204);
        is_over(&server, &tablet);
        renewed(&server, &phone_one);
        renewed(&server, &stranger);
        assert_eq!(ends(world), ["-", "another", "another", "-"]);
    }

    fn one_session_too_many_ends_the_one_that_was_idle_longest(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let mut sql = Sql::connect(world.database_url());
        let mut sign_in = || {
            sql.execute("DELETE FROM sign_in_code; DELETE FROM tally;");
            messages.sign_in(&server, &phone(350))
        };
        let first = sign_in();
        let second = sign_in();
        for _ in 2..20 {
            sign_in();
        }
        let first = renewed(&server, &first);
        let last = sign_in();
        is_over(&server, &second);
        renewed(&server, &first);
        let list = last.on(&server).get("/v1/me/sessions").ok();
        assert_eq!(list["items"].as_array().expect("a list").len(), 20);
    }
}

#[test]
fn a_logout_crosses_to_another_server_with_redis_stopped() {
    let _turn = Turn::wait();
    let mut redis = PrivateRedis::not_yet_started();
    redis.start();
    let world = World::postgres();
    let messages = Messages::start();
    let url = redis.url();
    let with_redis = [("REDIS_URL", url.as_str())];
    let servers = [
        messages.serve_with(&world, &with_redis),
        messages.serve_with(&world, &with_redis),
    ];
    let before = messages.sign_in(&servers[0], &phone(360));
    let after = messages.sign_in(&servers[0], &phone(361));
    before.on(&servers[1]).get("/v1/me").ok();
    after.on(&servers[1]).get("/v1/me").ok();
    before
        .on(&servers[0])
        .send("POST", "/v1/auth/logout", None)
        .with_status(204);
    is_over(&servers[1], &before);
    redis.kill();
    after.on(&servers[1]).get("/v1/me").ok();
    after
        .on(&servers[0])
        .send("POST", "/v1/auth/logout", None)
        .with_status(204);
    is_over(&servers[1], &after);
    redis.start();
}
