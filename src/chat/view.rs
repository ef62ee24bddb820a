//! Channels and messages as clients see them.

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::model::{ChannelId, Kind, LONGEST, Message, MessageId, Post};
use crate::clock::Timestamp;
use crate::error::{Error, FieldError, Result};
use crate::http::Input;
use crate::identity::PersonId;
use crate::live::inbox::NewsState;
use crate::live::{Entry, EntryId};

/// The kind of an entry that is a message.
pub const MESSAGE: &str = "message";
/// The kind of an entry that says that a message was recalled.
pub const RECALLED: &str = "recalled";

/// The kind of an entry of which nothing is shown.
pub const HIDDEN: &str = "hidden";

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// Who said it.
    pub author: PersonId,
    /// The name that the author's device gave it.
    pub client_id: String,
    /// What was said; null where it was recalled, or forgotten with its author.
    #[schema(required)]
    pub text: Option<String>,
    /// The number of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// Whether it was recalled.
    pub recalled: bool,
}

impl MessageView {
    /// Of a message.
    pub fn of(message: &Message) -> Self {
        Self {
            id: message.id,
            author: message.author,
            client_id: message.client_id.clone(),
            text: message.text.clone(),
            reply_to: message.reply_to,
            recalled: message.recalled_at.is_some(),
        }
    }
}

/// That a message was taken back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecalledView {
    /// The number of the message.
    pub number: i64,
    /// By whom: its `author`, or a `moderator` of the channel.
    pub by: String,
}

/// One step of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelEntry {
    /// Its id.
    pub id: EntryId,
    /// Its place in the channel, from 1; no number is left out.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What it is: `opened`, `message`, `recalled`, or `hidden` where it is not the caller's to see. New kinds may come.
    pub kind: String,
    /// The message, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageView>,
    /// What was recalled, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recalled: Option<RecalledView>,
}

impl ChannelEntry {
    /// Of an entry whose payload is as clients see it.
    pub fn of(entry: &Entry) -> Result<Self> {
        let is = |kind: &str| entry.kind == kind;
        let message = is(MESSAGE).then(|| serde_json::from_str(&entry.payload)).transpose();
        let recalled = is(RECALLED).then(|| serde_json::from_str(&entry.payload)).transpose();
        Ok(Self {
            id: entry.id,
            number: entry.number,
            at: entry.at,
            kind: entry.kind.clone(),
            message: message.map_err(Error::internal)?,
            recalled: recalled.map_err(Error::internal)?,
        })
    }
}

/// A channel that the caller is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    /// Its id, by which it is followed on the socket as well.
    pub id: ChannelId,
    /// What it is for.
    pub kind: Kind,
    /// What it is called, in the language of the request.
    pub name: String,
    /// The unit or estate whose it is.
    pub body_id: String,
    /// Whether the caller looks after it, and may recall what others said.
    pub looks_after: bool,
    /// The number of the last entry.
    pub last: i64,
    /// Up to this number the caller sees nothing: it was before they came. 0 where they see all that is kept.
    pub hidden_to: i64,
    /// Up to which number the caller has read.
    pub read_to: i64,
    /// How many messages of others, not recalled, are behind that.
    pub unread: i64,
    /// Give this to the socket to follow what comes.
    pub cursor: String,
}

/// The channels that the caller is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelList {
    /// The channels.
    pub items: Vec<ChannelView>,
    /// How many messages of others the caller has not read in all of them.
    pub unread: i64,
}

/// Some of what was said in a channel, by number.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryView {
    /// What the client is told about `after`; `entries` where it did not ask so.
    pub state: NewsState,
    /// The number of the first entry that the caller could see.
    pub first: i64,
    /// The number of the last entry that there is.
    pub last: i64,
    /// The entries, in order.
    pub items: Vec<ChannelEntry>,
    /// Whether the caller could see older ones.
    pub older: bool,
    /// Whether there are newer ones.
    pub newer: bool,
    /// The cursor behind the last of these, to follow from here.
    #[schema(required)]
    pub cursor: Option<String>,
}

/// Which part of a channel.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Those before this number. Without any of the three: the newest.
    #[param(minimum = 1, maximum = 9007199254740991_i64)]
    pub before: Option<i64>,
    /// Those behind this cursor of an answer before or of the socket, which tells a `gap` and a `reset`; a number does as
    /// well, and is trusted.
    #[param(pattern = "^[0-9]{1,16}([.][0-9a-f]{32})?$")]
    pub after: Option<String>,
    /// Those on both sides of this number.
    #[param(minimum = 1, maximum = 9007199254740991_i64)]
    pub around: Option<i64>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: usize,
}

fn usual_limit() -> usize {
    50
}

impl Input for HistoryQuery {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        let given = ["before", "after", "around"]
            .iter()
            .filter(|name| value.get(name).is_some());
        if given.count() > 1 {
            faults.push(FieldError::query(
                "before",
                "conflict",
                "before、after、around 只能给一个。",
                "Give one of before, after and around.",
            ));
        }
    }
}

/// Something to be said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageInput {
    /// A name that the caller's device gives it, different for each: the same name is the same message, however often it is sent.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+$")]
    pub client_id: String,
    /// What is said.
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    /// The number of the message that it answers.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub reply_to: Option<i64>,
}

impl Input for MessageInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        if let Some(text) = value.get("text").and_then(Value::as_str) {
            check_text("/text", text, faults);
        }
    }
}

/// What a schema does not say of a text.
fn check_text(pointer: &str, text: &str, faults: &mut Vec<FieldError>) {
    let is_blank = |letter: char| letter.is_whitespace() || letter.is_control();
    if !text.is_empty() && text.chars().all(is_blank) {
        faults.push(FieldError::body(pointer, "blank", "消息不能为空。", "Say something."));
    }
    // PostgreSQL keeps no such text.
    if text.contains('\0') {
        let (zh, en) = ("不能含有空字符。", "It takes no NUL character.");
        faults.push(FieldError::body(pointer, "characters", zh, en));
    }
}

impl MessageInput {
    /// From a frame of the socket: checked as a body is.
    pub fn of_frame(frame: Value) -> Result<Self> {
        let input: Self = serde_json::from_value(frame).map_err(|error| {
            Error::field(FieldError::body(
                "/message",
                "frame",
                "消息格式不正确。",
                error.to_string(),
            ))
        })?;
        let mut errors = Vec::new();
        let letters = input.text.chars().count();
        if !(1..=LONGEST).contains(&letters) {
            let (code, zh, en) = match letters {
                0 => ("min_length", "消息不能为空。", "Say something."),
                _ => (
                    "max_length",
                    "最多 4000 个字符。",
                    "It takes 4,000 characters at the most.",
                ),
            };
            errors.push(FieldError::body("/message/text", code, zh, en));
        }
        let is_name =
            (1..=64).contains(&input.client_id.len()) && input.client_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name {
            errors.push(FieldError::body(
                "/message/client_id",
                "pattern",
                "应为 1 到 64 个可见 ASCII 字符。",
                "It takes 1 to 64 visible ASCII characters.",
            ));
        }
        if input.reply_to.is_some_and(|number| number < 1) {
            errors.push(FieldError::body(
                "/message/reply_to",
                "minimum",
                "应为 1 或更大的编号。",
                "It takes the number of a message, from 1.",
            ));
        }
        check_text("/message/text", &input.text, &mut errors);
        if errors.is_empty() {
            Ok(input)
        } else {
            Err(Error::Invalid(errors))
        }
    }

    /// As the lane takes it.
    pub fn post(self) -> Post {
        Post {
            client_id: self.client_id,
            text: self.text,
            reply_to: self.reply_to,
        }
    }
}

/// Up to where somebody has read.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelReadInput)]
pub struct ReadInput {
    /// The number of the last entry that was read; a lower one than before changes nothing.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub number: i64,
}

impl Input for ReadInput {}

/// How far somebody has read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelReadState)]
pub struct ReadState {
    /// How many messages of others they have not read.
    pub unread: i64,
    /// Up to which number they have read.
    pub read_to: i64,
}
