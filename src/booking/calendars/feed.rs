//! Bookings as iCalendar. Pure.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};

use crate::booking::model::{Booking, State};
use crate::booking::resources::Resource;
use crate::clock::Timestamp;

/// How a calendar says that a booking stands; nothing of holds, which are none yet.
fn status(state: State) -> Option<EventStatus> {
    Some(match state {
        State::Held | State::Offered => return None,
        State::Pending => EventStatus::Tentative,
        State::Confirmed | State::CheckedIn | State::Completed | State::NoShow => EventStatus::Confirmed,
        State::Declined | State::Cancelled | State::Expired => EventStatus::Cancelled,
    })
}

/// A calendar of bookings, each with its resource and where that is. What was cancelled stays,
/// as cancelled; each change raises the sequence.
pub fn calendar<'a>(name: &str, bookings: impl Iterator<Item = (&'a Booking, &'a Resource, String)>) -> String {
    let mut calendar = Calendar::new();
    calendar
        .name(name)
        .append_property(("REFRESH-INTERVAL;VALUE=DURATION", "PT15M"))
        .append_property(("X-PUBLISHED-TTL", "PT15M"));
    for (booking, resource, place) in bookings {
        let Some(status) = status(booking.state) else { continue };
        let sequence = u32::try_from(booking.version - 1).unwrap_or(u32::MAX);
        let event = Event::new()
            .uid(&format!("{}@onegrid", booking.id))
            .timestamp(booking.updated_at.to_utc())
            .starts(booking.start_at.to_utc())
            .ends(booking.end_at.to_utc())
            .sequence(sequence)
            .status(status)
            .summary(&resource.facts.name)
            .location(&place)
            .done();
        calendar.push(event);
    }
    calendar.done().to_string()
}

/// When something is taken, between two times, without a word of by whom (VFREEBUSY).
pub fn free_busy(
    id: &str,
    now: Timestamp,
    (from, to): (Timestamp, Timestamp),
    taken: &[(Timestamp, Timestamp)],
) -> String {
    let text = |at: Timestamp| -> String {
        let at: DateTime<Utc> = at.to_utc();
        at.format("%Y%m%dT%H%M%SZ").to_string()
    };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//onegrid//onegrid//EN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "BEGIN:VFREEBUSY".to_owned(),
        format!("UID:{id}@onegrid"),
        format!("DTSTAMP:{}", text(now)),
        format!("DTSTART:{}", text(from)),
        format!("DTEND:{}", text(to)),
    ];
    lines.extend(
        taken
            .iter()
            .map(|(from, to)| format!("FREEBUSY;FBTYPE=BUSY:{}/{}", text(*from), text(*to))),
    );
    lines.extend(["END:VFREEBUSY".to_owned(), "END:VCALENDAR".to_owned(), String::new()]);
    lines.join("\r\n")
}
