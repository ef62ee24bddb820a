//! How a booking that was made for somebody is undone by them.

use std::sync::Arc;

use uuid::Uuid;

use super::command::{Command, What};
use super::lane::Booker;
use super::model::{Act, BookingId};
use super::store;
use crate::db::{Tx, lane};
use crate::error::{Error, Reason, Result};
use crate::gate::{Actor, Signed};
use crate::identity::PersonId;
use crate::identity::delegations::{Around, Undoing};

/// Somebody booked for another.
pub const UNDOING: Undoing = Undoing {
    what: "booking_made",
    words: ("预约", "made a booking"),
    undo: take_back,
};

/// It is cancelled in any case, and never counts as late.
fn take_back(tx: &mut Tx<'_>, person: PersonId, booking: Uuid, around: &Around) -> Result<()> {
    cancel_in(
        tx,
        person,
        BookingId::from_uuid(booking),
        &Booker::new(Arc::clone(&around.calendar), around.people.clone()),
    )
}

/// Cancels a booking for its person within a transaction of something else; it never counts
/// as late.
pub fn cancel_in(tx: &mut Tx<'_>, person: PersonId, id: BookingId, booker: &Booker) -> Result<()> {
    let booking = store::load_one(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let command = Command {
        actor: Actor {
            name: person.to_string(),
            signed: Some(Signed {
                person: person.uuid(),
                session: Uuid::nil(),
            }),
            acting: None,
        },
        is_staff: true,
        pass: true,
        reason: None,
        repeat: None,
        expected: None,
        resource_id: booking.resource_id,
        what: What::Do(id, Act::Cancel),
    };
    let mut done = lane::run(booker, tx, &[command])?;
    match done.pop() {
        Some(done) => done.map(drop),
        None => Err(Error::internal("a command was not answered")),
    }
}
