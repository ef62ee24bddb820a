//! Refresh tokens: what they say and how they are known for ours.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::Id;
use crate::error::{Error, Result};
use crate::identity::model::SessionId;

const PREFIX: &str = "rt_";
/// The session, the number and the random bytes.
const SAID: usize = 16 + 8 + 16;
const TAG: usize = 16;

/// Makes and reads refresh tokens.
pub(super) struct RefreshTokens {
    key: hmac::Key,
}

/// A token made.
pub(super) struct Made {
    pub text: String,
    pub hash: Vec<u8>,
}

/// A token that is ours.
pub(super) struct Read {
    pub session: SessionId,
    pub hash: Vec<u8>,
}

impl RefreshTokens {
    pub(super) const fn new(key: hmac::Key) -> Self {
        Self { key }
    }

    pub(super) fn make(&self, session: SessionId, number: i64) -> Result<Made> {
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::internal("the system gives no random bits"))?;
        let mut bytes = [session.uuid().as_bytes().as_slice(), &number.to_be_bytes(), &random].concat();
        let tag = hmac::sign(&self.key, &bytes);
        bytes.extend(tag.as_ref().iter().take(TAG));
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
        Ok(Made {
            hash: Sha256::digest(&bytes).to_vec(),
            text,
        })
    }

    pub(super) fn read(&self, text: &str) -> Option<Read> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (said, tag) = bytes.split_at_checked(SAID).filter(|(_, tag)| tag.len() == TAG)?;
        let ours = hmac::sign(&self.key, said);
        verify_slices_are_equal(ours.as_ref().get(..TAG)?, tag).ok()?;
        Some(Read {
            session: Id::from_uuid(Uuid::from_slice(said.get(..16)?).ok()?),
            hash: Sha256::digest(&bytes).to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_reads_back_and_no_other_text_does() {
        let key = |byte: u8| RefreshTokens::new(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]));
        let session = SessionId::new();
        let made = key(1).make(session, 7).expect("made");
        let read = key(1).read(&made.text).expect("ours");
        assert_eq!((read.session, &read.hash), (session, &made.hash));
        assert_ne!(
            made.text,
            key(1).make(session, 7).expect("made").text,
            "no two are alike"
        );
        assert!(key(2).read(&made.text).is_none(), "another installation's");
        for at in 0..made.text.len() {
            assert!(key(1).read(&made.text[..at]).is_none(), "cut at {at}");
            let mut changed = made.text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("text");
            assert!(key(1).read(&changed).is_none(), "changed at {at}");
        }
    }
}
