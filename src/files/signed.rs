//! Addresses under which a file can be had for five minutes, by the person they were given
//! to: whoever sends one on sends on a right that is theirs and ends with their session.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::model::{FileId, Variant};
use crate::clock::{self, Timestamp};
use crate::gate::Signed;

/// For how long an address is good, in seconds.
pub(super) const GOOD_S: i64 = 5 * 60;
/// Of the tag, in bytes.
const TAG: usize = 16;
const BODY: usize = 16 + 1 + 16 + 16 + 8;

/// What an address gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Which file.
    pub file: FileId,
    /// In which form.
    pub variant: Variant,
    /// To whom it was given.
    pub signed: Signed,
    /// Until when it is good, in seconds since 1970.
    pub until_s: i64,
}

impl Ticket {
    /// Good from now on.
    pub fn new(file: FileId, variant: Variant, signed: Signed) -> Self {
        Self {
            file,
            variant,
            signed,
            until_s: clock::now().micros() / 1_000_000 + GOOD_S,
        }
    }

    /// When it runs out.
    pub const fn until(self) -> Timestamp {
        Timestamp::from_micros(self.until_s * 1_000_000)
    }

    fn body(self) -> [u8; BODY] {
        let mut body = [0; BODY];
        let variant = Variant::ALL
            .iter()
            .position(|one| *one == self.variant)
            .unwrap_or_default() as u8;
        let parts = self
            .file
            .uuid()
            .into_bytes()
            .into_iter()
            .chain([variant])
            .chain(self.signed.person.into_bytes())
            .chain(self.signed.session.into_bytes())
            .chain(self.until_s.to_be_bytes());
        body.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        body
    }

    /// The path under which it is served.
    pub fn path(self, key: &hmac::Key) -> String {
        let body = self.body();
        let tag = hmac::sign(key, &body);
        let bytes: Vec<u8> = body.iter().chain(tag.as_ref().iter().take(TAG)).copied().collect();
        format!("/files/{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What was signed here and is still good; none where it is not.
    pub fn read(text: &str, key: &hmac::Key) -> Option<Self> {
        if text.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, tag) = bytes.split_at_checked(BODY)?;
        let expected = hmac::sign(key, body);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref().get(..TAG)?, tag).ok()?;
        let id = |from: usize| Uuid::from_slice(body.get(from..from + 16)?).ok();
        let ticket = Self {
            file: FileId::from_uuid(id(0)?),
            variant: *Variant::ALL.get(usize::from(*body.get(16)?))?,
            signed: Signed {
                person: id(17)?,
                session: id(33)?,
            },
            until_s: i64::from_be_bytes(body.get(49..)?.try_into().ok()?),
        };
        (clock::now() < ticket.until()).then_some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_and_every_change_of_it_is_refused() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let signed = Signed {
            person: Uuid::now_v7(),
            session: Uuid::now_v7(),
        };
        let ticket = Ticket::new(FileId::new(), Variant::Large, signed);
        let path = ticket.path(&key);
        let token = path.strip_prefix("/files/").expect("the path");
        assert_eq!(Ticket::read(token, &key), Some(ticket));
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
        assert_eq!(Ticket::read(token, &other), None);
        let bytes = URL_SAFE_NO_PAD.decode(token).expect("base64");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(Ticket::read(&URL_SAFE_NO_PAD.encode(changed), &key), None, "byte {at}");
            assert_eq!(
                Ticket::read(&URL_SAFE_NO_PAD.encode(&bytes[..at]), &key),
                None,
                "cut at {at}"
            );
        }
        let past = Ticket { until_s: 1, ..ticket };
        let path = past.path(&key);
        assert_eq!(
            Ticket::read(path.strip_prefix("/files/").expect("the path"), &key),
            None
        );
        assert_eq!(Ticket::read(&"a".repeat(4000), &key), None);
    }
}
