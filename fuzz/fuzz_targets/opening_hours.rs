//! Opening hours by themselves, and as hours and conditions of a way and a gate.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use onegrid::calendar::Hours;
use onegrid_fuzz::{CALENDAR, opens, town};

fuzz_target!(|data: &[u8]| {
    let Some((at, text)) = data.split_at_checked(8) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let seconds = i64::from_le_bytes(at.try_into().unwrap_or_default());
    // Any instant, and one of this century.
    let century = 946_684_800 + seconds.rem_euclid(3_155_760_000);
    if let Ok(hours) = Hours::parse(text) {
        for at in [seconds, century].into_iter().filter_map(|at| DateTime::from_timestamp(at, 0)) {
            let state = CALENDAR.state(&hours, at);
            assert!(state.next_change.is_none_or(|change| change > at), "{hours} at {at}: {state:?}");
            CALENDAR.serves_on(&hours, at.date_naive());
        }
        let again = Hours::parse(hours.as_str());
        assert_eq!(again.as_ref(), Ok(&hours));
    }
    let mut data = town::data();
    for (key, at) in [("opening_hours", 0), ("access:conditional", 1), ("locked:conditional", 2)] {
        let tag = (key.to_owned(), text.to_owned());
        data.ways[at].tags.0.push(tag.clone());
        data.nodes[4].tags.0.insert(0, tag);
    }
    opens(&data);
});
