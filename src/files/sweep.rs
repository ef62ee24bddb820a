//! Removes objects that no row names any more.

use serde::{Deserialize, Serialize};

use super::model::FileId;
use super::objects::Objects;
use super::store;
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::jobs::{self, Claimed, Doing, Kind, Limits, NewJob, Next};

const KIND: &str = "file_removal";
/// So many are looked up in one statement.
const AT_ONCE: usize = 500;
const DAY_MICROS: i64 = 86_400_000_000;

#[derive(Debug, Serialize, Deserialize)]
struct Of {
    file: FileId,
}

/// Writes the job that removes the objects of a file, in the transaction in which its row
/// goes.
pub(super) fn remove_later(conn: &mut Conn, file: FileId) -> Result<()> {
    jobs::put_unheard(conn, &NewJob::new(KIND, &Of { file })?)
}

/// Removes the objects of files whose rows are gone.
pub struct Removal(Objects);

impl Removal {
    /// From here.
    pub const fn new(objects: Objects) -> Self {
        Self(objects)
    }
}

impl Kind for Removal {
    fn name(&self) -> &'static str {
        KIND
    }

    fn limits(&self) -> Limits {
        Limits {
            // Somebody was promised that it goes.
            tries: i64::MAX,
            ..Limits::default()
        }
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        Box::pin(async move {
            self.0.remove(job.payload::<Of>()?.file.uuid()).await?;
            Ok(Next::Done)
        })
    }
}

/// Removes objects of more than a day ago that no row names: of a process that died at the
/// wrong moment, or of a database that was restored.
///
/// # Errors
/// Where the store or the database fails.
pub async fn sweep(db: &Db, objects: &Objects) -> Result<()> {
    let before = Timestamp::from_micros(clock::now().micros() - DAY_MICROS);
    objects
        .older_than(before, AT_ONCE, |files| async move {
            let ids: Vec<FileId> = files.iter().copied().map(FileId::from_uuid).collect();
            let known = db.read(move |conn| store::known(conn, &ids)).await?;
            for file in files {
                if !known.iter().any(|known| known.uuid() == file) {
                    tracing::info!("an object that no row names is removed");
                    objects.remove(file).await?;
                }
            }
            Ok(())
        })
        .await
}
