//! Bells: what instances say to each other when something was written. Signed, since Redis
//! belongs to others as well: a forged bell is heard by nobody.

use std::sync::Arc;

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entry, EntryId, Key};
use crate::clock::Timestamp;
use crate::db::{Ring, Tx};
use crate::error::{Error, Result};

/// How long the signature is, in bytes.
const SIGNATURE: usize = 16;
/// An entry that says more than this is not brought by its bell, in bytes.
const BRINGS_AT_MOST: usize = 4096;

/// What a bell says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// The kind of stream.
    pub kind: String,
    /// Whose it is.
    pub owner: Uuid,
    /// What is said of it.
    pub what: What,
}

/// What is said of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// It has another entry.
    Entry {
        number: i64,
        id: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brings: Option<Brought>,
    },
    /// Something that is no entry and may be lost: a frame for all who follow it.
    Signal(String),
    /// What it has up to this number says less than it did, as after an erasure.
    Less(i64),
}

/// An entry that a bell brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Brought {
    /// The id of the entry before; none where it is the first.
    pub before: Option<Uuid>,
    pub at: i64,
    pub kind: String,
    pub payload: String,
}

/// Rings for an entry that was written in this transaction; it comes along where the one before
/// it is known and it is short.
pub(super) fn ring(tx: &mut Tx<'_>, key: Key, entry: &Entry, before: Option<Option<EntryId>>) -> Result<()> {
    let brings = before
        .filter(|_| entry.payload.len() <= BRINGS_AT_MOST)
        .map(|before| Brought {
            before: before.map(EntryId::uuid),
            at: entry.at.micros(),
            kind: entry.kind.clone(),
            payload: entry.payload.clone(),
        });
    let what = What::Entry {
        number: entry.number,
        id: entry.id.uuid(),
        brings,
    };
    say(tx, key, what)
}

/// Tells all who follow a stream something that is no entry, once this transaction is durable.
/// It is a frame as [`socket`](super::socket) has them, and may be lost.
///
/// # Errors
/// Where it is no JSON.
pub fn signal(tx: &mut Tx<'_>, key: Key, frame: &impl Serialize) -> Result<()> {
    let frame = serde_json::to_string(frame).map_err(Error::internal)?;
    say(tx, key, What::Signal(frame))
}

/// Tells all instances that what a stream has up to a number says less than it did, once this
/// transaction is durable: what they have of it in memory is told to nobody any more. Where that
/// bell is lost they forget it within some minutes by themselves.
///
/// # Errors
/// None but that it is no JSON.
pub fn says_less(tx: &mut Tx<'_>, key: Key, number: i64) -> Result<()> {
    say(tx, key, What::Less(number))
}

fn say(tx: &mut Tx<'_>, key: Key, what: What) -> Result<()> {
    let said = Said {
        kind: key.kind.to_owned(),
        owner: key.owner,
        what,
    };
    let bytes = serde_json::to_vec(&said).map_err(Error::internal)?;
    tx.ring(Ring(bytes.into()));
    Ok(())
}

/// Several bells of an instance as one message, signed.
pub(super) fn sealed(rings: &[Ring], from: Uuid, key: &hmac::Key) -> Arc<[u8]> {
    let mut message = vec![0; SIGNATURE];
    message.extend_from_slice(from.as_bytes());
    for (number, Ring(bytes)) in rings.iter().enumerate() {
        if number > 0 {
            message.push(b'\n');
        }
        message.extend_from_slice(bytes);
    }
    let (signature, text) = message.split_at_mut(SIGNATURE);
    let tag = hmac::sign(key, text);
    signature.copy_from_slice(tag.as_ref().get(..SIGNATURE).unwrap_or_default());
    message.into()
}

/// The bells of a message and the instance that rings, if it is signed by one of us.
pub(super) fn opened(message: &[u8], key: &hmac::Key) -> Option<(Uuid, Vec<Said>)> {
    let (signature, text) = message.split_at_checked(SIGNATURE)?;
    let tag = hmac::sign(key, text);
    let expected = tag.as_ref().get(..SIGNATURE)?;
    aws_lc_rs::constant_time::verify_slices_are_equal(signature, expected).ok()?;
    let (from, text) = text.split_at_checked(size_of::<Uuid>())?;
    let said = text.split(|byte| *byte == b'\n').filter_map(read).collect();
    Some((Uuid::from_slice(from).ok()?, said))
}

/// A bell as it was rung.
pub(super) fn read(bytes: &[u8]) -> Option<Said> {
    serde_json::from_slice(bytes).ok()
}

impl Brought {
    /// The entry of this number and id.
    pub(super) fn entry(self, number: i64, id: EntryId) -> (Arc<Entry>, Option<EntryId>) {
        let before = self.before.map(EntryId::from_uuid);
        let entry = Entry {
            id,
            number,
            at: Timestamp::from_micros(self.at),
            kind: self.kind,
            payload: self.payload,
        };
        (Arc::new(entry), before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_that_was_changed_on_the_way_is_none() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"ours");
        let said = Said {
            kind: "inbox".to_owned(),
            owner: Uuid::from_u128(7),
            what: What::Signal("{\"a\":\"一\\n\"}".to_owned()),
        };
        let ring = Ring(serde_json::to_vec(&said).expect("JSON").into());
        let from = Uuid::from_u128(9);
        let message = sealed(&[ring.clone(), ring], from, &key);
        assert_eq!(opened(&message, &key), Some((from, vec![said.clone(), said])));
        assert_eq!(opened(&message, &hmac::Key::new(hmac::HMAC_SHA256, b"theirs")), None);
        for at in 0..message.len() {
            let mut forged = message.to_vec();
            forged[at] ^= 1;
            assert_eq!(opened(&forged, &key), None, "{at}");
            assert_eq!(opened(&message[..at], &key), None, "{at}");
        }
    }
}
