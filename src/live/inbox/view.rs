//! An inbox as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Payload;
use super::catalogue::{CATALOGUE, UNKNOWN};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::http::Input;
use crate::language::Language;
use crate::live::{Entry, EntryId, Verdict};

/// Something that concerns the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxEntry {
    /// Its id.
    pub id: EntryId,
    /// Its place in the inbox, from 1; no number is left out.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What kind of news it is: a name of the catalogue, such as `home_confirmed`. New kinds may come.
    pub kind: String,
    /// Whether it passes quiet hours.
    pub urgent: bool,
    /// What it says, in the language of the request; fit to be read aloud.
    pub text: String,
    /// What it is about; null where there is nothing to open.
    pub about: Option<About>,
    /// Whether the caller has read it. Left out on the socket, where `read` frames say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
}

/// What an entry is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    /// What kind of thing: `membership`. New kinds may come.
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl InboxEntry {
    pub(super) fn of(entry: Entry, read_to: Option<i64>, language: Language) -> Result<Self> {
        let payload: Payload = serde_json::from_str(&entry.payload).map_err(Error::internal)?;
        let template = CATALOGUE.get(&entry.kind);
        let text = template.map(|template| template.text(&payload, language));
        Ok(Self {
            id: entry.id,
            number: entry.number,
            at: entry.at,
            urgent: template.is_some_and(|template| template.urgent),
            text: text.unwrap_or_else(|| UNKNOWN.in_language(language).to_owned()),
            about: payload.about.map(|(kind, id)| About { kind, id }),
            read: read_to.map(|read_to| entry.number <= read_to),
            kind: entry.kind,
        })
    }
}

/// The inbox, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxView {
    /// What there is.
    pub items: Vec<InboxEntry>,
    /// Give this as `cursor` for older ones; none on the last page.
    pub next: Option<String>,
    /// How many the caller has not read.
    pub unread: i64,
    /// Up to which number they have read.
    pub read_to: i64,
    /// Give this as `after` to `/v1/me/inbox/entries` to be told what comes.
    pub cursor: String,
}

/// What there is behind a cursor.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxNews {
    /// What the client is told about its cursor.
    pub state: NewsState,
    /// What came behind it, in order.
    pub items: Vec<InboxEntry>,
    /// Give this as `after` the next time.
    pub cursor: String,
    /// Whether there is more behind that already.
    pub more: bool,
}

/// What a client is told about its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewsState {
    /// It goes on from there.
    Entries,
    /// Some entries behind it are kept no more; what there is begins behind them.
    Gap,
    /// It is of another past, as after a restored backup: forget all entries and read from the start.
    Reset,
}

/// From where, and how much.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NewsQuery {
    /// The `cursor` of the answer before; left out to read from the start.
    pub after: Option<String>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
}

fn usual_limit() -> usize {
    100
}

impl Input for NewsQuery {}

/// Up to where somebody has read.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInput {
    /// The number of the last entry that was read; a lower one than before changes nothing.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub number: i64,
}

impl Input for ReadInput {}

/// How far somebody has read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadState {
    /// How many they have not read.
    pub unread: i64,
    /// Up to which number they have read.
    pub read_to: i64,
}

/// When only what is urgent is pushed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// From this time of the day in the city's zone; null with `to` for never.
    #[schema(required, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    pub from: Option<String>,
    /// To this time of the day.
    #[schema(required, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:00")]
    pub to: Option<String>,
}

impl Input for QuietHours {}

impl From<Verdict> for NewsState {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::GoOn => Self::Entries,
            Verdict::Gap => Self::Gap,
            Verdict::Reset => Self::Reset,
        }
    }
}
