//! The keys of persons over time: whether a start has the right ones, and a master
//! key that takes the place of another.

use super::people::People;
use super::store;
use crate::db::Db;
use crate::error::{Error, Result};

/// Keys rewrapped in one transaction.
const AT_ONCE: i64 = 500;

/// Refuses keys under which the rows of this database were not written: with another
/// look-up key everybody would be a stranger, with another master key nameless.
pub async fn check_keys(db: &Db, people: &People) -> Result<()> {
    let people = people.clone();
    db.write(move |tx| {
        let mark = people.keyring().lookup("mark", "lookup");
        if store::mark(tx, "lookup", &mark)? != mark {
            return Err(Error::internal(
                "ONEGRID_LOOKUP_KEY is not the key with which this database was begun; it cannot be changed",
            ));
        }
        let known = people.keyring().masters();
        if store::masters_in_use(tx)?.iter().any(|master| !known.contains(master)) {
            return Err(Error::internal(
                "ONEGRID_MASTER_KEY is not the key under which this database keeps the keys of its people; set the one \
                 before as ONEGRID_MASTER_KEY_PREVIOUS and run `onegrid keys rotate`",
            ));
        }
        Ok(())
    })
    .await
}

/// Wraps every person's key under the master key of now, also beside running servers
/// that know both. How many there were.
pub async fn rotate_master_key(db: &Db, people: &People) -> Result<usize> {
    let mut rotated = 0;
    loop {
        let people = people.clone();
        let some = db.write(move |tx| {
            let masters = people.keyring().masters();
            let master = masters.first().map_or("", String::as_str);
            let rows = store::keys_to_rewrap(tx, master, AT_ONCE)?;
            for row in &rows {
                let before = row.master.clone();
                if let Some(wrapped) = people.keyring().rewrap(row.person_id, &row.wrapped())? {
                    store::rewrap(tx, row.person_id, &before, &wrapped)?;
                }
            }
            Ok(rows.len())
        });
        match some.await? {
            0 => return Ok(rotated),
            some => rotated += some,
        }
    }
}
