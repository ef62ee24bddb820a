//! Random hours against the crate, and against ordinary days.

use super::*;
use opening_hours::OpeningHours;
use proptest::prelude::*;

/// Random hours of what places really write, each part optional.
fn plausible() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec![
        "",
        "Mo-Fr ",
        "Mo-Sa ",
        "Sa,Su ",
        "Tu ",
        "Mo,We,Fr ",
        "Fr-Mo ",
        "PH ",
        "Mo-Fr,PH ",
        "Sa[1] ",
        "We[-1] ",
        "PH,Su ",
        "Mo-Su ",
    ]);
    let dates = prop::sample::select(vec![
        "",
        "",
        "",
        "Apr-Oct ",
        "Nov-Mar ",
        "week 1-53/2 ",
        "May 1-May 15 ",
        "2026 ",
        "Jan 1 ",
    ]);
    let times = prop::sample::select(vec![
        "09:00-17:00",
        "08:30-12:00,14:00-18:00",
        "22:00-02:00",
        "00:00-24:00",
        "20:00-26:00",
        "sunrise-sunset",
        "18:00-24:00",
        "10:00+",
        "off",
        "12:00-13:00 unknown",
        "09:00-10:00 \"ring\"",
    ]);
    let separator = prop::sample::select(vec!["; ", ", ", " || "]);
    prop::collection::vec((dates, days, times, separator), 1..5).prop_map(|rules| {
        let mut text = String::new();
        for (index, (dates, days, times, separator)) in rules.into_iter().enumerate() {
            if index > 0 {
                text.push_str(separator);
            }
            text.push_str(dates);
            text.push_str(days);
            text.push_str(times);
        }
        text
    })
}

/// Anything that looks like the grammar's words.
fn hostile() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Mo",
        "Su",
        "PH",
        "SH",
        "-",
        ",",
        ", ",
        ";",
        " || ",
        " ",
        "week ",
        "1",
        "53",
        "/2",
        "/0",
        "[1]",
        "[-1]",
        "[5]",
        " +1 day",
        " -9999 days",
        " +9999 days",
        "Jan",
        "Dec",
        " 31",
        " 0",
        "2026",
        "1900",
        "9999",
        "easter",
        "24/7",
        "00:00",
        "24:00",
        "48:00",
        "26:00",
        "sunset",
        "(sunset+23:59)",
        "(dawn-23:59)",
        "+",
        "off",
        "unknown",
        "\"x\"",
        ":",
        "-Feb 29",
        "Feb 29",
        "open",
        "\"-20001 days\"",
    ]);
    prop::collection::vec(word, 1..14).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_509),
        failure_persistence: None,
        max_global_rejects: 100_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn without_shifted_days_the_crate_says_the_same(text in plausible(), minute in 0..700_000i64) {
        let csv = "date,name,kind\n2026-05-01,a,off\n2026-05-04,b,off\n2026-10-01,c,off\n";
        let calendar = Calendar::from_tables(Tz::Asia__Shanghai, [(2026, csv)]).unwrap();
        let wall = date("2025-12-01").and_time(NaiveTime::MIN) + TimeDelta::minutes(minute);
        let crates: OpeningHours = text.parse().unwrap();
        let crates = crates.with_context(calendar.ordinary.clone());
        let (kind, comment) = crates.state(wall);
        // The crate would walk to the year 10000.
        let until = wall + TimeDelta::days(399);
        let next = (crates.iter_range(wall, until).next())
            .map(|stretch| stretch.range.end)
            .filter(|end| *end < until)
            .map(|end| (end - TimeDelta::hours(8)).and_utc());
        let at = (wall - TimeDelta::hours(8)).and_utc();
        let found = calendar.state(&hours(&text), at);
        prop_assert_eq!(found.open, match kind {
            RuleKind::Open => Some(true),
            RuleKind::Closed => Some(false),
            RuleKind::Unknown => None,
        });
        prop_assert_eq!(found.comment.as_deref().unwrap_or(""), &*comment);
        let horizon = at + TimeDelta::days(399);
        prop_assert_eq!(found.next_change.filter(|change| *change < horizon), next);
    }

    #[test]
    fn a_shifted_day_has_the_hours_of_the_weekday_it_works_as(text in plausible(), weekday in 0..5u8) {
        // Rules that name no date: Saturday 18 July 2026 works as a weekday of
        // the week before, and the Friday before it likewise as the day before
        // that, so that the nights between agree too.
        prop_assume!(!["Apr", "Nov", "week", "May", "2026", "Jan", "[", "off", "PH"].iter().any(|w| text.contains(w)));
        let weekday = Weekday::try_from(weekday).unwrap();
        let shifted = date("2026-07-18");
        let model = date("2026-07-06") + TimeDelta::days(weekday.num_days_from_monday().into());
        let names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
        let name = |day: Weekday| names[day.num_days_from_monday() as usize];
        let mut csv = format!("date,name,kind\n2026-07-18,x,work_as={}\n", name(weekday));
        if weekday.pred() != Weekday::Fri {
            csv += &format!("2026-07-17,x,work_as={}\n", name(weekday.pred()));
        }
        let calendar = Calendar::from_tables(Tz::Asia__Shanghai, [(2026, csv.as_str())]).unwrap();
        let hours = hours(&text);
        prop_assert!(hours.by_marks().is_some(), "{}", text);
        let view = View::new(&calendar, &hours);
        prop_assert_eq!(view.schedule(shifted), view.schedule(model), "{}", text);
    }

    #[test]
    fn marks_change_nothing_where_each_day_is_itself(text in plausible(), day in 0..365i64) {
        let calendar = shanghai();
        let hours = hours(&text);
        let day = date("2026-01-01") + TimeDelta::days(day);
        let marks = [day, day.pred_opt().unwrap()].map(|day| hours::weekday_mark(day, day.weekday()).unwrap());
        let off = calendar.days.iter().filter(|(_, entry)| matches!(entry, Entry::Off(_))).map(|(day, _)| *day);
        let marked = hours.by_marks().unwrap().clone().with_context(context(off.chain(marks)));
        prop_assert_eq!(marked.schedule_at(day), View::new(&calendar, &hours).ordinary.schedule_at(day), "{}", text);
    }

    #[test]
    fn hostile_hours_never_panic(text in hostile(), minute in 0..1_000_000i64) {
        let calendar = shanghai();
        if let Ok(hours) = Hours::parse(&text) {
            let at = cst("2024-12-01 00:00") + TimeDelta::minutes(minute);
            let found = calendar.state(&hours, at);
            prop_assert!(found.next_change.is_none_or(|next| next > at));
            calendar.serves_on(&hours, date("2026-05-09"));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}") {
        drop(Hours::parse(&text));
    }
}
