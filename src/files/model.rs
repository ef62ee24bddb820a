//! Files and their rules.

use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use super::kind::Media;
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::identity::PersonId;

/// The largest file that is taken, in bytes.
pub const MOST_BYTES: usize = 10 << 20;

/// What a file is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A picture, made anew.
    Image,
    /// Something spoken.
    Voice,
    /// What was made for its person to fetch, once.
    Bundle,
}

impl Kind {
    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Bundle => "bundle",
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Image, Self::Voice, Self::Bundle]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(())
    }
}

/// One of the forms in which a file can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// As it is kept.
    Original,
    /// A picture of at most 1,280 pixels at the longer edge.
    Large,
    /// A picture of at most 320 pixels at the longer edge.
    Small,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Original, Self::Large, Self::Small];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Large => "large",
            Self::Small => "small",
        }
    }
}

/// The id of a file.
pub type FileId = Id<File>;

/// A file that somebody handed in, or that was made for them.
#[derive(Debug, Clone)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Whose it is.
    pub person_id: PersonId,
    /// What it is good for.
    pub kind: Kind,
    /// What it is, by its bytes.
    pub media: Media,
    /// What its person called it, sealed with their key.
    pub name: Option<Vec<u8>>,
    /// How large it is as it is kept, in bytes.
    pub bytes: i64,
    /// How wide a picture is, in pixels.
    pub width: Option<i64>,
    /// How high.
    pub height: Option<i64>,
    /// How long something spoken is, in milliseconds.
    pub duration_ms: Option<i64>,
    /// When it came.
    pub created_at: Timestamp,
}

impl Named for File {
    const PREFIX: &'static str = "fil";
}

/// Something made for a person to fetch once.
#[derive(Debug)]
pub struct Bundle {
    /// What it is called.
    pub name: &'static str,
    /// The JSON.
    pub json: Vec<u8>,
}
