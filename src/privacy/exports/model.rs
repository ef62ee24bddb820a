//! That somebody asked for what is held of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::files::FileId;
use crate::identity::PersonId;

/// For how many days a bundle can be fetched.
pub(super) const GOOD_DAYS: i64 = 7;
const DAY_MICROS: i64 = 86_400_000_000;
/// So often a day somebody may ask.
pub(super) const A_DAY: usize = 3;

/// That somebody asked for what is held of them.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Its id.
    pub id: ExportId,
    /// Who asked, about themselves.
    pub person_id: PersonId,
    /// When.
    pub asked_at: Timestamp,
    /// When it was made.
    pub ready_at: Option<Timestamp>,
    /// The bundle.
    pub file_id: Option<FileId>,
    /// When it was fetched.
    pub fetched_at: Option<Timestamp>,
}

/// Its id.
pub type ExportId = Id<Exported>;

impl Named for Exported {
    const PREFIX: &'static str = "exp";
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// It is being made; the inbox says when it is there.
    Preparing,
    /// It can be fetched, once.
    Ready,
    /// It was fetched.
    Fetched,
    /// It was not fetched in time.
    Expired,
}

impl Exported {
    /// Until when it can be fetched.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let good = GOOD_DAYS * DAY_MICROS;
        self.ready_at.map(|at| Timestamp::from_micros(at.micros() + good))
    }

    /// Where it stands at an instant.
    pub fn state_at(&self, now: Timestamp) -> ExportState {
        match (self.fetched_at, self.expires_at()) {
            (Some(_), _) => ExportState::Fetched,
            (None, None) => ExportState::Preparing,
            (None, Some(until)) if now < until => ExportState::Ready,
            (None, Some(_)) => ExportState::Expired,
        }
    }
}
