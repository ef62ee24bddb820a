//! What falls due for bookings: they lapse, are released, end, and their persons are reminded.

use std::sync::Arc;

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::book::{Letter, SYSTEM};
use super::bookings::Bookings;
use super::command::{Command, What};
use super::model::{Booking, BookingId};
use super::resources::Resource;
use crate::calendar::Calendar;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Reason, Result};
use crate::gate::Actor;
use crate::jobs::{Claimed, Doing, Failure, Kind, Limits, NewJob, Next, Outcome};
use crate::language::Words;
use crate::live::inbox;

/// The kind of job.
pub const KIND: &str = "booking_due";

#[derive(Debug, Serialize, Deserialize)]
struct Of {
    booking: BookingId,
}

/// The jobs that wait for what is due next for bookings, one for each for which something is.
pub fn jobs(all: impl IntoIterator<Item = (BookingId, Option<Timestamp>)>) -> Result<Vec<NewJob>> {
    let with_due = all.into_iter().filter_map(|(booking, due)| Some((booking, due?)));
    with_due
        .map(|(booking, due)| {
            let job = NewJob::new(KIND, &Of { booking })?;
            Ok(job.at(due).keyed(booking.to_string()))
        })
        .collect()
}

/// Does what is due.
pub struct Due(Bookings);

impl Due {
    /// Of these bookings.
    pub const fn new(bookings: Bookings) -> Self {
        Self(bookings)
    }

    async fn look(&self, job: &Claimed) -> Outcome {
        let id = job.payload::<Of>()?.booking;
        let Some(booking) = self.0.one(id).await? else {
            return Err(Failure::never("there is no such booking"));
        };
        let command = Command {
            actor: Actor {
                name: SYSTEM.to_owned(),
                signed: None,
                acting: None,
            },
            is_staff: true,
            pass: false,
            reason: None,
            repeat: None,
            expected: None,
            resource_id: booking.resource_id,
            what: What::Look(id, job.clone()),
        };
        match self.0.submit(command).await {
            Ok(_) => Ok(Next::Done),
            Err(error) if error.reason() == Reason::Busy => Err(Failure::again("the lane is full")),
            Err(error) => Err(error.into()),
        }
    }
}

impl Kind for Due {
    fn name(&self) -> &'static str {
        KIND
    }

    fn limits(&self) -> Limits {
        Limits {
            at_once: 64,
            tries: i64::MAX,
            ..Limits::default()
        }
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        Box::pin(self.look(job))
    }
}

/// When a booking begins, in words.
pub fn when(booking: &Booking, calendar: &Calendar) -> Words {
    let start = booking.start_at.to_utc().with_timezone(&calendar.zone());
    const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let day = DAYS.get(start.weekday().num_days_from_monday() as usize).unwrap_or(&"");
    Words::new(
        format!("{}（{day}）{}", start.format("%-m月%-d日"), start.format("%H:%M")),
        start.format("%A %-d %B at %H:%M").to_string(),
    )
}

/// Writes to somebody about a booking.
pub fn write(
    tx: &mut Tx<'_>,
    letter: &Letter,
    booking: &Booking,
    resource: &Arc<Resource>,
    calendar: &Calendar,
) -> Result<()> {
    let name = &resource.facts.name;
    let english = resource.facts.name_en.as_ref().unwrap_or(name);
    let written = inbox::Letter {
        kind: letter.kind,
        about: Some(("booking", booking.id.to_string())),
        words: vec![
            ("what", Words::new(name.clone(), english.clone())),
            ("when", when(booking, calendar)),
        ],
    };
    inbox::write_to(tx, letter.person.uuid(), &written).map(drop)
}
