//! Channels and messages.

use std::str::FromStr;

use aws_lc_rs::hmac;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::identity::PersonId;
use crate::language::Words;
use crate::live::Key;

/// The kind of stream.
pub const STREAM: &str = "channel";
/// How long after it was said its author may recall a message, in microseconds.
pub const RECALL_WITHIN_MICROS: i64 = 120 * 1_000_000;
/// The longest message, in characters.
pub const LONGEST: usize = 4_000;

/// What a channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChannelKind)]
pub enum Kind {
    /// 社区网格支部书记工作群: a community's grid leaders and staff.
    GridSecretaries,
    /// 楼栋长中心户长群: a community's building heads, grid leaders and staff.
    BuildingHeads,
    /// 小区居民群: the residents of an estate, or of the buildings of a grid that are in none,
    /// with their building heads and grid leader.
    Residents,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 3] = [Self::GridSecretaries, Self::BuildingHeads, Self::Residents];

    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GridSecretaries => "grid_secretaries",
            Self::BuildingHeads => "building_heads",
            Self::Residents => "residents",
        }
    }

    /// What the channel of somebody of this name is called.
    pub fn called(self, zh: &str, en: Option<&str>) -> Words {
        let en = en.unwrap_or(zh);
        match self {
            Self::GridSecretaries => Words::new(format!("{zh}网格支部书记工作群"), format!("{en}: grid leaders")),
            Self::BuildingHeads => Words::new(format!("{zh}楼栋长群"), format!("{en}: building heads")),
            Self::Residents => Words::new(format!("{zh}居民群"), format!("{en}: residents")),
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// A conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Its id, and that of its stream.
    pub id: ChannelId,
    /// What it is for.
    pub kind: Kind,
    /// The unit or estate whose it is.
    pub body: Uuid,
}

/// The id of a channel.
pub type ChannelId = Id<Channel>;

impl Named for Channel {
    const PREFIX: &'static str = "chn";
}

/// The stream of a channel.
pub fn key(channel: ChannelId) -> Key {
    Key {
        kind: STREAM,
        owner: channel.uuid(),
    }
}

/// Something that somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, and that of its entry.
    pub id: MessageId,
    /// Where.
    pub channel_id: ChannelId,
    /// The number of its entry.
    pub number: i64,
    /// How many messages the channel had with this one.
    pub ordinal: i64,
    /// Who.
    pub author: PersonId,
    /// The name that the author's device gave it.
    pub client_id: String,
    /// When.
    pub at: Timestamp,
    /// What; none where it was recalled or forgotten.
    pub text: Option<String>,
    /// The number of the message that it answers.
    pub reply_to: Option<i64>,
    /// When it was recalled.
    pub recalled_at: Option<Timestamp>,
    /// Of what was said.
    pub digest: Vec<u8>,
}

/// The id of a message.
pub type MessageId = Id<Message>;

impl Named for Message {
    const PREFIX: &'static str = "msg";
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The name that the author's device gave it: the same name is the same message.
    pub client_id: String,
    /// What.
    pub text: String,
    /// The number of the message that it answers.
    pub reply_to: Option<i64>,
}

impl Post {
    /// Of what is said, without the name; by a key, so that nobody guesses what was recalled.
    pub fn digest(&self, key: &hmac::Key) -> Vec<u8> {
        let mut context = hmac::Context::with_key(key);
        context.update(&self.reply_to.unwrap_or(0).to_be_bytes());
        context.update(self.text.as_bytes());
        context.sign().as_ref().to_vec()
    }
}
