//! Codes, tokens and sessions as time goes by, on a clock that the test moves.

use onegrid::clock;

use crate::cli_world::Sql;
use crate::harness::people::{Holder, Messages, another_code, ask_code, bearing, phone, refresh, try_code};
use crate::harness::{Server, World, both_databases, until};

/// A clock that runs ahead of the machine's by what the test says.
struct Clock<'a> {
    world: &'a World,
    file: String,
}

impl<'a> Clock<'a> {
    fn of(world: &'a World) -> Self {
        // Noon in the zone, so that no test meets a midnight by chance.
        let clock = Self {
            world,
            file: world.path("clock").display().to_string(),
        };
        clock.set(0);
        clock
    }

    /// So many seconds after noon of 2027-03-01.
    fn set(&self, seconds: i64) {
        let noon: clock::Timestamp = "2027-03-01T12:00:00+08:00".parse().expect("an instant");
        let offset_s = (noon.micros() - clock::now().micros()) as f64 / 1e6 + seconds as f64;
        self.world.file("clock", &offset_s.to_string());
        // A server looks at the file every 50 ms.
        std::thread::sleep(std::time::Duration::from_millis(120));
    }

    fn serve(&self, messages: &Messages) -> Server {
        messages.serve_with(self.world, &[("ONEGRID_CLOCK_FILE", &self.file)])
    }
}

const DAY: i64 = 86_400;

both_databases! {
    fn another_code_comes_after_a_minute_and_a_code_is_good_for_five(world: &World) {
        let (messages, clock) = (Messages::start(), Clock::of(world));
        let server = clock.serve(&messages);
        let client = server.anonymous();
        let first = messages.code(&client, &phone(700));
        let soon = ask_code(&client, &phone(700));
        soon.is_problem(429, "too-many-requests");
        let wait: i64 = soon.needed_header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        clock.set(61);
        let second = messages.code(&client, &phone(700));
        if first != second {
            try_code(&client, &phone(700), &first).is_problem(403, "wrong-code");
        }
        clock.set(61 + 290);
        try_code(&client, &phone(700), &second).with_status(201);
        let late = messages.code(&client, &phone(701));
        clock.set(61 + 290 + 301);
        try_code(&client, &phone(701), &late).is_problem(403, "wrong-code");
    }

    fn a_phone_gets_ten_codes_a_day_and_is_open_again_after_midnight(world: &World) {
        let (messages, clock) = (Messages::start(), Clock::of(world));
        let server = clock.serve(&messages);
        let client = server.anonymous();
        for nth in 0..10 {
            clock.set(nth * 61);
            ask_code(&client, &phone(710)).with_status(202);
        }
        clock.set(700);
        let refused = ask_code(&client, &phone(710));
        refused.is_problem(429, "too-many-requests");
        let wait: i64 = refused.needed_header("retry-after").parse().expect("seconds");
        assert!((DAY / 2 - 720..DAY / 2).contains(&wait), "until midnight in the zone: {wait}");
        let code = messages.code(&client, &phone(711));
        for _ in 0..10 {
            try_code(&client, &phone(711), &another_code(&code)).is_problem(403, "wrong-code");
        }
        try_code(&client, &phone(711), &code).is_problem(429, "too-many-requests");
        clock.set(DAY / 2 + 2);
        ask_code(&client, &phone(710)).with_status(202);
        let code = messages.code(&client, &phone(711));
        try_code(&client, &phone(711), &code).with_status(201);
    }

    fn an_access_token_is_good_for_a_quarter_of_an_hour(world: &World) {
        let (messages, clock) = (Messages::start(), Clock::of(world));
        let server = clock.serve(&messages);
        let holder = messages.sign_in(&server, &phone(720));
        clock.set(890);
        holder.on(&server).get("/v1/me").ok();
        clock.set(910);
        holder.on(&server).get("/v1/me").is_problem(401, "unauthenticated");
        let tokens = refresh(&server, holder.refresh_token()).ok();
        let next = tokens["access_token"].as_str().expect("a token");
        // A server whose clock is behind by more than the leeway takes no token of the future.
        clock.set(900);
        bearing(&server, next).get("/v1/me").is_problem(401, "unauthenticated");
        clock.set(907);
        bearing(&server, next).get("/v1/me").ok();
    }

    fn a_lost_answer_is_given_again_for_thirty_seconds(world: &World) {
        let (messages, clock) = (Messages::start(), Clock::of(world));
        let server = clock.serve(&messages);
        let holder = messages.sign_in(&server, &phone(730));
        refresh(&server, holder.refresh_token()).ok();
        clock.set(25);
        let kept = Holder::of(&server, refresh(&server, holder.refresh_token()).ok());
        clock.set(35);
        refresh(&server, holder.refresh_token()).is_problem(401, "unauthenticated");
        until("the session is over", || (kept.on(&server).get("/v1/me").status == 401).then_some(()));
        refresh(&server, kept.refresh_token()).is_problem(401, "unauthenticated");
    }

    fn a_session_ends_when_it_is_left_alone_for_a_month_and_after_half_a_year_at_the_latest(world: &World) {
        let (messages, clock) = (Messages::start(), Clock::of(world));
        let server = clock.serve(&messages);
        let idle = messages.sign_in(&server, &phone(740));
        let mut busy = messages.sign_in(&server, &phone(741));
        for month in 1..7 {
            clock.set(month * 29 * DAY);
            busy = Holder::of(&server, refresh(&server, busy.refresh_token()).ok());
        }
        refresh(&server, idle.refresh_token()).is_problem(401, "unauthenticated");
        clock.set(181 * DAY);
        refresh(&server, busy.refresh_token()).is_problem(401, "unauthenticated");
    }

    fn what_is_kept_for_a_time_is_forgotten_by_a_start_after_it(world: &World) {
        let (messages, clock) = (Messages::start(), Clock::of(world));
        let server = clock.serve(&messages);
        let holder = messages.sign_in(&server, &phone(750));
        holder.on(&server).send("POST", "/v1/auth/logout", None).with_status(204);
        messages.code(&server.anonymous(), &phone(751));
        let mut sql = Sql::connect(world.database_url());
        drop(server);
        clock.set(2 * DAY);
        let second = clock.serve(&messages);
        until("counts and codes are gone", || (sql.count("tally") == 0 && sql.count("sign_in_code") == 0).then_some(()));
        assert_eq!(sql.count("session"), 1);
        // Whoever is killed with a job in hand has it until its claim runs out.
        until("that is written down", || {
            (sql.numbers("SELECT count(*) AS value FROM job WHERE lease IS NOT NULL") == [0]).then_some(())
        });
        drop(second);
        clock.set(91 * DAY);
        let _third = clock.serve(&messages);
        until("the session is gone", || (sql.count("session") == 0).then_some(()));
        assert_eq!(sql.count("person"), 1);
    }
}
