//! The table of private addresses.

use diesel::prelude::*;

use crate::booking::resources::ResourceId;
use crate::clock::{self, Timestamp};
use crate::db::schema::calendar_feed as table;
use crate::db::{Conn, Id, Named, Tx};
use crate::error::Result;
use crate::identity::PersonId;

/// A private address.
pub struct Feed;
impl Named for Feed {
    const PREFIX: &'static str = "cal";
}

/// Of whom or what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A person's bookings.
    Person(PersonId),
    /// The bookings of a resource.
    Resource(ResourceId),
}

/// Ends the addresses that there are; how many.
pub fn revoke(tx: &mut Tx<'_>, of: Of) -> Result<usize> {
    let open = table::revoked_at.is_null();
    let now = table::revoked_at.eq(clock::now());
    Ok(match of {
        Of::Person(person) => diesel::update(table::table.filter(table::person_id.eq(person).and(open)))
            .set(now)
            .execute(&mut **tx)?,
        Of::Resource(resource) => diesel::update(table::table.filter(table::resource_id.eq(resource).and(open)))
            .set(now)
            .execute(&mut **tx)?,
    })
}

/// Makes an address whose secret has this hash; those before it are ended.
pub fn replace(tx: &mut Tx<'_>, of: Of, hash: &[u8]) -> Result<()> {
    revoke(tx, of)?;
    let (person, resource) = match of {
        Of::Person(person) => (Some(person), None),
        Of::Resource(resource) => (None, Some(resource)),
    };
    diesel::insert_into(table::table)
        .values((
            table::id.eq(Id::<Feed>::new()),
            table::person_id.eq(person),
            table::resource_id.eq(resource),
            table::hash.eq(hash),
            table::created_at.eq(clock::now()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Of whom or what the address is whose secret has this hash.
pub fn find(conn: &mut Conn, hash: &[u8]) -> Result<Option<Of>> {
    let row: Option<(Option<PersonId>, Option<ResourceId>)> = table::table
        .filter(table::hash.eq(hash).and(table::revoked_at.is_null()))
        .select((table::person_id, table::resource_id))
        .first(conn)
        .optional()?;
    Ok(match row {
        Some((Some(person), _)) => Some(Of::Person(person)),
        Some((_, Some(resource))) => Some(Of::Resource(resource)),
        _ => None,
    })
}

/// When somebody made addresses, and when they ended.
pub fn own_feeds(conn: &mut Conn, person: PersonId) -> Result<Vec<(Timestamp, Option<Timestamp>)>> {
    Ok(table::table
        .filter(table::person_id.eq(person))
        .order(table::created_at)
        .select((table::created_at, table::revoked_at))
        .load(conn)?)
}

/// Forgets the addresses of somebody.
pub fn forget_of(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    diesel::delete(table::table.filter(table::person_id.eq(person))).execute(&mut **tx)?;
    Ok(())
}
