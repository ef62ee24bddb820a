//! What time gives free: when a withheld share is released, or the next share of places opens, those
//! who wait are served.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::{Waiting, WaitingId, WaitingState};
use super::store;
use crate::booking::Bookings;
use crate::booking::book::Book;
use crate::booking::lane::{Booker, serve_waiting};
use crate::booking::resources::{self, ResourceId};
use crate::booking::sharing::keep;
use crate::booking::whether::openings;
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::jobs::{self, Claimed, Doing, Kind, Limits, NewJob, Next, Outcome};

/// The kind of job.
pub const KIND: &str = "booking_release";

#[derive(Debug, Serialize, Deserialize)]
struct Of {
    waiting: WaitingId,
}

/// When time gives something free next that somebody waits for.
fn next(book: &Book, waiting: &Waiting) -> Option<Timestamp> {
    let node = book.node(waiting.resource_id)?;
    let (first, last) = (book.date(waiting.from_at), book.date(waiting.to_at));
    let offer = node.offer(&book.calendar, first.pred_opt().unwrap_or(first), last);
    let meets = |(start, end): &(Timestamp, Timestamp)| *start < waiting.to_at && waiting.from_at < *end;
    let mut times: Vec<Timestamp> = Vec::new();
    for (start, end) in offer.slots().filter(meets) {
        let near = node.above.iter().chain(&node.below).filter_map(|id| book.node(*id));
        for node in std::iter::once(node).chain(near) {
            times.extend(keep::in_force(book, (start, end), node).map(|share| share.released_at(start)));
        }
        let opens = openings(book, &node.rules.terms, book.date(start));
        times.extend(opens.map(|(at, _)| at));
    }
    times.into_iter().filter(|at| *at > book.now).min()
}

/// The wholes of these roots, as they are now.
fn opened(conn: &mut Conn, booker: &Booker, roots: &[ResourceId]) -> Result<Book> {
    let mut book = Book::new(clock::now(), Arc::clone(booker.calendar()));
    booker.trees.know(conn, &mut book, roots)?;
    Ok(book)
}

/// Sees to it that somebody is served when time gives something free that they wait for.
pub fn watch(tx: &mut Tx<'_>, book: &Book, waiting: &Waiting) -> Result<()> {
    if let Some(at) = next(book, waiting) {
        let key = waiting.id.to_string();
        let job = NewJob::new(KIND, &Of { waiting: waiting.id })?
            .at(at)
            .keyed(key.clone());
        jobs::put(tx, &job)?;
        jobs::bring_back(tx, KIND, &key, at)?;
    }
    Ok(())
}

/// The same for all who wait for the whole that a resource belongs to, after what is withheld of it or
/// its rules became others.
pub fn watch_all(tx: &mut Tx<'_>, booker: &Booker, id: ResourceId) -> Result<()> {
    let roots = resources::lock_roots(tx, &[id])?;
    let book = opened(tx, booker, &roots)?;
    let ids: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
    let far = Timestamp::from_micros(i64::MAX / 2);
    for waits in store::near(tx, &ids, (clock::now(), far), clock::now())? {
        watch(tx, &book, &waits)?;
    }
    Ok(())
}

/// Whoever has an offer may let it go, and wait on.
const fn waits_on(state: WaitingState) -> bool {
    matches!(state, WaitingState::Waiting | WaitingState::Offered)
}

/// Serves those who wait when time gives something free.
pub struct Released(Bookings);

impl Released {
    /// Of these bookings.
    pub const fn new(bookings: Bookings) -> Self {
        Self(bookings)
    }

    async fn look(&self, job: &Claimed) -> Outcome {
        let id = job.payload::<Of>()?.waiting;
        let booker = Arc::clone(&self.0.booker);
        let served = self.0.db.write(move |tx| {
            let waits = |waiting: &Waiting| waits_on(waiting.state) && waiting.to_at > clock::now();
            let Some(waiting) = store::load_one(tx, id)?.filter(waits) else {
                return Ok(None);
            };
            let Some(one) = resources::load_one(tx, waiting.resource_id)? else {
                return Ok(None);
            };
            serve_waiting(tx, &booker, one.id)?;
            Ok(next(&opened(tx, &booker, &[one.root_id])?, &waiting))
        });
        Ok(match served.await? {
            Some(at) => Next::At(at),
            None => Next::Done,
        })
    }
}

impl Kind for Released {
    fn name(&self) -> &'static str {
        KIND
    }

    fn limits(&self) -> Limits {
        Limits {
            tries: i64::MAX,
            ..Limits::default()
        }
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        Box::pin(self.look(job))
    }
}
