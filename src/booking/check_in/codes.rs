//! The codes: all of them follow from one key, and none is kept.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::booking::model::BookingId;
use crate::booking::resources::ResourceId;
use crate::clock::Timestamp;

/// For how long what the app shows is good, in seconds.
const TICKET_S: i64 = 60;
/// How often the code at a door changes, in seconds.
const DOOR_S: i64 = 30;
/// Letters and digits that nobody takes for another.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How long a code is that somebody reads out.
const LENGTH: usize = 6;
const TAG: usize = 16;
const BODY: usize = 16 + 8;

/// Makes the codes and knows them again.
#[derive(Clone)]
pub struct Codes(hmac::Key);

impl Codes {
    /// With this key.
    pub const fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    fn tag(&self, what: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(what.as_bytes());
        for part in parts {
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.iter_mut()
            .zip(context.sign().as_ref())
            .for_each(|(to, from)| *to = *from);
        tag
    }

    /// What the app shows as a QR, and until when that is good.
    pub fn ticket(&self, booking: BookingId, now: Timestamp) -> (String, Timestamp) {
        let until_s = now.micros().div_euclid(1_000_000) + TICKET_S;
        let (id, until) = (booking.uuid().into_bytes(), until_s.to_be_bytes());
        let tag = self.tag("ticket", &[&id, &until]);
        let bytes: Vec<u8> = id.into_iter().chain(until).chain(tag.into_iter().take(TAG)).collect();
        (
            URL_SAFE_NO_PAD.encode(bytes),
            Timestamp::from_micros(until_s * 1_000_000),
        )
    }

    /// The booking of a QR that was made here and is still good.
    pub fn read_ticket(&self, text: &str, now: Timestamp) -> Option<BookingId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, tag) = bytes.split_at_checked(BODY)?;
        let (id, until) = body.split_at_checked(16)?;
        let expected = self.tag("ticket", &[id, until]);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.get(..TAG)?, tag).ok()?;
        let until_s = i64::from_be_bytes(until.try_into().ok()?);
        (now.micros() < until_s.checked_mul(1_000_000)?).then_some(BookingId::from_uuid(Uuid::from_slice(id).ok()?))
    }

    /// The code of a booking, which somebody reads out at the desk.
    pub fn code(&self, booking: BookingId) -> String {
        let tag = self.tag("code", &[&booking.uuid().into_bytes()]);
        let letters = tag.iter().take(LENGTH);
        // 256 is no multiple of 30: the first letters come a little more often, which no guess gains from.
        letters
            .filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()))
            .map(|letter| char::from(*letter))
            .collect()
    }

    /// Whether somebody said this code; small letters are as good.
    pub fn is_code(&self, booking: BookingId, said: &str) -> bool {
        let said = said.trim().to_ascii_uppercase();
        aws_lc_rs::constant_time::verify_slices_are_equal(self.code(booking).as_bytes(), said.as_bytes()).is_ok()
    }

    /// The code that the screen at a resource shows now, and until when.
    pub fn door(&self, resource: ResourceId, now: Timestamp) -> (String, Timestamp) {
        let window = now.micros().div_euclid(DOOR_S * 1_000_000);
        (
            self.door_of(resource, window),
            Timestamp::from_micros((window + 1) * DOOR_S * 1_000_000),
        )
    }

    fn door_of(&self, resource: ResourceId, window: i64) -> String {
        let tag = self.tag("door", &[&resource.uuid().into_bytes(), &window.to_be_bytes()]);
        let number = tag
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// Whether this is the code of the door now, or was just before.
    pub fn is_door(&self, resource: ResourceId, said: &str, now: Timestamp) -> bool {
        let window = now.micros().div_euclid(DOOR_S * 1_000_000);
        [window, window - 1].into_iter().any(|window| {
            let code = self.door_of(resource, window);
            aws_lc_rs::constant_time::verify_slices_are_equal(code.as_bytes(), said.trim().as_bytes()).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_ticket_is_good_for_a_minute_and_every_change_of_it_is_refused() {
        let codes = Codes::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]));
        let id = BookingId::new();
        let (ticket, until) = codes.ticket(id, at(1_000));
        assert_eq!(until, at(1_060));
        assert_eq!(codes.read_ticket(&ticket, at(1_059)), Some(id));
        assert_eq!(codes.read_ticket(&ticket, at(1_060)), None);
        let bytes = URL_SAFE_NO_PAD.decode(&ticket).expect("base64");
        for at_byte in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at_byte] ^= 1;
            assert_eq!(codes.read_ticket(&URL_SAFE_NO_PAD.encode(changed), at(1_000)), None);
        }
        let other = Codes::new(hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]));
        assert_eq!(other.read_ticket(&ticket, at(1_000)), None);
    }

    #[test]
    fn the_code_at_a_door_changes_and_the_one_before_is_good_a_little_longer() {
        let codes = Codes::new(hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]));
        let (here, there) = (ResourceId::new(), ResourceId::new());
        let (code, until) = codes.door(here, at(95));
        assert_eq!(until, at(120));
        assert!(codes.is_door(here, &code, at(119)) && codes.is_door(here, &code, at(149)));
        assert!(!codes.is_door(here, &code, at(150)) && !codes.is_door(here, &code, at(89)));
        assert!(!codes.is_door(there, &code, at(95)));
        let id = BookingId::new();
        let said = codes.code(id);
        assert_eq!(said.len(), LENGTH);
        assert!(codes.is_code(id, &format!(" {} ", said.to_lowercase())));
        assert!(!codes.is_code(BookingId::new(), &said));
    }
}
