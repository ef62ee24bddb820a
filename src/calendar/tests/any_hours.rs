//! Hours put together by chance.

use super::super::{Calendar, Hours};
use chrono::DateTime;
use chrono_tz::Tz;
use proptest::prelude::*;
use std::sync::LazyLock;

static SHANGHAI: LazyLock<Calendar> = LazyLock::new(|| Calendar::new(Tz::Asia__Shanghai).unwrap());

/// Hours as people write them, cut and put together anyhow.
fn any_hours() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(
        &[
            "Mo",
            "Fr",
            "Sa,Su",
            "Mo-We",
            "Su-Tu",
            "PH",
            "SH",
            "off",
            "open",
            "closed",
            "unknown",
            "24/7",
            "08:00-12:00",
            "22:00-02:00",
            "20:00-26:00",
            "10:00+",
            "sunrise-sunset",
            "(sunset-01:30)-24:00",
            "(dawn+06:00)-30:00",
            "00:00-00:00",
            "-",
            ",",
            ";",
            "||",
            ":",
            "\"by call\"",
            "\"",
            "Jan",
            "Feb 29",
            "Apr-Oct",
            "Dec 24-Jan 06",
            "2026",
            "2025-2030/2",
            "1900+",
            "9999",
            "week 01-53/2",
            "week 53",
            "easter",
            "easter -2 days",
            "[1]",
            "[-1]",
            "[2-4]",
            "+1 day",
            "-366 days",
            "00:00-24:00",
            "08:00-18:00/01:30",
            "Mo[1]",
            "PH -1 day",
            "(",
            ")",
        ][..],
    );
    proptest::collection::vec((word, any::<bool>()), 1..9).prop_map(|words| {
        let text = |(word, space): &(&str, bool)| format!("{word}{}", if *space { " " } else { "" });
        words.iter().map(text).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_hours_say_the_next_change_is_one(
        text in any_hours(),
        at in prop_oneof![1_767_225_600_i64..1_830_297_600, any::<i64>()],
    ) {
        let Some(at) = DateTime::from_timestamp(at, 0) else { return Ok(()) };
        if let Ok(hours) = Hours::parse(&text) {
            let calendar = &*SHANGHAI;
            let state = calendar.state(&hours, at);
            calendar.serves_on(&hours, calendar.date_of(at));
            if let Some(change) = state.next_change {
                prop_assert!(change > at, "{state:?}");
                let then = calendar.state(&hours, change);
                prop_assert_ne!((then.open, then.comment), (state.open, state.comment));
            }
            prop_assert_eq!(Hours::parse(hours.as_str()), Ok(hours));
        }
    }
}
