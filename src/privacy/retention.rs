//! Forgets by the table of purposes.

use diesel::Connection;

use crate::calendar::Calendar;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::holdings::{Cutoff, Forget, Holding, Kept};

/// How many rows of something were forgotten, or would be.
pub type Forgotten = (&'static str, usize);

/// Forgets what is older than its row of the table says, each thing in transactions of its
/// own; with `only_look` nothing is changed, and the numbers are those that would go.
///
/// # Errors
/// Where the database fails; what was forgotten by then stays so.
pub async fn forget(db: &Db, calendar: &Calendar, holdings: &[Holding], only_look: bool) -> Result<Vec<Forgotten>> {
    let mut forgotten = Vec::new();
    for holding in holdings {
        let Kept::Days { days, forget, .. } = holding.kept else {
            continue;
        };
        let cutoff = Cutoff::days_ago(calendar, days);
        let mut rows = 0;
        loop {
            let some = db.write(move |tx| match only_look {
                true => looked_at(tx, forget, cutoff),
                false => forget(tx, cutoff),
            });
            let some = some.await?;
            rows += some;
            // Some forget a part at a time.
            if some == 0 || only_look {
                break;
            }
        }
        forgotten.push((holding.name, rows));
    }
    Ok(forgotten)
}

/// Forgets, counts, and takes it back: so what would go is what goes.
fn looked_at(conn: &mut Conn, forget: Forget, cutoff: Cutoff) -> Result<usize> {
    let mut rows = 0;
    let taken_back = conn.transaction(|conn| {
        loop {
            let some = forget(conn, cutoff)?;
            rows += some;
            // Some forget a part at a time.
            if some == 0 {
                break;
            }
        }
        Err::<(), _>(Error::Database(diesel::result::Error::RollbackTransaction))
    });
    match taken_back {
        Err(Error::Database(diesel::result::Error::RollbackTransaction)) => Ok(rows),
        Err(error) => Err(error),
        Ok(()) => Ok(rows),
    }
}
