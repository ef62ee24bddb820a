//! Rates per address, and whose word counts for the address.

use crate::circle_lookup::ask;
use crate::harness::{Answer, Client, World, both_databases, until};

/// Asks on several connections until one is told that it was too much.
fn until_too_many(client: &Client) -> Answer {
    until("429", || {
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..4)
                .map(|_| {
                    let client = client.on_own_connection();
                    scope.spawn(move || (0..50).map(|_| ask(&client, &[])).collect::<Vec<_>>())
                })
                .collect();
            asking
                .into_iter()
                .flat_map(|thread| thread.join().expect("answers"))
                .collect()
        });
        for answer in &answers {
            assert!([200, 429].contains(&answer.status), "{answer:?}");
        }
        answers.into_iter().find(|answer| answer.status == 429)
    })
}

/// The number after `name=` in a structured header.
fn parameter(header: &str, name: &str) -> u64 {
    let mut parameters = header.split(';').filter_map(|part| part.trim().split_once('='));
    let found = parameters.find(|(known, _)| *known == name);
    let number = found.and_then(|(_, number)| number.parse().ok());
    number.unwrap_or_else(|| panic!("{header} has no {name}"))
}

both_databases! {
    fn twenty_circles_a_second_pass_and_far_more_are_told_to_wait(world: &World) {
        // What is set for other tests is taken away: this is the default.
        let server = world.serve_with(&[("ONEGRID_CIRCLE_RATE", "")]);
        let client = server.anonymous();
        for number in 0..20 {
            let answer = ask(&client, &[]).with_status(200);
            let policy = answer.needed_header("ratelimit-policy");
            assert!(policy.starts_with("\"circle\";"), "{policy}");
            assert!(parameter(&policy, "q") >= 20 && parameter(&policy, "w") >= 1, "{policy}");
            // Each costs one at least; what comes back meanwhile only adds.
            let left = parameter(&answer.needed_header("ratelimit"), "r");
            assert!(left < parameter(&policy, "q") || number > 0, "{left}");
        }
        let refused = until_too_many(&client);
        refused.is_problem(429, "too-many-requests");
        let wait: u64 = refused.needed_header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(parameter(&refused.needed_header("ratelimit"), "r"), 0);
        // Other operations are not held up by it.
        client.get("/v1/units").with_status(200);
        client.get("/health/live").with_status(200);
        until("the rate to come back", || (ask(&client, &[]).status == 200).then_some(()));
    }

    fn all_servers_count_together_or_each_for_itself_without_redis(world: &World) {
        let slow = [("ONEGRID_CIRCLE_RATE", "1")];
        let (one, other) = (world.serve_with(&slow), world.serve_with(&slow));
        until_too_many(&one.anonymous());
        let after = ask(&other.anonymous(), &[]).status;
        // A unit may have come back between the two, which the second try takes.
        let again = ask(&other.anonymous(), &[]).status;
        if world.is_sqlite() {
            assert_eq!(after, 200, "each process counts for itself");
        } else {
            assert!(after == 429 || again == 429, "{after} {again}");
        }
    }

    fn a_forged_address_is_not_believed(world: &World) {
        let server = world.serve_with(&[("ONEGRID_CIRCLE_RATE", "1")]);
        until_too_many(&server.anonymous());
        // Whatever it says, it is the same peer: of many names hardly one gets through.
        let forged = (0..20).map(|number| {
            let claimed = format!("203.0.113.{number}");
            let client = server.anonymous().with("x-forwarded-for", &claimed).with("forwarded", &format!("for={claimed}"));
            ask(&client.with("x-real-ip", &claimed), &[]).status
        });
        let refused = forged.filter(|status| *status == 429).count();
        assert!(refused > 0, "each forged address got a rate of its own");
    }

    fn a_trusted_proxy_names_the_client(world: &World) {
        let server = world.serve_with(&[
            ("ONEGRID_CIRCLE_RATE", "1"),
            ("ONEGRID_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ]);
        let of = |forwarded: &str| server.anonymous().with("x-forwarded-for", forwarded);
        until_too_many(&of("203.0.113.7"));
        // Another client has a rate of its own, also behind a second proxy of ours.
        ask(&of("203.0.113.8"), &[]).with_status(200);
        ask(&of("203.0.113.9, 10.1.2.3"), &[]).with_status(200);
        // What the client itself put in front is not believed: still number 7, now with forged neighbours.
        let refused = (0..20)
            .map(|number| ask(&of(&format!("198.51.100.{number}, 203.0.113.7")), &[]).status)
            .filter(|status| *status == 429)
            .count();
        assert!(refused > 0, "an entry left of the client's own was believed");
    }

    fn one_large_circle_costs_more_than_a_small_one(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        let left = |minutes: &str| {
            let answer = ask(&client, &[("minutes", minutes)]).with_status(200);
            let quota = parameter(&answer.needed_header("ratelimit-policy"), "q");
            quota - parameter(&answer.needed_header("ratelimit"), "r")
        };
        assert!(left("30") >= 2, "at once more than one is gone");
    }
}
