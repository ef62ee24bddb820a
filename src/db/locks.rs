//! Locks on what has no row of its own to be locked.

use uuid::Uuid;

use super::prepared::{Column, Prepared};
use super::{Conn, Tx};
use crate::error::Result;

/// Holds these until the transaction ends, each in the name of `room`; they are taken in one
/// order, so that two who want the same ones do not wait for each other in turn. SQLite has
/// one writer, and needs none.
///
/// # Errors
/// Where the database fails, or another held one of them for too long.
pub fn hold(tx: &mut Tx<'_>, room: &str, ids: impl Iterator<Item = Uuid>) -> Result<()> {
    let Conn::Postgres(conn) = &mut **tx else {
        return Ok(());
    };
    let mut numbers: Vec<i64> = ids.map(|id| number(room, id)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return Ok(());
    }
    // Without the offset the order would be the planner's.
    let pieces = [
        "SELECT pg_advisory_xact_lock(number) FROM (SELECT number FROM unnest(",
        ") AS number ORDER BY number OFFSET 0) AS wanted",
    ];
    Prepared::new(&pieces, vec![Column::BigInt(numbers)]).execute(conn)?;
    Ok(())
}

/// 64 bits of the SHA-256 of both. Two of a number wait for each other, which harms nobody.
fn number(room: &str, id: Uuid) -> i64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new().chain_update(room).chain_update(id.as_bytes()).finalize();
    let first = digest.iter().take(8);
    first.fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) as i64
}
