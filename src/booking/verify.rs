//! Whether the cells are what the bookings add up to, and whether all fits at every instant.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::book::Book;
use super::cells::Day;
use super::fit::conflicts;
use super::model::{Booking, BookingId};
use super::resources::{self, ResourceId};
use super::store;
use super::trees::Trees;
use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::Conn;
use crate::error::{Error, Result};

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it should not be; the rest is what changes of resources left behind.
    pub is_error: bool,
    /// On which resource.
    pub resource: ResourceId,
    /// What, in words.
    pub what: String,
}

/// How much was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// So many resources.
    pub resources: usize,
    /// So many bookings that take places.
    pub bookings: usize,
    /// So many days of resources.
    pub days: usize,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// So many wholes are looked at in one go.
const AT_ONCE: i64 = 500;

/// Looks at all resources, each whole at one moment.
///
/// # Errors
/// Where the database fails.
pub fn verify(conn: &mut Conn, calendar: &Arc<Calendar>) -> Result<Verified> {
    let trees = Trees::new(Arc::clone(calendar));
    let mut verified = Verified::default();
    let mut after = None;
    loop {
        let some = resources::list(conn, &resources::Wanted::default(), after, AT_ONCE)?;
        let Some(last) = some.last() else { break };
        after = Some(last.id);
        for root in some.iter().filter(|one| one.root_id == one.id) {
            conn.one_view(|conn| verify_whole(conn, &trees, root.id, &mut verified))?;
        }
    }
    for booking in store::live_without_places(conn)? {
        verified.findings.push(Finding {
            is_error: true,
            resource: booking.resource_id,
            what: format!("{} is {} and takes no place", booking.id, booking.state.name()),
        });
    }
    Ok(verified)
}

fn verify_whole(conn: &mut Conn, trees: &Trees, root: ResourceId, verified: &mut Verified) -> Result<()> {
    let mut book = Book::new(clock::now(), Arc::clone(trees.calendar()));
    trees.know(conn, &mut book, &[root])?;
    let ids: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
    let bookings = store::taking_from(conn, &ids, Timestamp::from_micros(i64::MIN / 2))?;
    let days = store::days_of(conn, &ids)?;
    verified.resources += ids.len();
    verified.bookings += bookings.len();
    verified.days += days.len();
    cells(&bookings, days, &mut verified.findings)?;
    let marked: HashSet<BookingId> = bookings
        .iter()
        .filter(|booking| booking.is_excess)
        .map(|booking| booking.id)
        .collect();
    for conflict in conflicts(book.nodes().map(|node| &**node), &bookings) {
        let names: Vec<String> = conflict.bookings.iter().map(BookingId::to_string).collect();
        verified.findings.push(Finding {
            // Nothing new is taken where a change left too much.
            is_error: !conflict.bookings.iter().all(|id| marked.contains(id)),
            resource: conflict.resource_id,
            what: format!(
                "from {} to {} these do not fit: {}",
                conflict.from,
                conflict.to,
                names.join(" ")
            ),
        });
    }
    for booking in bookings.iter().filter(|booking| booking.state.is_live()) {
        if booking.load_from > booking.start_at || booking.load_to < booking.end_at || booking.load != booking.party {
            verified.findings.push(Finding {
                is_error: true,
                resource: booking.resource_id,
                what: format!("{} takes less than its time or its party", booking.id),
            });
        }
    }
    Ok(())
}

/// Compares the cells in the table with what the bookings add up to.
fn cells(bookings: &[Booking], days: Vec<store::KeptDay>, findings: &mut Vec<Finding>) -> Result<()> {
    let mut sums: BTreeMap<(ResourceId, i64), Day> = BTreeMap::new();
    for booking in bookings {
        for (day, range) in booking.stretch().days() {
            let sum = sums.entry((booking.resource_id, day)).or_default();
            sum.add(range, booking.load)
                .map_err(|_| Error::internal("more is booked than a cell can say"))?;
        }
    }
    let mut kept: HashMap<(ResourceId, i64), Day> =
        days.into_iter().map(|(id, day, cells)| ((id, day), cells)).collect();
    for ((id, number), sum) in sums {
        let kept = kept.remove(&(id, number)).unwrap_or_default();
        if kept != sum {
            findings.push(differs(id, number));
        }
    }
    let rest = kept.into_iter().filter(|(_, day)| *day != Day::default());
    findings.extend(rest.map(|((id, number), _)| differs(id, number)));
    Ok(())
}

fn differs(resource: ResourceId, day: i64) -> Finding {
    let date = chrono::DateTime::from_timestamp(day * 86_400, 0).map(|at| at.date_naive());
    Finding {
        is_error: true,
        resource,
        what: format!(
            "the cells of {} are not what the bookings add up to",
            date.map_or_else(|| day.to_string(), |date| date.to_string())
        ),
    }
}
