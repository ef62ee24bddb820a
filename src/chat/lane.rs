//! The lane of channels: what is said in them and recalled, numbered under the locks of their
//! streams, which are taken in the order of their ids.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::model::{ChannelId, Message, MessageId, Post, RECALL_WITHIN_MICROS, STREAM};
use super::store;
use super::view::{self, MessageView};
use crate::clock::Timestamp;
use crate::db::lane::Work;
use crate::db::{Tx, locks};
use crate::error::{Error, Reason, Result};
use crate::identity::{self, PersonId};
use crate::live::{self, Entry, EntryId, HeldStream};

/// In this name those who speak are held, so that nobody is erased in the middle of a word.
pub(super) const SPEAKING: &str = "speaking";

/// Something that somebody does in a channel. Whether they may is decided before.
#[derive(Debug, Clone)]
pub struct Command {
    /// Where.
    pub channel_id: ChannelId,
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// The id of what comes of it.
    pub id: EntryId,
    /// What.
    pub what: What,
}

/// What somebody does in a channel.
#[derive(Debug, Clone)]
pub enum What {
    /// They say something.
    Say {
        /// What.
        post: Post,
        /// The digest of that.
        digest: Vec<u8>,
        /// Up to this number they see nothing, and answer nothing.
        hidden_to: i64,
    },
    /// They take a message back; whether they look after the channel.
    Recall(MessageId, bool),
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct Done {
    /// The message, as it is then.
    pub message: Message,
    /// Whether it was so already: a repetition changes nothing.
    pub was_so: bool,
}

/// Channels as a lane does them.
pub struct Speaking;

/// What a batch touches.
pub struct State {
    streams: BTreeMap<uuid::Uuid, HeldStream>,
    speakers: HashSet<PersonId>,
    ordinals: HashMap<ChannelId, i64>,
    said: HashMap<(ChannelId, PersonId, String), Message>,
    known: HashMap<MessageId, Message>,
    replied: HashMap<ChannelId, Vec<i64>>,
    added: Vec<Message>,
    recalled: Vec<(MessageId, Timestamp)>,
}

impl Work for Speaking {
    type Command = Command;
    type State = State;
    type Answer = Done;

    fn name(&self) -> &'static str {
        "channels"
    }

    fn load(&self, tx: &mut Tx<'_>, commands: &[Command]) -> Result<State> {
        let owners: Vec<uuid::Uuid> = commands.iter().map(|command| command.channel_id.uuid()).collect();
        let streams = live::hold(tx, STREAM, &owners)?;
        let channels: Vec<ChannelId> = streams.keys().copied().map(ChannelId::from_uuid).collect();
        let mut names = Vec::new();
        let mut recalled = Vec::new();
        let mut replied: HashMap<ChannelId, Vec<i64>> = HashMap::new();
        for command in commands {
            match &command.what {
                What::Say { post, .. } => {
                    names.push((command.channel_id, command.person, post.client_id.as_str()));
                    if let Some(number) = post.reply_to {
                        replied.entry(command.channel_id).or_default().push(number);
                    }
                }
                What::Recall(id, _) => recalled.push(*id),
            }
        }
        let speakers: Vec<PersonId> = commands.iter().map(|command| command.person).collect();
        locks::hold(tx, SPEAKING, speakers.iter().map(|person| person.uuid()))?;
        for (channel, numbers) in &mut replied {
            *numbers = store::are_there(tx, *channel, numbers)?;
        }
        Ok(State {
            ordinals: store::ordinals(tx, &channels)?,
            said: store::said_before(tx, &names)?,
            known: store::messages(tx, &recalled)?,
            replied,
            speakers: identity::present(tx, &speakers)?.into_iter().collect(),
            streams,
            added: Vec::new(),
            recalled: Vec::new(),
        })
    }

    fn decide(&self, state: &mut State, command: &Command) -> Result<Done> {
        match &command.what {
            What::Say {
                post,
                digest,
                hidden_to,
            } => say(state, command, post, digest, *hidden_to),
            What::Recall(id, looks_after) => recall(state, command, *id, *looks_after),
        }
    }

    fn store(&self, tx: &mut Tx<'_>, state: State) -> Result<()> {
        store::insert(tx, &state.added)?;
        for (id, at) in state.recalled {
            store::recall(tx, id, at)?;
        }
        live::keep(tx, state.streams.into_values())
    }
}

fn say(state: &mut State, command: &Command, post: &Post, digest: &[u8], hidden_to: i64) -> Result<Done> {
    // An account that was erased since says nothing any more.
    if !state.speakers.contains(&command.person) {
        return Err(Error::refused(Reason::Unauthenticated));
    }
    let name = (command.channel_id, command.person, post.client_id.clone());
    if let Some(before) = state.said.get(&name) {
        if before.digest != digest {
            return Err(Error::because(
                Reason::IdempotencyKeyReused,
                "此 client_id 已用于另一条消息。",
                "This client_id belongs to another message of yours.",
            ));
        }
        return Ok(Done {
            message: before.clone(),
            was_so: true,
        });
    }
    if let Some(number) = post.reply_to {
        let is_there = state
            .replied
            .get(&command.channel_id)
            .is_some_and(|there| there.contains(&number));
        let is_new = || {
            state
                .added
                .iter()
                .any(|one| one.channel_id == command.channel_id && one.number == number)
        };
        if number <= hidden_to || (!is_there && !is_new()) {
            return Err(Error::because(
                Reason::StateConflict,
                "所回复的消息不存在或已撤回。",
                "The message that is answered is not there, or was recalled.",
            ));
        }
    }
    let stream = state
        .streams
        .get_mut(&command.channel_id.uuid())
        .ok_or_else(|| Error::refused(Reason::NotFound))?;
    let ordinal = state.ordinals.entry(command.channel_id).or_default();
    *ordinal += 1;
    let id = MessageId::from_uuid(command.id.uuid());
    let message = Message {
        id,
        channel_id: command.channel_id,
        number: stream.number + 1,
        ordinal: *ordinal,
        author: command.person,
        client_id: post.client_id.clone(),
        at: command.at,
        text: Some(post.text.clone()),
        reply_to: post.reply_to,
        recalled_at: None,
        digest: digest.to_vec(),
    };
    let entry = Entry {
        id: command.id,
        number: message.number,
        at: message.at,
        kind: view::MESSAGE.to_owned(),
        payload: "{}".to_owned(),
    };
    stream.add(entry, shown(&message)?);
    state.said.insert(name, message.clone());
    state.added.push(message.clone());
    Ok(Done { message, was_so: false })
}

fn recall(state: &mut State, command: &Command, id: MessageId, looks_after: bool) -> Result<Done> {
    let message = state
        .known
        .get_mut(&id)
        .filter(|message| message.channel_id == command.channel_id)
        .ok_or_else(|| Error::refused(Reason::NotFound))?;
    if message.author != command.person && !looks_after {
        return Err(Error::refused(Reason::Forbidden));
    }
    if message.recalled_at.is_some() {
        return Ok(Done {
            message: message.clone(),
            was_so: true,
        });
    }
    let now = command.at;
    if !looks_after && now.micros() > message.at.micros() + RECALL_WITHIN_MICROS {
        return Err(Error::because(
            Reason::StateConflict,
            "只能撤回两分钟内的消息。",
            "A message is recalled within two minutes.",
        ));
    }
    let stream = state
        .streams
        .get_mut(&command.channel_id.uuid())
        .ok_or_else(|| Error::refused(Reason::NotFound))?;
    message.recalled_at = Some(now);
    message.text = None;
    let by = if message.author == command.person {
        "author"
    } else {
        "moderator"
    };
    let payload = serde_json::json!({ "number": message.number, "by": by }).to_string();
    let entry = Entry {
        id: command.id,
        number: stream.number + 1,
        at: now,
        kind: view::RECALLED.to_owned(),
        payload: payload.clone(),
    };
    stream.add(entry, payload);
    state.recalled.push((id, now));
    let message = message.clone();
    // Whoever comes behind in this batch finds it so.
    if let Some(replied) = state.replied.get_mut(&command.channel_id) {
        replied.retain(|number| *number != message.number);
    }
    let name = (message.channel_id, message.author, message.client_id.clone());
    state.said.insert(name, message.clone());
    Ok(Done { message, was_so: false })
}

fn shown(message: &Message) -> Result<String> {
    serde_json::to_string(&MessageView::of(message)).map_err(Error::internal)
}
