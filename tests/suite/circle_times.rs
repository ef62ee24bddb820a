//! The circle at an instant: opening hours, holidays, mobile services.

use serde_json::Value;

use crate::circle_lookup::{ask, circle, named, names};
use crate::harness::{Fixture, World, both_databases};

/// Whether a place is open at an instant, and when that changes.
#[track_caller]
fn state(client: &crate::harness::Client, name: &str, at: &str) -> (Option<bool>, Value) {
    let circle = circle(client, &[("at", at)]);
    let place = named(&circle, name);
    (place["open_now"].as_bool(), place["next_change"].clone())
}

both_databases! {
    fn a_place_is_open_by_its_hours_in_the_zone_of_the_city(world: &World) {
        world.import_places(
            &Fixture::places()
                .open("店", "shop", 100.0, 0.0, "Mo-Fr 09:00-17:00")
                .open("夜店", "bar", 120.0, 0.0, "20:00-02:00")
                .open("常开", "park", 140.0, 0.0, "24/7")
                .place("不详", "library", 160.0, 0.0),
        );
        let server = world.serve();
        let client = server.anonymous();
        // 2026-03-03 is a Tuesday.
        for (name, at, open, next) in [
            ("店", "2026-03-03T08:59:59+08:00", Some(false), "2026-03-03T01:00:00Z".into()),
            ("店", "2026-03-03T09:00:00+08:00", Some(true), "2026-03-03T09:00:00Z".into()),
            ("店", "2026-03-03T01:00:00Z", Some(true), "2026-03-03T09:00:00Z".into()),
            ("店", "2026-03-03T17:00:00+08:00", Some(false), "2026-03-04T01:00:00Z".into()),
            ("店", "2026-03-07T10:00:00+08:00", Some(false), "2026-03-09T01:00:00Z".into()),
            ("夜店", "2026-03-04T01:30:00+08:00", Some(true), "2026-03-03T18:00:00Z".into()),
            ("常开", "2026-03-03T03:00:00+08:00", Some(true), Value::Null),
            ("不详", "2026-03-03T10:00:00+08:00", None, Value::Null),
        ] {
            assert_eq!(state(&client, name, at), (open, next), "{name} at {at}");
        }
        let circle = circle(&client, &[("at", "2026-03-03T10:00:00+08:00")]);
        assert_eq!(circle["at"], "2026-03-03T02:00:00Z");
    }

    fn shifted_working_days_and_holidays_count(world: &World) {
        world.import_places(
            &Fixture::places()
                .open("办事处", "street_office", 100.0, 0.0, "Mo-Fr 09:00-17:00; PH off")
                .open("不提节日", "shop", 120.0, 0.0, "Mo-Fr 09:00-17:00")
                .open("周末店", "shop", 140.0, 0.0, "Sa-Su 09:00-17:00"),
        );
        let server = world.serve();
        let client = server.anonymous();
        for (name, at, open) in [
            // A Saturday that is worked in place of a Friday, and one that is not.
            ("办事处", "2026-02-14T10:00:00+08:00", true),
            ("不提节日", "2026-02-14T10:00:00+08:00", true),
            ("周末店", "2026-02-14T10:00:00+08:00", false),
            ("办事处", "2026-03-14T10:00:00+08:00", false),
            ("周末店", "2026-03-14T10:00:00+08:00", true),
            // A Thursday of the National Day holiday; hours that say nothing of it count as that weekday.
            ("办事处", "2026-10-01T10:00:00+08:00", false),
            ("不提节日", "2026-10-01T10:00:00+08:00", true),
            // The day after the holiday.
            ("办事处", "2026-10-08T10:00:00+08:00", true),
        ] {
            assert_eq!(state(&client, name, at).0, Some(open), "{name} at {at}");
        }
        // From the evening before the holiday the next change is after it.
        assert_eq!(state(&client, "办事处", "2026-09-30T18:00:00+08:00").1, "2026-10-08T01:00:00Z");
    }

    fn a_year_without_a_table_of_holidays_is_said(world: &World) {
        world.import_places(&Fixture::places().open("店", "shop", 100.0, 0.0, "Mo-Fr 09:00-17:00; PH off"));
        let server = world.serve();
        let provisional = |at: &str| {
            let circle = circle(&server.anonymous(), &[("at", at)]);
            named(&circle, "店")["hours_provisional"].clone()
        };
        assert_eq!(provisional("2026-03-03T10:00:00+08:00"), false);
        assert_eq!(provisional("2031-03-03T10:00:00+08:00"), true);
    }

    fn of_two_stops_on_one_day_the_one_that_stands_open_counts_first(world: &World) {
        let stops = [(100.0, 5.0, "Tu 09:00-11:00"), (-300.0, 5.0, "Tu 14:00-16:00")];
        world.import_places(&Fixture::places().mobile("流动诊所", "clinic", &stops));
        let server = world.serve();
        let client = server.anonymous();
        // Before, at, between, at the second, and after.
        for (at, walk_m, open) in [
            ("2026-03-03T08:00:00+08:00", 125.0, false),
            ("2026-03-03T10:00:00+08:00", 125.0, true),
            ("2026-03-03T12:00:00+08:00", 325.0, false),
            ("2026-03-03T14:30:00+08:00", 325.0, true),
            ("2026-03-03T20:00:00+08:00", 125.0, false),
        ] {
            let circle = circle(&client, &[("at", at)]);
            let clinic = named(&circle, "流动诊所");
            assert_eq!(clinic["open_now"], open, "{at}");
            assert!((clinic["walk_m"].as_f64().expect("metres") - walk_m).abs() < 1.0, "{at}: {clinic}");
        }
    }

    fn a_clinic_in_the_village_on_tuesdays_is_in_tuesdays_circle(world: &World) {
        world.import_places(
            &Fixture::places()
                .mobile("流动诊所", "clinic", &[(200.0, 5.0, "Tu 09:00-11:00"), (-300.0, 5.0, "Th 14:00-16:00")])
                .place("药店", "pharmacy", 400.0, 0.0),
        );
        let server = world.serve();
        let client = server.anonymous();
        let walk_m = |circle: &Value| named(circle, "流动诊所")["walk_m"].as_f64().expect("metres");
        // All of Tuesday in the zone of the city, with whether it is there at the instant.
        for (at, open) in [
            ("2026-03-03T00:00:00+08:00", false),
            ("2026-03-03T09:30:00+08:00", true),
            ("2026-03-03T23:59:59+08:00", false),
            ("2026-03-02T16:00:00Z", false),
        ] {
            let circle = circle(&client, &[("at", at)]);
            let clinic = named(&circle, "流动诊所");
            assert_eq!(clinic["open_now"], open, "{at}");
            assert!((walk_m(&circle) - 225.0).abs() < 1.0, "it stands at Tuesday's stop");
            let medical = &circle["summary"][3];
            assert_eq!((&medical["count"], &medical["nearest"]["name"]), (&2.into(), &"流动诊所".into()));
        }
        let thursday = circle(&client, &[("at", "2026-03-05T10:00:00+08:00")]);
        assert!((walk_m(&thursday) - 325.0).abs() < 1.0, "it stands at Thursday's stop");
        for at in ["2026-03-04T09:30:00+08:00", "2026-03-02T15:59:59Z", "2026-03-07T09:30:00+08:00"] {
            let circle = circle(&client, &[("at", at)]);
            assert_eq!(names(&circle), ["药店"], "{at}");
            assert_eq!(circle["summary"][3]["count"], 1, "{at}");
        }
    }

    fn open_and_closed_places_can_be_asked_for(world: &World) {
        world.import_places(
            &Fixture::places()
                .open("早", "shop", 100.0, 0.0, "06:00-10:00")
                .open("晚", "shop", 120.0, 0.0, "18:00-23:00")
                .place("不详", "library", 140.0, 0.0),
        );
        let server = world.serve();
        let client = server.anonymous();
        let at = ("at", "2026-03-03T08:00:00+08:00");
        assert_eq!(names(&circle(&client, &[at, ("open", "true")])), ["早"]);
        assert_eq!(names(&circle(&client, &[at, ("open", "false")])), ["晚"]);
        let all = circle(&client, &[at]);
        assert_eq!(names(&all), ["早", "晚", "不详"]);
        assert_eq!(all["summary"][9]["open_now"], 1);
    }

    fn an_instant_that_is_none_is_refused(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        for wrong in ["yesterday", "2026-03-03", "2026-03-03 10:00", "2026-02-30T10:00:00Z", "2026-03-03T10:00:00", "1772503200", "", "2026-03-03T25:00:00Z"] {
            ask(&client, &[("at", wrong)]).is_invalid_at(&[("query", "/at", "format")]);
        }
        // A plus that was not encoded is a blank; the hint says what to do.
        let plus = client.with("accept-language", "en").get("/v1/circle?lat=31.2&lon=112.6&at=2026-03-03T10:00:00+08:00");
        plus.is_invalid_at(&[("query", "/at", "format")]);
        assert!(plus.json["errors"][0]["detail"].as_str().expect("words").contains("%2B"));
    }

    fn an_instant_far_away_is_evaluated_and_one_beyond_reason_is_refused(world: &World) {
        world.import_places(
            &Fixture::places()
                .open("店", "shop", 100.0, 0.0, "Mo-Fr 09:00-17:00; PH off")
                .mobile("流动诊所", "clinic", &[(200.0, 5.0, "Tu 09:00-11:00")]),
        );
        let server = world.serve();
        for far in ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z"] {
            let circle = circle(&server.anonymous(), &[("at", far)]);
            assert!(names(&circle).contains(&"店"), "{far}");
        }
        for beyond in ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
            ask(&server.anonymous(), &[("at", beyond)]).is_invalid_at(&[("query", "/at", "range")]);
        }
    }
}
