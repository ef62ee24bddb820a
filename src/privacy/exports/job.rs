//! Makes exports.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::model::{ExportId, Exported};
use super::store;
use crate::clock;
use crate::error::{Error, Reason, Result};
use crate::files::{Bundle, FileId};
use crate::identity::{PersonId, lock_person};
use crate::jobs::{Claimed, Doing, Kind, NewJob, Next, Outcome};
use crate::live::inbox::{self, Letter};
use crate::privacy::Privacy;

const KIND: &str = "export";
/// The form of the bundle.
const FORM: &str = "onegrid-export-1";
/// So many bytes of pictures and voice go into a bundle; what is left out is still listed.
const MOST_BYTES: i64 = 48 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Of {
    export: ExportId,
}

/// The job that makes it.
pub(super) fn job(export: &Exported) -> Result<NewJob> {
    NewJob::new(KIND, &Of { export: export.id })
}

/// Under which a bundle is sealed.
pub(super) fn column_of(export: ExportId) -> String {
    format!("bundle of {export}")
}

/// Makes exports.
pub struct Export(Privacy);

impl Export {
    /// Of what these hold.
    pub const fn new(privacy: Privacy) -> Self {
        Self(privacy)
    }

    async fn export(&self, id: ExportId, job: &Claimed) -> Outcome {
        let open = self.0.db.read(move |conn| store::load(conn, id)).await?;
        let Some(export) = open.filter(|export| export.ready_at.is_none()) else {
            return Ok(Next::Done);
        };
        match self.make(&export, job).await {
            Ok(()) => Ok(Next::Done),
            // Whoever is erased meanwhile gets nothing any more.
            Err(error) if error.reason() == Reason::NotFound => Ok(Next::Done),
            Err(error) => Err(error.into()),
        }
    }

    async fn make(&self, export: &Exported, job: &Claimed) -> Result<()> {
        let (id, person) = (export.id, export.person_id);
        let mut told = self.told(person).await?;
        let contents = self.contents(person).await?;
        told.insert("file_contents".to_owned(), contents);
        let text = serde_json::to_string_pretty(&told).map_err(Error::internal)?;
        let people = self.0.people.clone();
        let sealed = self
            .0
            .db
            .read(move |conn| people.seal(conn, person, &column_of(id), &text));
        let bundle = Bundle {
            name: "onegrid-export.json",
            json: sealed.await?,
        };
        let file = self.0.files.put_bundle(person, bundle).await?;
        let (files, job) = (self.0.files.clone(), job.clone());
        let finish = move |tx: &mut crate::db::Tx<'_>| {
            lock_person(tx, person)?;
            files.bundle_arrived(tx, file)?;
            store::ready(tx, id, file)?;
            let about = Some(("export", id.to_string()));
            let letter = Letter {
                kind: "export_ready",
                about,
                words: Vec::new(),
            };
            inbox::write_to(tx, person.uuid(), &letter)?;
            job.finish(tx)
        };
        self.0.db.write(finish).await
    }

    /// What each room tells.
    async fn told(&self, person: PersonId) -> Result<Map<String, Value>> {
        let holders = self.0.holders.clone();
        self.0
            .db
            .read(move |conn| {
                conn.one_view(|conn| {
                    let mut told = Map::new();
                    told.insert("form".to_owned(), json!(FORM));
                    told.insert("made_at".to_owned(), json!(clock::now()));
                    for holder in holders.iter() {
                        told.insert(holder.name().to_owned(), holder.tell(conn, person.uuid())?);
                    }
                    Ok(told)
                })
            })
            .await
    }

    /// Pictures and voice, in base64 by their ids; null where they would be too much.
    async fn contents(&self, person: PersonId) -> Result<Value> {
        let files = self.0.files.clone();
        let listed = self.0.db.read(move |conn| files.of_person(conn, person)).await?;
        let mut contents = Map::new();
        let mut left = MOST_BYTES;
        for (file, _) in listed {
            left -= file.bytes;
            let content = match left >= 0 {
                true => self.content(file.id).await?,
                false => Value::Null,
            };
            contents.insert(file.id.to_string(), content);
        }
        Ok(Value::Object(contents))
    }

    async fn content(&self, file: FileId) -> Result<Value> {
        match self.0.files.read(file).await {
            Ok(bytes) => Ok(json!(STANDARD.encode(bytes))),
            // It was removed since it was listed.
            Err(error) if error.reason() == Reason::NotFound => Ok(Value::Null),
            Err(error) => Err(error),
        }
    }
}

impl Kind for Export {
    fn name(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        Box::pin(async move { self.export(job.payload::<Of>()?.export, job).await })
    }
}
