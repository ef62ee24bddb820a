//! Takes files in, and gives them out.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use object_store::GetResult;
use tokio::sync::Semaphore;

use super::kind::Media;
use super::model::{Bundle, File, FileId, Kind, Variant};
use super::name::cleaned;
use super::objects::Objects;
use super::signed::Ticket;
use super::{picture, store, voice};
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Reason, Result};
use crate::gate::Signed;
use crate::identity::{People, PersonId, Tokens, lock_person};
use crate::metrics;

/// So many files one person may hand in within a day, and of so many bytes.
const FILES_A_DAY: i64 = 200;
const BYTES_A_DAY: i64 = 200 << 20;
const DAY_MICROS: i64 = 86_400_000_000;
/// How long an upload waits for its turn to be decoded.
const TURN: Duration = Duration::from_secs(10);
/// Under which names of files are sealed.
const NAME: &str = "file name";

/// All files. Clones share everything.
#[derive(Clone)]
pub struct Files {
    db: Db,
    people: People,
    tokens: Arc<Tokens>,
    objects: Objects,
    key: hmac::Key,
    /// Pictures take memory: so many are decoded at once.
    turns: Arc<Semaphore>,
}

/// What came of a file's bytes.
struct Made {
    media: Media,
    kind: Kind,
    width: Option<i64>,
    height: Option<i64>,
    duration_ms: Option<i64>,
    forms: Vec<(Variant, Vec<u8>)>,
}

impl Files {
    /// Of these people, with their bytes here.
    pub fn new(db: Db, people: People, tokens: Arc<Tokens>, objects: Objects) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            key: people.derived_key("addresses of files"),
            turns: Arc::new(Semaphore::new((cores / 2).max(1))),
            db,
            people,
            tokens,
            objects,
        }
    }

    /// Takes a file in, up to the last step: the caller says that it is there in a
    /// transaction of its own, by [`Files::arrived`].
    ///
    /// # Errors
    /// Where it is nothing that is taken, or too much of it, or the store fails.
    pub(super) async fn take(&self, person: PersonId, name: Option<&str>, bytes: Vec<u8>) -> Result<FileId> {
        let taken = self.take_in(person, name, bytes).await;
        metrics::file(match &taken {
            Ok(_) => "taken",
            Err(error) if error.reason() == Reason::FilesUnavailable => "failed",
            Err(_) => "refused",
        });
        taken
    }

    async fn take_in(&self, person: PersonId, name: Option<&str>, bytes: Vec<u8>) -> Result<FileId> {
        let media = Media::of(&bytes)?;
        self.refuse_too_many(person, bytes.len()).await?;
        let made = self.made(media, bytes).await?;
        let name = name.and_then(cleaned);
        let file = self.announce(person, &made, name).await?;
        self.put(file, made.forms).await?;
        Ok(file)
    }

    async fn refuse_too_many(&self, person: PersonId, bytes: usize) -> Result<()> {
        let since = Timestamp::from_micros(clock::now().micros() - DAY_MICROS);
        let (files, size) = self.db.read(move |conn| store::since(conn, person, since)).await?;
        let size = size.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX));
        if files < FILES_A_DAY && size <= BYTES_A_DAY {
            return Ok(());
        }
        Err(Error::because(
            Reason::TooManyRequests,
            "今天上传的文件已达上限，请明天再传。",
            "That is as much as one may send in a day; go on tomorrow.",
        )
        .retry_after(3600))
    }

    async fn made(&self, media: Media, bytes: Vec<u8>) -> Result<Made> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn
            .map_err(|_| Error::refused(Reason::Busy))?
            .map_err(Error::internal)?;
        let work = move || {
            let made = made_of(media, bytes);
            drop(turn);
            made
        };
        // A decoder that dies of what it was given has found it broken.
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|_| Err(Error::refused(Reason::BrokenFile)))
    }

    /// Writes the row of a file that is on its way.
    async fn announce(&self, person: PersonId, made: &Made, name: Option<String>) -> Result<FileId> {
        let original = made.forms.iter().find(|(variant, _)| *variant == Variant::Original);
        let bytes = original.map_or(0, |(_, bytes)| bytes.len());
        let mut file = File {
            id: FileId::new(),
            person_id: person,
            kind: made.kind,
            media: made.media,
            name: None,
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            width: made.width,
            height: made.height,
            duration_ms: made.duration_ms,
            created_at: clock::now(),
        };
        let (id, people) = (file.id, self.people.clone());
        self.db
            .write(move |tx| {
                // Nobody hands in anything while they are erased.
                lock_person(tx, person)?;
                file.name = match &name {
                    Some(name) => Some(people.seal(tx, person, &column_of(file.id), name)?),
                    None => None,
                };
                store::insert(tx, &file)
            })
            .await?;
        Ok(id)
    }

    async fn put(&self, file: FileId, forms: Vec<(Variant, Vec<u8>)>) -> Result<()> {
        for (variant, bytes) in forms {
            self.objects.put(file, variant, bytes).await?;
        }
        Ok(())
    }

    /// Says that a file is there whole.
    ///
    /// # Errors
    /// Where it was forgotten meanwhile.
    pub(super) fn arrived(&self, tx: &mut Tx<'_>, file: FileId) -> Result<()> {
        match store::arrived(tx, file)? {
            true => Ok(()),
            false => Err(Error::refused(Reason::NotFound)),
        }
    }

    /// Keeps a bundle for a person to fetch once, up to the last step as a file that is
    /// handed in.
    ///
    /// # Errors
    /// Where the person is gone or the store fails.
    pub async fn put_bundle(&self, person: PersonId, bundle: Bundle) -> Result<FileId> {
        let made = Made {
            media: Media::Json,
            kind: Kind::Bundle,
            width: None,
            height: None,
            duration_ms: None,
            forms: vec![(Variant::Original, bundle.json)],
        };
        let file = self.announce(person, &made, Some(bundle.name.to_owned())).await?;
        self.put(file, made.forms).await?;
        Ok(file)
    }

    /// The same last step, for a bundle.
    ///
    /// # Errors
    /// Where it was forgotten meanwhile.
    pub fn bundle_arrived(&self, tx: &mut Tx<'_>, file: FileId) -> Result<()> {
        self.arrived(tx, file)
    }

    /// The bytes of a file as it is kept.
    ///
    /// # Errors
    /// Where there is none, or the store fails.
    pub async fn read(&self, file: FileId) -> Result<Vec<u8>> {
        self.objects.read(file, Variant::Original).await
    }

    /// What is kept of somebody, with what each file is called; without bundles.
    ///
    /// # Errors
    /// Where the database fails or a name does not open.
    pub fn of_person(&self, conn: &mut Conn, person: PersonId) -> Result<Vec<(File, Option<String>)>> {
        named_files(conn, &self.people, person)
    }

    /// Removes a file, whose objects go soon after.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn remove(&self, tx: &mut Tx<'_>, file: FileId) -> Result<()> {
        store::drop_files(tx, &[file]).map(drop)
    }

    /// A file that this person may see, with its name.
    pub(super) async fn show(&self, person: PersonId, id: FileId) -> Result<(File, Option<String>)> {
        let people = self.people.clone();
        let found = self.db.read(move |conn| {
            let Some(file) = store::load(conn, id)?.filter(|file| file.person_id == person) else {
                return Ok(None);
            };
            let name = name_of(conn, &people, &file)?;
            Ok(Some((file, name)))
        });
        found.await?.ok_or_else(|| Error::refused(Reason::NotFound))
    }

    /// The path under which somebody may fetch a form of a file.
    pub(super) fn path(&self, file: FileId, variant: Variant, signed: Signed) -> (String, Timestamp) {
        let ticket = Ticket::new(file, variant, signed);
        (ticket.path(&self.key), ticket.until())
    }

    /// What is at the address; the file, its name, and its bytes as they come.
    pub(super) async fn fetch(&self, token: &str) -> Result<(File, Option<String>, Variant, GetResult)> {
        let ticket = Ticket::read(token, &self.key).ok_or_else(|| Error::refused(Reason::AddressOver))?;
        if self.tokens.is_over(ticket.signed) {
            return Err(Error::refused(Reason::AddressOver));
        }
        let person = PersonId::from_uuid(ticket.signed.person);
        let (file, name) = self.show(person, ticket.file).await?;
        let opened = self.objects.get(file.id, ticket.variant).await?;
        Ok((file, name, ticket.variant, opened))
    }
}

fn made_of(media: Media, bytes: Vec<u8>) -> Result<Made> {
    if media.is_picture() {
        let picture = picture::made_anew(&bytes, media)?;
        return Ok(Made {
            media: picture.media,
            kind: Kind::Image,
            width: Some(picture.width.into()),
            height: Some(picture.height.into()),
            duration_ms: None,
            forms: picture.forms,
        });
    }
    let length = voice::length(&bytes, media)?;
    Ok(Made {
        media,
        kind: Kind::Voice,
        width: None,
        height: None,
        duration_ms: Some(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)),
        forms: vec![(Variant::Original, bytes)],
    })
}

/// A name opens for its own file only.
fn column_of(file: FileId) -> String {
    format!("{NAME} of {file}")
}

fn name_of(conn: &mut Conn, people: &People, file: &File) -> Result<Option<String>> {
    match &file.name {
        Some(sealed) => people
            .unseal(conn, file.person_id, &column_of(file.id), sealed)
            .map(Some),
        None => Ok(None),
    }
}

/// The files of somebody, with their names; without bundles.
pub(super) fn named_files(conn: &mut Conn, people: &People, person: PersonId) -> Result<Vec<(File, Option<String>)>> {
    let files = store::of_person(conn, person)?.into_iter();
    files
        .filter(|file| file.kind != Kind::Bundle)
        .map(|file| {
            let name = name_of(conn, people, &file)?;
            Ok((file, name))
        })
        .collect()
}
