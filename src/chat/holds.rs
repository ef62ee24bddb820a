//! What channels hold about people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::lane::SPEAKING;
use super::model::{STREAM, key};
use super::store;
use crate::db::{Conn, Tx, locks};
use crate::error::Result;
use crate::holdings::{Cutoff, Erased, Holder, Holding, Kept};
use crate::identity::PersonId;
use crate::live::{raise_floor, says_less};

/// Channels that are looked after in one transaction; whoever speaks in one of them waits so long.
const CHANNELS_AT_ONCE: i64 = 50;
/// Messages that are dropped in one transaction.
const MESSAGES_AT_ONCE: i64 = 5_000;

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 2] = [MESSAGES, READING];

const MESSAGES: Holding = Holding {
    name: "messages",
    columns: &["message.author", "message.text", "message.client_id", "message.digest"],
    what: ("您在频道里说的话、何时说的", "What you said in channels, and when"),
    purpose: (
        "让频道里的人看到，也便于事后查找",
        "So that those in the channel read it, and find it later",
    ),
    kept: Kept::Days {
        days: 365,
        from: ("从发出起", "From when it was said"),
        forget,
    },
    erased: Erased::Stays((
        "内容删除；编号和时间仍在，但不再指向任何人",
        "The words go; numbers and times stay, and lead to nobody",
    )),
};

const READING: Holding = Holding {
    name: "channel_reading",
    columns: &["channel_reading.person_id"],
    what: ("各频道您读到哪里", "How far you have read each channel"),
    purpose: ("接着上次读", "So that you go on reading where you were"),
    kept: Kept::Until(("账号存在期间", "As long as there is the account")),
    erased: Erased::Goes,
};

fn forget(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    let entries = raise_floor(conn, STREAM, cutoff.before, CHANNELS_AT_ONCE)?;
    Ok(entries + store::drop_old(conn, cutoff.before, MESSAGES_AT_ONCE)?)
}

/// Tells and forgets what somebody said.
pub struct ChatHolder;

impl Holder for ChatHolder {
    fn name(&self) -> &'static str {
        "channels"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let (said, read) = store::all_of(conn, PersonId::from_uuid(person))?;
        let said = said.into_iter().map(|message| {
            json!({
                "channel_id": message.channel_id,
                "number": message.number,
                "at": message.at,
                "text": message.text,
                "reply_to": message.reply_to,
                "recalled_at": message.recalled_at,
            })
        });
        let read = read
            .into_iter()
            .map(|(channel_id, read_to)| json!({ "channel_id": channel_id, "read_to": read_to }));
        Ok(json!({ "said": said.collect::<Vec<_>>(), "read": read.collect::<Vec<_>>() }))
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        let person = PersonId::from_uuid(person);
        // Whoever speaks in this moment has spoken before, or finds that they are gone.
        locks::hold(tx, SPEAKING, std::iter::once(person.uuid()))?;
        for (channel, number) in store::spoke_in(tx, person)? {
            says_less(tx, key(channel), number)?;
        }
        store::forget(tx, person)
    }
}
