//! The first free times of resources. Pure but for the reading.

use std::sync::Arc;

use crate::booking::bookings::Bookings;
use crate::booking::lane::Booker;
use crate::booking::resources::{self, Kind, Resource, ResourceId};
use crate::booking::slots::{self, Slot, Wanted};
use crate::circle::places::PlaceId;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::Result;
use crate::identity::PersonId;

/// So many resources are looked at.
const MOST_RESOURCES: i64 = 500;
/// So many free times are told of each.
const FREE_TIMES: usize = 3;

/// A resource with the first times at which it is free.
pub struct Free {
    /// The resource.
    pub resource: Resource,
    /// The times.
    pub slots: Vec<Slot>,
}

/// What is free at these places between two times, for so many people and for somebody: as
/// far as there is something. Parts of a pool are told by their pool.
///
/// # Errors
/// Where the database fails.
pub async fn free_at(
    bookings: &Bookings,
    places: Vec<PlaceId>,
    times: (Timestamp, Timestamp),
    party: i64,
    person: Option<PersonId>,
) -> Result<Vec<Free>> {
    let booker = Arc::clone(&bookings.booker);
    let looking = bookings
        .db
        .read(move |conn| conn.one_view(|conn| looked(conn, &booker, places, times, party, person)));
    looking.await
}

fn looked(
    conn: &mut Conn,
    booker: &Booker,
    places: Vec<PlaceId>,
    times: (Timestamp, Timestamp),
    party: i64,
    person: Option<PersonId>,
) -> Result<Vec<Free>> {
    let wanted = resources::Wanted {
        places: Some(places),
        open_only: true,
        ..resources::Wanted::default()
    };
    let all = resources::list(conn, &wanted, None, MOST_RESOURCES)?;
    let pools: Vec<_> = all
        .iter()
        .filter(|one| one.facts.kind == Kind::Pool)
        .map(|one| one.id)
        .collect();
    let own = |one: &Resource| !one.facts.part_of.is_some_and(|whole| pools.contains(&whole));
    let ones: Vec<Resource> = all.iter().filter(|one| own(one)).cloned().collect();
    let ids: Vec<ResourceId> = ones.iter().map(|one| one.id).collect();
    let book = slots::opened(conn, booker, &ids, times, person)?;
    let mut found = Vec::new();
    for resource in ones {
        let wanted = Wanted {
            resource: resource.id,
            from: times.0,
            to: times.1,
            party,
            person,
        };
        let free = slots::slots(&book, &wanted)?.filter(|slot| slot.why.is_none());
        let free: Vec<Slot> = free.take(FREE_TIMES).collect();
        if !free.is_empty() {
            found.push(Free { resource, slots: free });
        }
    }
    Ok(found)
}
