//! What there is to agree to.

use chrono::NaiveDate;

use crate::clock::Timestamp;
use crate::db::{Id, Named, Tx};
use crate::error::Result;
use crate::holdings::Both;
use crate::identity::PersonId;

/// Something that takes a consent of its own.
#[derive(Clone, Copy)]
pub struct Matter {
    /// A name that stays.
    pub name: &'static str,
    /// Of the wording, from 1: who agreed to an older one has not agreed to this.
    pub version: i64,
    /// What one agrees to: what is kept, for what, who sees it, and how it ends.
    pub wording: Both,
    /// Ends what is held by this consent, on this day.
    pub withdrawn: Withdrawn,
}

/// Ends what is held of somebody by a consent that they took back.
pub type Withdrawn = fn(&mut Tx<'_>, PersonId, NaiveDate) -> Result<()>;

/// Somebody's consent to a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its id.
    pub id: ConsentId,
    /// To what.
    pub matter: String,
    /// In which wording.
    pub version: i64,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it was taken back, or another wording took its place.
    pub withdrawn_at: Option<Timestamp>,
}

/// The id of a consent.
pub type ConsentId = Id<Given>;

impl Named for Given {
    const PREFIX: &'static str = "cns";
}
