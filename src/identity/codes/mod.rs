//! Codes to sign in by: six digits sent to a phone, tried a few times, soon stale.
//!
//! What is counted stands in the database, in the transaction that it decides, so
//! that no instance and no lost store lets more through. Nothing here looks at
//! persons: whether a number is known changes neither the answer nor its time.

mod store;

use aws_lc_rs::hmac;
use chrono_tz::Tz;
use uuid::Uuid;

use super::model::PersonId;
use super::people::People;
use super::phone::Phone;
use super::tally::{self, Today};
use crate::db::Tx;
use crate::error::{Error, Reason, Result};

pub(in crate::identity) use store::{forget_stale, remove as forget};

/// How long a code is good, in seconds.
pub const GOOD_S: i64 = 300;
/// After how many seconds another may be asked for.
pub const RESEND_S: i64 = 60;
/// How often one code may be tried.
const TRIES: i64 = 5;
/// Codes that a phone gets in a day.
const CODES_A_PHONE: i64 = 10;
/// Wrong codes that may be tried for a phone in a day, from wherever.
const WRONG_A_PHONE: i64 = 10;
/// Codes that one device may ask for in a day, for whatever phones.
const CODES_A_DEVICE: i64 = 20;
/// Codes to others' phones that one person may ask for in a day.
const CODES_AN_AGENT: i64 = 5;
/// Wrong codes that one device may try in a day.
const WRONG_A_DEVICE: i64 = 30;

/// What a code is good for: one of another purpose is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To agree to a delegation, by its id; and who asks to act.
    Delegation(Uuid, PersonId),
    /// To be the phone of this person from now on.
    Phone(PersonId),
}

impl Purpose {
    /// Its name in what is sent to the message service.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Delegation(..) => "delegation",
            Self::Phone(_) => "phone",
        }
    }

    /// What keeps its codes apart from others; none for signing in.
    fn subject(self) -> Option<Uuid> {
        match self {
            Self::SignIn => None,
            Self::Delegation(id, _) => Some(id),
            Self::Phone(person) => Some(person.uuid()),
        }
    }

    /// Who else may ask for so many a day, since others' phones get them.
    fn asking(self) -> Option<PersonId> {
        match self {
            Self::Delegation(_, agent) => Some(agent),
            Self::SignIn | Self::Phone(_) => None,
        }
    }
}

/// Whom a code is counted against that goes to another's phone.
fn agent_of(from: &Asker) -> Option<Vec<u8>> {
    let agent = from.purpose.asking()?;
    Some(agent.uuid().as_bytes().to_vec())
}

/// Who asks for a code or tries one.
#[derive(Debug, Clone)]
pub struct Asker {
    /// For what.
    pub purpose: Purpose,
    /// For which phone.
    pub phone: Phone,
    /// What the app calls itself, where it says so.
    pub device: Option<String>,
    /// From which address.
    pub address: String,
}

/// A code that may be sent.
pub struct Asked {
    /// The six digits.
    pub code: String,
    /// How many messages are spent today, this one included.
    pub spent: i64,
}

/// Hands out codes and tries them.
pub struct Codes {
    people: People,
    key: hmac::Key,
    per_address: i64,
    budget: i64,
    zone: Tz,
}

/// What is counted, by day and subject.
mod what {
    pub const CODE_PHONE: &str = "code_phone";
    pub const CODE_DEVICE: &str = "code_device";
    pub const CODE_ADDRESS: &str = "code_address";
    pub const WRONG_PHONE: &str = "wrong_phone";
    pub const WRONG_DEVICE: &str = "wrong_device";
    pub const WRONG_ADDRESS: &str = "wrong_address";
    pub const CODE_AGENT: &str = "code_agent";
    pub const MESSAGES: &str = "messages";
}

impl Codes {
    /// With these limits a day: codes and wrong tries an address, messages in all.
    pub fn new(people: People, per_address: u32, budget: u32, zone: Tz) -> Self {
        Self {
            key: people.keyring().derived("sign-in codes"),
            people,
            per_address: per_address.into(),
            budget: budget.into(),
            zone,
        }
    }

    /// The messages that may be sent in a day.
    pub const fn budget(&self) -> i64 {
        self.budget
    }

    /// A new code for a phone; the one before is good no more. Refused where the phone,
    /// the device, the address or the city has had enough; then nothing is counted.
    pub fn ask(&self, tx: &mut Tx<'_>, from: &Asker) -> Result<Asked> {
        let today = Today::in_zone(self.zone);
        let phone = self.people.phone_hash(&from.phone);
        lock(tx, &phone, &today)?;
        let kept_as = self.kept_as(from, &phone);
        let before = store::load(tx, &kept_as)?;
        let since_s = before.map(|code| (today.now.micros() - code.sent_at.micros()).div_euclid(1_000_000));
        if let Some(since_s) = since_s.filter(|since_s| (0..RESEND_S).contains(since_s)) {
            let wait_s = u64::try_from(RESEND_S - since_s).unwrap_or(1);
            return Err(Error::refused(Reason::TooManyRequests).retry_after(wait_s));
        }
        let counts = [
            (what::CODE_PHONE, Some(phone.clone()), CODES_A_PHONE),
            (what::CODE_DEVICE, self.device(from), CODES_A_DEVICE),
            (what::CODE_ADDRESS, Some(self.address(from)), self.per_address),
            (what::CODE_AGENT, agent_of(from), CODES_AN_AGENT),
        ];
        for (what, subject, most) in counts {
            let Some(subject) = subject else { continue };
            if tally::add(tx, what, &subject, &today, 1)? > most {
                return Err(today.had_enough());
            }
        }
        // The one row that all share comes last, so that nobody holds it for long.
        let spent = tally::add(tx, what::MESSAGES, &[], &today, 1)?;
        if spent > self.budget {
            return Err(Error::refused(Reason::NoMessagesLeft).retry_after(today.left_s));
        }
        let code = six_digits()?;
        store::replace(tx, &kept_as, self.hash(&kept_as, &code).as_ref(), today.now, GOOD_S)?;
        Ok(Asked { code, spent })
    }

    /// Whether this is the code. A right one is used up; a wrong one is counted, so the
    /// transaction must be committed either way. Refused where enough wrong ones were
    /// tried today, be this the right one or not.
    pub fn attempt(&self, tx: &mut Tx<'_>, from: &Asker, code: &str) -> Result<bool> {
        let today = Today::in_zone(self.zone);
        let phone = self.people.phone_hash(&from.phone);
        lock(tx, &phone, &today)?;
        let counts = [
            (what::WRONG_PHONE, Some(phone.clone()), WRONG_A_PHONE),
            (what::WRONG_DEVICE, self.device(from), WRONG_A_DEVICE),
            (what::WRONG_ADDRESS, Some(self.address(from)), self.per_address),
        ];
        for (what, subject, most) in &counts {
            let Some(subject) = subject else { continue };
            if tally::add(tx, what, subject, &today, 0)? >= *most {
                return Err(today.had_enough());
            }
        }
        let kept_as = self.kept_as(from, &phone);
        let kept = store::load(tx, &kept_as)?;
        let is_right = kept.is_some_and(|kept| {
            let is_live = today.now < kept.expires_at && kept.tries < TRIES;
            hmac::verify(&self.key, &said(&kept_as, code), &kept.code_hash).is_ok() && is_live
        });
        if is_right {
            store::remove(tx, &kept_as)?;
            return Ok(true);
        }
        store::count_try(tx, &kept_as)?;
        for (what, subject, _) in &counts {
            if let Some(subject) = subject {
                tally::add(tx, what, subject, &today, 1)?;
            }
        }
        Ok(false)
    }

    fn hash(&self, kept_as: &[u8], code: &str) -> hmac::Tag {
        hmac::sign(&self.key, &said(kept_as, code))
    }

    /// Under which a code is kept: each purpose has its own.
    fn kept_as(&self, from: &Asker, phone: &[u8]) -> Vec<u8> {
        match from.purpose.subject() {
            None => phone.to_vec(),
            Some(subject) => {
                let purpose = format!("code to {} {subject}", from.purpose.name());
                self.people.keyring().lookup(&purpose, from.phone.reveal())
            }
        }
    }

    fn device(&self, from: &Asker) -> Option<Vec<u8>> {
        let device = from.device.as_deref()?;
        Some(self.people.keyring().lookup("device", device))
    }

    fn address(&self, from: &Asker) -> Vec<u8> {
        self.people.keyring().lookup("address", &from.address)
    }
}

/// Whoever asks for or tries a code of one phone does so one after another.
fn lock(tx: &mut Tx<'_>, phone: &[u8], today: &Today) -> Result<()> {
    tally::add(tx, what::WRONG_PHONE, phone, today, 0).map(|_| ())
}

/// What is hashed of a code: with its phone and purpose, so that it is no other's.
fn said(kept_as: &[u8], code: &str) -> Vec<u8> {
    [kept_as, code.as_bytes()].concat()
}

/// Each of the million codes is as likely as any other.
fn six_digits() -> Result<String> {
    /// The largest multiple of a million that 32 bits hold.
    const FAIR: u32 = 4_294_000_000;
    loop {
        let mut bytes = [0; 4];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("the system gives no random bits"))?;
        let number = u32::from_be_bytes(bytes);
        if number < FAIR {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}
