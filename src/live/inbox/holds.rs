//! What inboxes hold about people.

use super::STREAM;
use crate::db::Conn;
use crate::error::Result;
use crate::live::raise_floor;
use crate::privacy::{Cutoff, Holding, Kept};

/// Inboxes that are looked after in one transaction.
const AT_ONCE: i64 = 10_000;

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 1] = [Holding {
    name: "inbox",
    columns: &["stream.owner", "entry.payload", "inbox.person_id"],
    what: (
        "发给您的消息，以及读到哪里",
        "What was written to you, and how far you have read",
    ),
    purpose: ("让您知道与您有关的事", "So that you know what concerns you"),
    kept: Kept::Days {
        days: 180,
        from: ("从发出起", "From when it was written"),
        forget,
    },
}];

fn forget(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    raise_floor(conn, STREAM, cutoff.before, AT_ONCE)
}
