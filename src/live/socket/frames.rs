//! What is said over the socket: a JSON object a frame, told apart by `type`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::error::{Error, FieldError};
use crate::language::Language;
use crate::live::{EntryId, PersonId};

/// The longest frame or message of a client, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// So many streams are followed on one connection at the most.
pub const STREAMS: usize = 500;
/// After so long without a word each side says something.
pub const HEARTBEAT_S: u64 = 25;

/// What a client says.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Who is there: the first frame, within five seconds, unless the token came as a
    /// subprotocol. Answered by `welcome`.
    #[schema(title = "hello")]
    Hello {
        /// An access token.
        token: String,
        /// The language of texts, as in `Accept-Language`; that header counts where it is left
        /// out.
        #[serde(default)]
        language: Option<String>,
    },
    /// Another token of the same session, before the one before runs out. Answered by
    /// `refreshed`; nothing else changes.
    #[schema(title = "refresh")]
    Refresh {
        /// The access token.
        token: String,
    },
    /// From now on these streams are followed as well. Answered by `subscribed`, and by
    /// `entries`, `gap` or `reset` for those alone that went on since the cursor. A stream that is
    /// followed already is followed anew from that cursor: behind `subscribed` nothing comes of
    /// what was asked before.
    #[schema(title = "subscribe")]
    Subscribe {
        /// Comes back in the answer.
        #[serde(default)]
        id: Option<String>,
        /// The cursor of each stream: of its last `entries` frame, `0` for all from the
        /// beginning, null for what comes from now on.
        streams: BTreeMap<String, Option<String>>,
    },
    /// These streams are followed no more. What is on its way still comes.
    #[schema(title = "unsubscribe")]
    Unsubscribe {
        /// Their names.
        streams: Vec<String>,
    },
    /// Something is said in a stream. Answered by `sent` when it is durable, or by `error`; what
    /// is said one after the other gets numbers in that order.
    #[schema(title = "send")]
    Send {
        /// The name of the stream.
        stream: String,
        /// What is said: in a channel a `MessageInput`, as `POST /v1/channels/{id}/messages` takes it.
        message: Value,
    },
    /// Up to here the person has read a stream. All their devices are told by `read`.
    #[schema(title = "read")]
    Read {
        /// The name of the stream.
        stream: String,
        /// The number of the last entry that was read; a lower one than before changes nothing.
        #[schema(minimum = 1, maximum = 9007199254740991_i64)]
        number: i64,
    },
    /// Whether somebody is there. Answered by `pong`.
    #[schema(title = "ping")]
    Ping {
        /// Comes back in the answer.
        #[serde(default)]
        id: Option<String>,
    },
    /// The answer to the server's `ping`.
    #[schema(title = "pong")]
    Pong,
}

impl ClientFrame {
    /// The types.
    pub const KINDS: [&'static str; 8] = [
        "hello",
        "refresh",
        "subscribe",
        "unsubscribe",
        "send",
        "read",
        "ping",
        "pong",
    ];

    /// Its type.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Refresh { .. } => "refresh",
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe { .. } => "unsubscribe",
            Self::Send { .. } => "send",
            Self::Read { .. } => "read",
            Self::Ping { .. } => "ping",
            Self::Pong => "pong",
        }
    }
}

/// What the server says. New types of frame may come: a client ignores those it does not know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The token is good.
    #[schema(title = "welcome")]
    Welcome {
        /// Whose it is.
        person_id: PersonId,
        /// When it runs out: until then `refresh` it.
        expires_at: Timestamp,
        /// The server's time, for a client whose clock is wrong.
        now: Timestamp,
        /// A side that heard nothing for so many seconds says `ping`; after three times as many
        /// it hangs up.
        heartbeat_s: u64,
        /// So many streams may be followed.
        streams_at_most: usize,
        /// So many bytes may a frame of the client have.
        bytes_at_most: usize,
    },
    /// The other token counts now.
    #[schema(title = "refreshed")]
    Refreshed {
        /// When it runs out.
        expires_at: Timestamp,
    },
    /// What became of `subscribe`.
    #[schema(title = "subscribed")]
    Subscribed {
        /// That of the question.
        id: Option<String>,
        /// How many streams are followed on this connection now.
        followed: usize,
        /// Those that are not, with why.
        refused: BTreeMap<String, Trouble>,
    },
    /// The next entries of a stream, in order and without a gap.
    #[schema(title = "entries")]
    Entries {
        /// The name of the stream.
        stream: String,
        /// The entries; none for who came without a cursor and is told it here, or behind a `gap`
        /// where nothing is kept.
        items: Vec<Value>,
        /// The cursor behind them: kept before anything is done with them.
        cursor: String,
        /// Whether more is there already, which follows by itself.
        more: bool,
    },
    /// Entries behind the cursor are kept no more. What is kept follows.
    #[schema(title = "gap")]
    Gap {
        /// The name of the stream.
        stream: String,
        /// The number of the last entry that is kept no more.
        floor: i64,
    },
    /// The cursor is of another past, as after a restored backup. The stream is followed no
    /// more: forget its entries, and subscribe again, with `0` or without a cursor.
    #[schema(title = "reset")]
    Reset {
        /// The name of the stream.
        stream: String,
        /// The number of its last entry.
        number: i64,
        /// The number of the last one that is kept no more.
        floor: i64,
    },
    /// What was said is durable. Its entry comes too, before this or after it, to who follows the
    /// stream.
    #[schema(title = "sent")]
    Sent {
        /// The name of the stream.
        stream: String,
        /// The name that the client gave it.
        client_id: String,
        /// The id of its entry.
        id: EntryId,
        /// The number of that.
        number: i64,
        /// When.
        at: Timestamp,
    },
    /// A stream is none of the person's any more, as after the end of an office. It is followed no
    /// more.
    #[schema(title = "left")]
    Left {
        /// The name of the stream.
        stream: String,
    },
    /// How far the person has read a stream, on whatever device; comes to who follows the inbox.
    #[schema(title = "read")]
    Read {
        /// The name of the stream.
        stream: String,
        /// Up to which number.
        read_to: i64,
        /// How many they have not read.
        unread: i64,
    },
    /// A frame was not done.
    #[schema(title = "error")]
    Error {
        /// The type of that frame; null where it could not be read.
        #[schema(required)]
        of: Option<String>,
        /// The `client_id` of what was to be sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
        /// Why.
        problem: Trouble,
    },
    /// Whether somebody is there. Answered by `pong`.
    #[schema(title = "ping")]
    Ping,
    /// The answer to the client's `ping`.
    #[schema(title = "pong")]
    Pong {
        /// That of the question.
        id: Option<String>,
    },
}

/// Why something was not done, with the types and words of the problem documents of HTTP
/// (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Trouble {
    /// The stable name of the reason.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short name of the reason.
    pub title: String,
    /// The status that HTTP has for it.
    pub status: u16,
    /// What a person can do about it.
    pub detail: String,
    /// Every field at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<TroubleField>,
    /// After how many milliseconds another try makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// A field of a frame that is at fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct TroubleField {
    /// A JSON pointer to it (RFC 6901).
    pub pointer: String,
    /// A stable word for programs.
    pub code: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Trouble {
    /// Of this error, in this language.
    pub fn of(error: &Error, language: Language) -> Self {
        let reason = error.reason();
        let field = |field: &FieldError| TroubleField {
            pointer: field.pointer.clone(),
            code: field.code.to_owned(),
            detail: field.detail.in_language(language).to_owned(),
        };
        Self {
            kind: reason.type_uri(),
            title: reason.title(language).to_owned(),
            status: reason.status(),
            detail: error.detail(language).to_owned(),
            errors: match error {
                Error::Invalid(fields) => fields.iter().map(field).collect(),
                _ => Vec::new(),
            },
            retry_after_ms: error.retry_after_s().map(|seconds| seconds * 1_000),
        }
    }
}

/// Why a connection is closed, by the code of the close frame. Its reason is a JSON object with
/// `action` and, where there is one, `retry_after_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The client said that it goes.
    Answered,
    /// A frame was not as RFC 6455 has it.
    Protocol,
    /// A binary frame: all are text.
    Binary,
    /// A text that is not UTF-8.
    NotText,
    /// A message above [`LONGEST`].
    TooLarge,
    /// The instance stops.
    Stopping,
    /// The token is none of ours, or none came in time.
    Unauthenticated,
    /// The token ran out.
    Expired,
    /// The session ended: the person signed out, or is gone.
    Ended,
    /// The client does not read what is sent.
    Slow,
    /// The client says too much at once.
    Flood,
    /// Nothing was heard from the client for long.
    Silent,
    /// The person has too many connections.
    TooMany,
    /// The server cannot answer now.
    Unable,
}

impl Close {
    /// All, for the document.
    pub const ALL: [Self; 14] = [
        Self::Answered,
        Self::Protocol,
        Self::Binary,
        Self::NotText,
        Self::TooLarge,
        Self::Stopping,
        Self::Unauthenticated,
        Self::Expired,
        Self::Ended,
        Self::Slow,
        Self::Flood,
        Self::Silent,
        Self::TooMany,
        Self::Unable,
    ];

    /// The code.
    pub const fn code(self) -> u16 {
        match self {
            Self::Answered => 1000,
            Self::Protocol => 1002,
            Self::Binary => 1003,
            Self::NotText => 1007,
            Self::TooLarge => 1009,
            Self::Stopping => 4000,
            Self::Unauthenticated => 4001,
            Self::Expired => 4002,
            Self::Ended => 4003,
            Self::Slow => 4004,
            Self::Flood => 4005,
            Self::Silent => 4006,
            Self::TooMany => 4007,
            Self::Unable => 4008,
        }
    }

    /// What the client does then: `reconnect` after a while with the cursors that it has,
    /// `refresh` its token first, `sign_in` anew, or `stop`, since it would happen again.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Stopping | Self::Slow | Self::Flood | Self::Silent | Self::TooMany | Self::Unable => "reconnect",
            Self::Unauthenticated | Self::Expired => "refresh",
            Self::Ended => "sign_in",
            Self::Answered | Self::Protocol | Self::Binary | Self::NotText | Self::TooLarge => "stop",
        }
    }

    /// After how many milliseconds at the least and at the most the client comes again, where
    /// it does: not all in the same moment.
    pub const fn retry_after_ms(self) -> Option<(u64, u64)> {
        match self {
            Self::Stopping => Some((200, 4_000)),
            Self::Slow => Some((1_000, 5_000)),
            Self::Flood => Some((5_000, 15_000)),
            Self::Silent => Some((0, 1_000)),
            // Until those of before are known to be gone.
            Self::TooMany => Some((30_000, 90_000)),
            Self::Unable => Some((1_000, 5_000)),
            Self::Unauthenticated | Self::Expired => Some((0, 500)),
            _ => None,
        }
    }

    /// What it means, for the document.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Answered => "the client said that it goes",
            Self::Protocol => "a frame was not as RFC 6455 has it",
            Self::Binary => "a binary frame: all frames are text",
            Self::NotText => "a text that is not UTF-8",
            Self::TooLarge => "a message above `bytes_at_most`",
            Self::Stopping => "this instance stops; others go on",
            Self::Unauthenticated => "the token is not good, or none came within five seconds",
            Self::Expired => "the token ran out and was not refreshed",
            Self::Ended => "the session ended: signed out, locked or erased",
            Self::Slow => "the client does not read what is sent to it",
            Self::Flood => "the client says too much at once",
            Self::Silent => "nothing was heard from the client for three heartbeats",
            Self::TooMany => "the person has too many connections open",
            Self::Unable => "the server cannot answer now",
        }
    }
}
