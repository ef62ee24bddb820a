use super::*;

mod any_hours;

fn shanghai() -> Calendar {
    Calendar::new(Tz::Asia__Shanghai).unwrap()
}

fn hours(text: &str) -> Hours {
    Hours::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An instant from wall-clock time in Shanghai, `2026-05-09 10:00`.
fn cst(text: &str) -> DateTime<Utc> {
    let wall = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    Tz::Asia__Shanghai
        .from_local_datetime(&wall)
        .unwrap()
        .with_timezone(&Utc)
}

fn state(text: &str, at: &str) -> HoursState {
    shanghai().state(&hours(text), cst(at))
}

#[track_caller]
fn assert_state(text: &str, at: &str, open: Option<bool>, next: Option<&str>) {
    let found = state(text, at);
    assert_eq!((found.open, found.next_change), (open, next.map(cst)), "{text} at {at}");
}

#[test]
fn a_saturday_that_is_worked_as_tuesday_is_a_tuesday() {
    // 9 May 2026 works as Tuesday.
    assert_state(
        "Mo-Fr 09:00-17:00",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 17:00"),
    );
    assert_state(
        "Tu 09:00-11:00",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 11:00"),
    );
    assert_state(
        "We 09:00-11:00",
        "2026-05-09 10:00",
        Some(false),
        Some("2026-05-13 09:00"),
    );
    assert_state(
        "Sa,Su 10:00-18:00",
        "2026-05-09 11:00",
        Some(false),
        Some("2026-05-10 10:00"),
    );
    assert_state(
        "Sa-Mo 10:00-18:00",
        "2026-05-09 11:00",
        Some(false),
        Some("2026-05-10 10:00"),
    );
    assert_state(
        "Fr-Tu 10:00-18:00",
        "2026-05-09 11:00",
        Some(true),
        Some("2026-05-09 18:00"),
    );
    assert_state(
        "Mo-Fr 09:00-17:00; PH off",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 17:00"),
    );
    assert_state(
        "Mo-Fr 09:00-17:00; Sa,Su,PH off",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 17:00"),
    );
}

#[test]
fn a_shift_is_foreseen_from_the_day_before() {
    assert_state(
        "Mo-Fr 09:00-17:00",
        "2026-05-08 20:00",
        Some(false),
        Some("2026-05-09 09:00"),
    );
    assert_state(
        "Sa 09:00-17:00",
        "2026-05-08 20:00",
        Some(false),
        Some("2026-05-16 09:00"),
    );
}

#[test]
fn a_day_off_is_closed_only_to_hours_that_say_so() {
    // Tuesday 5 May 2026 is off.
    assert_state(
        "Mo-Fr 09:00-17:00",
        "2026-05-05 10:00",
        Some(true),
        Some("2026-05-05 17:00"),
    );
    assert_state(
        "Mo-Fr 09:00-17:00; PH off",
        "2026-05-05 10:00",
        Some(false),
        Some("2026-05-06 09:00"),
    );
    assert_state(
        "Mo-Fr 09:00-17:00; PH 10:00-12:00",
        "2026-05-05 09:30",
        Some(false),
        Some("2026-05-05 10:00"),
    );
    assert_state(
        "PH 10:00-12:00",
        "2026-05-06 09:00",
        Some(false),
        Some("2026-06-19 10:00"),
    );
    // The whole of the golden week, and the worked Saturday after it.
    assert_state(
        "Mo-Fr 09:00-17:00; PH off",
        "2026-09-30 18:00",
        Some(false),
        Some("2026-10-08 09:00"),
    );
    assert_state(
        "Mo-Fr 09:00-17:00; PH off",
        "2026-10-09 18:00",
        Some(false),
        Some("2026-10-10 09:00"),
    );
}

#[test]
fn the_night_before_a_shifted_day_keeps_its_hours() {
    // Friday's night spills into the Saturday that works as Tuesday.
    assert_state(
        "Fr 22:00-02:00",
        "2026-05-09 01:00",
        Some(true),
        Some("2026-05-09 02:00"),
    );
    // The shifted day's own night is Tuesday's, and spills into Sunday.
    assert_state(
        "Tu 22:00-02:00",
        "2026-05-10 01:00",
        Some(true),
        Some("2026-05-10 02:00"),
    );
    assert_state(
        "Sa 22:00-02:00",
        "2026-05-10 01:00",
        Some(false),
        Some("2026-05-16 22:00"),
    );
    // Two neighbouring shifted days: 4 Feb 2024 was a Sunday as Thursday.
    assert_state(
        "Th 20:00-26:00",
        "2024-02-05 01:30",
        Some(true),
        Some("2024-02-05 02:00"),
    );
    // 14 February 2026 works as Friday; the day off after it ends its night,
    // as `off` does in the grammar.
    assert_state(
        "Fr 22:00-02:00; PH off",
        "2026-02-14 23:00",
        Some(true),
        Some("2026-02-15 00:00"),
    );
}

#[test]
fn dates_weeks_and_months_keep_their_meaning_on_a_shifted_day() {
    // 9 May 2026 lies in week 19.
    assert_state(
        "week 1-53/2 Tu 09:00-11:00",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 11:00"),
    );
    assert_state(
        "week 2-52/2 Tu 09:00-11:00",
        "2026-05-09 10:00",
        Some(false),
        Some("2026-05-12 09:00"),
    );
    assert_state(
        "May Tu 09:00-11:00",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 11:00"),
    );
    assert_state(
        "Jun Tu 09:00-11:00",
        "2026-05-09 10:00",
        Some(false),
        Some("2026-06-02 09:00"),
    );
    assert_state(
        "2026 May 9 10:00-12:00",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 12:00"),
    );
    assert_state("2025 Tu 10:00-12:00", "2026-05-09 10:00", Some(false), None);
    // The second Saturday of May is a date, not a weekday.
    assert_state(
        "Sa[2] 10:00-12:00",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 12:00"),
    );
    assert_state(
        "Tu[2] 10:00-12:00",
        "2026-05-09 10:00",
        Some(false),
        Some("2026-05-12 10:00"),
    );
    // Offsets from holidays stand beside the marks, whatever their sign.
    assert_state(
        "Tu 09:00-11:00; PH +4 days off",
        "2026-05-09 10:00",
        Some(false),
        Some("2026-05-12 09:00"),
    );
    assert_state(
        "Tu 09:00-11:00; PH -1 day off",
        "2026-05-09 10:00",
        Some(true),
        Some("2026-05-09 11:00"),
    );
}

#[test]
fn seasons_weeks_and_constants_are_walked() {
    assert_state("24/7", "2026-05-09 10:00", Some(true), None);
    assert_state("off", "2026-05-09 10:00", Some(false), None);
    assert_state(
        "Mo-Su 06:00-22:00",
        "2026-05-09 23:00",
        Some(false),
        Some("2026-05-10 06:00"),
    );
    assert_state(
        "Apr-Oct 09:00-17:00",
        "2026-11-01 10:00",
        Some(false),
        Some("2027-04-01 09:00"),
    );
    assert_state("Apr-Oct", "2026-05-01 10:00", Some(true), Some("2026-11-01 00:00"));
    assert_state("Feb 29 10:00-12:00", "2024-03-01 00:00", Some(false), None);
    assert_state(
        "sunrise-sunset",
        "2026-05-20 06:30",
        Some(false),
        Some("2026-05-20 07:00"),
    );
    assert_state(
        "Mo-Fr 08:30-12:00,14:00-17:30",
        "2026-11-24 12:00",
        Some(false),
        Some("2026-11-24 14:00"),
    );
    assert_state("00:00-24:00", "2026-05-20 06:30", Some(true), None);
}

#[test]
fn unknown_and_comments_are_told_apart() {
    let found = state("Mo-Fr 09:00-12:00 unknown \"ask first\"", "2026-11-24 10:00");
    assert_eq!(found.open, None);
    assert_eq!(found.comment.as_deref(), Some("ask first"));
    assert_eq!(found.next_change, Some(cst("2026-11-24 12:00")));
    let found = state("09:00-12:00, Mo-Su 12:00-14:00 \"side door\"", "2026-11-24 10:00");
    assert_eq!((found.open, found.comment), (Some(true), None));
    assert_eq!(found.next_change, Some(cst("2026-11-24 12:00")));
}

#[test]
fn a_year_without_a_table_is_provisional_where_it_matters() {
    assert!(!state("Mo-Fr 09:00-17:00", "2026-11-24 10:00").provisional);
    assert!(state("Mo-Fr 09:00-17:00", "2027-03-01 10:00").provisional);
    assert!(state("PH off; Mo-Su 08:00-20:00", "2027-03-01 10:00").provisional);
    // The span reaches into 2027.
    assert!(state("Mo 09:00-17:00", "2026-12-29 10:00").provisional);
    assert!(state("Mo 09:00-17:00; PH off", "2023-12-31 23:00").provisional);
    // No weekday or holiday matters to these.
    assert!(!state("24/7", "2027-03-01 10:00").provisional);
    assert!(!state("Mo-Su 06:00-22:00", "2027-03-01 10:00").provisional);
    assert!(!state("Apr-Oct 06:00-22:00", "2027-03-01 10:00").provisional);
    let next = shanghai()
        .with_table(2027, "date,name,kind\n2027-01-01,元旦,off\n")
        .unwrap();
    let at = cst("2027-03-01 10:00");
    assert!(!next.state(&hours("Mo-Fr 09:00-17:00"), at).provisional);
    assert_eq!(next.years().collect::<Vec<_>>(), [2024, 2025, 2026, 2027]);
}

#[test]
fn hours_without_marks_are_provisional_on_shifted_days() {
    let far = hours("Tu 09:00-11:00; PH -400 days off");
    assert!(far.by_marks().is_none());
    let found = shanghai().state(&far, cst("2026-05-09 10:00"));
    assert_eq!((found.open, found.provisional), (Some(false), true));
    assert!(!shanghai().state(&far, cst("2026-05-12 10:00")).provisional);
}

#[test]
fn a_timetable_knows_its_days() {
    let calendar = shanghai();
    let bus = hours("Tu 09:00-11:00; PH off");
    let serves: Vec<NaiveDate> = date("2026-05-01")
        .iter_days()
        .take(20)
        .filter(|day| calendar.serves_on(&bus, *day))
        .collect();
    assert_eq!(serves, [date("2026-05-09"), date("2026-05-12"), date("2026-05-19")]);
    assert!(!calendar.serves_on(&hours("Tu 09:00-11:00 unknown"), date("2026-05-12")));
}

#[test]
fn a_day_is_named() {
    let calendar = shanghai();
    assert_eq!(calendar.day(date("2026-10-01")), DayKind::Off("国庆节"));
    assert_eq!(calendar.day(date("2026-10-10")), DayKind::WorksAs(Weekday::Wed));
    assert_eq!(calendar.day(date("2026-10-11")), DayKind::Weekend);
    assert_eq!(calendar.day(date("2026-10-12")), DayKind::Weekday);
    assert_eq!(calendar.works_as(date("2026-10-10")), Weekday::Wed);
    assert_eq!(calendar.works_as(date("2026-10-11")), Weekday::Sun);
}

#[test]
fn clocks_that_change_leave_no_empty_stretch_and_none_twice() {
    let calendar = Calendar::new(Tz::Europe__Monaco).unwrap();
    let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    // 29 March 2026, 02:00 → 03:00 at 01:00 UTC.
    let early = hours("02:15-02:45 open; 03:00-04:00 open");
    let found = calendar.state(&early, utc("2026-03-29T00:30:00Z"));
    assert_eq!(
        (found.open, found.next_change),
        (Some(false), Some(utc("2026-03-29T01:00:00Z")))
    );
    let skipped = hours("02:15-02:45");
    let found = calendar.state(&skipped, utc("2026-03-29T00:30:00Z"));
    assert_eq!(found.next_change, Some(utc("2026-03-30T00:15:00Z")));
    assert_eq!(calendar.state(&skipped, utc("2026-03-29T01:00:00Z")).open, Some(false));
    // 25 October 2026, 03:00 → 02:00 at 01:00 UTC: 02:30 is its first time.
    let late = hours("01:00-02:30");
    let found = calendar.state(&late, utc("2026-10-25T00:15:00Z"));
    assert_eq!(
        (found.open, found.next_change),
        (Some(true), Some(utc("2026-10-25T00:30:00Z")))
    );
    for at in ["2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z"] {
        let found = calendar.state(&late, utc(at));
        assert_eq!(
            (found.open, found.next_change),
            (Some(false), Some(utc("2026-10-26T00:00:00Z")))
        );
    }
    // Summer and winter time at noon.
    let noon = hours("12:00-13:00");
    assert_eq!(calendar.state(&noon, utc("2026-07-01T10:30:00Z")).open, Some(true));
    assert_eq!(calendar.state(&noon, utc("2026-12-01T11:30:00Z")).open, Some(true));
}

#[test]
fn a_change_found_is_a_change_across_every_zone() {
    for zone in [
        Tz::Europe__Monaco,
        Tz::Asia__Shanghai,
        Tz::America__Havana,
        Tz::Africa__Cairo,
    ] {
        let calendar = Calendar::new(zone).unwrap();
        for text in [
            "00:30-02:30",
            "Sa 22:00-26:30",
            "23:00-24:00",
            "Mo-Fr 09:00-17:00; PH off",
        ] {
            let hours = hours(text);
            let mut at = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
            let mut open = calendar.state(&hours, at).open;
            for _ in 0..400 {
                let next = calendar.state(&hours, at).next_change.unwrap();
                assert!(next > at, "{zone} {text} {at}");
                let before = calendar.state(&hours, next - TimeDelta::seconds(1));
                assert_eq!(before.open, open, "{zone} {text} just before {next}");
                let then = calendar.state(&hours, next).open;
                assert_ne!(then, open, "{zone} {text} at {next}");
                (at, open) = (next, then);
            }
        }
    }
}

#[test]
fn bad_hours_say_what_and_where() {
    assert_eq!(Hours::parse("  "), Err(HoursError::Empty));
    let long = "Mo 09:00-10:00; ".repeat(40);
    assert!(matches!(Hours::parse(&long), Err(HoursError::TooLong { chars: 639 })));
    match Hours::parse("Mo-Fr 09:00-17:00; Sx 10:00-12:00").unwrap_err() {
        HoursError::Syntax { column, .. } => assert!((18..=21).contains(&column), "{column}"),
        other => panic!("{other}"),
    }
    for text in ["(sunset+06:00)-24:30", "(dusk+04:30)-(dawn+18:20)"] {
        assert!(matches!(Hours::parse(text), Err(HoursError::Unusable { .. })), "{text}");
    }
    for text in [
        "周一至周五",
        "9am to 5pm",
        "Mo-Fr 25:00-26:00",
        "week 53-1/0",
        "Mo-Fr 09:00",
        "\u{0}",
    ] {
        assert!(Hours::parse(text).is_err(), "{text}");
    }
    assert_eq!(hours(" 24/7 ").as_str(), "24/7");
}

#[test]
fn the_tables_obey_the_notices_arithmetic() {
    let calendar = shanghai();
    for year in calendar.years() {
        let days: Vec<_> = calendar.days.iter().filter(|(day, _)| day.year() == year).collect();
        for (day, entry) in &days {
            if let Entry::WorksAs(weekday) = entry {
                assert!(matches!(day.weekday(), Weekday::Sat | Weekday::Sun), "{day}");
                assert!(weekday.num_days_from_monday() < 5, "{day}");
                // The weekday it stands for is one that is off, near by.
                let moved = days.iter().any(|(off, entry)| {
                    matches!(entry, Entry::Off(_))
                        && off.weekday() == *weekday
                        && (**off - **day).num_days().abs() <= 21
                });
                assert!(moved, "{day}");
            }
        }
    }
    let count = |year: i32, off: bool| {
        (calendar.days.iter())
            .filter(|(day, entry)| day.year() == year && matches!(entry, Entry::Off(_)) == off)
            .count()
    };
    // By the notices: days off, and days worked for them.
    assert_eq!(
        [2024, 2025, 2026].map(|year| (count(year, true), count(year, false))),
        [(28, 8), (28, 5), (33, 6)]
    );
}

#[test]
fn a_malformed_table_is_named_by_line_and_column() {
    let cases = [
        ("", 1, 1),
        ("date,name,kind\n", 1, 1),
        ("date,name\n", 1, 1),
        ("# remark\ndate,name,kind\n2026-13-01,x,off\n", 3, 1),
        ("date,name,kind\n2026-01-01,x,off\n2026-01-01,x,off\n", 3, 1),
        ("date,name,kind\n2025-01-01,x,off\n", 2, 1),
        ("date,name,kind\n2026-01-01,,off\n", 2, 2),
        ("date,name,kind\n2026-01-01,x,work_as=Mx\n", 2, 3),
        ("date,name,kind\n2026-01-01,x,holiday\n", 2, 3),
        ("date,name,kind\n2026-05-09,x,work_as=Sa\n", 2, 3),
        ("date,name,kind\n2026-01-01,x\n", 2, 3),
        ("date,name,kind\n2026-01-01,x,off,y\n", 2, 4),
    ];
    for (text, line, column) in cases {
        let error = Calendar::from_tables(Tz::Asia__Shanghai, [(2026, text)]).unwrap_err();
        assert_eq!(
            (error.year, error.line, error.column),
            (2026, line, column),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn a_citys_table_replaces_the_years() {
    let calendar = shanghai()
        .with_table(2026, "\u{feff}date,name,kind\r\n2026-03-03,三月三,off\r\n")
        .unwrap();
    assert_eq!(calendar.day(date("2026-03-03")), DayKind::Off("三月三"));
    assert_eq!(calendar.day(date("2026-05-09")), DayKind::Weekend);
    assert_eq!(calendar.day(date("2025-10-01")), DayKind::Off("国庆节、中秋节"));
    assert_eq!(
        calendar.state(&hours("Tu 09:00-11:00"), cst("2026-05-09 10:00")).open,
        Some(false)
    );
}

#[test]
fn the_ends_of_time_give_an_answer() {
    let calendar = shanghai();
    for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert_eq!(calendar.state(&hours("Mo-Fr 09:00-17:00"), at).open, Some(false));
    }
}

mod properties;
