//! Personal fields at rest: each person has a key of their own, wrapped under the
//! master key; phones and WeChat ids are found by a keyed hash.
//!
//! A sealed field is `version ‖ nonce ‖ ciphertext ‖ tag` (AES-256-GCM) with the
//! person and the column as associated data, so that it opens nowhere else. A
//! person's key seals a few fields a few times and the master key as many keys as
//! there are persons, both far below the 2^32 messages that random nonces of 96
//! bits allow (NIST SP 800-38D, 8.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;

use super::model::PersonId;
use crate::error::{Error, Result};
use crate::secret::SecretKey;

/// The form in which fields are sealed now.
const VERSION: u8 = 1;

/// A master key with the name by which rows say which one they need.
struct Master {
    name: String,
    key: SecretKey,
}

impl Master {
    fn new(key: SecretKey) -> Self {
        let mark = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, key.reveal()),
            b"the name of a master key",
        );
        let name = mark.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { name, key }
    }
}

/// The keys that the configuration gives: the master key, the one before it while
/// rows still need it, and the key of look-ups.
pub struct Keyring {
    master: Master,
    previous: Option<Master>,
    lookup: hmac::Key,
}

/// A person's key as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The name of the master key under which it is wrapped.
    pub master: String,
    /// The key, sealed.
    pub bytes: Vec<u8>,
}

/// A person's key, open.
pub struct PersonKey {
    person: PersonId,
    key: SecretKey,
}

impl Keyring {
    /// Of these keys.
    pub fn new(master: SecretKey, previous: Option<SecretKey>, lookup: &SecretKey) -> Self {
        Self {
            master: Master::new(master),
            previous: previous.map(Master::new),
            lookup: hmac::Key::new(hmac::HMAC_SHA256, lookup.reveal()),
        }
    }

    /// A new key for a person, open and wrapped.
    pub fn new_person_key(&self, person: PersonId) -> Result<(PersonKey, Wrapped)> {
        let key = SecretKey::random().map_err(Error::internal)?;
        let wrapped = self.wrap(person, &key)?;
        Ok((PersonKey { person, key }, wrapped))
    }

    /// A person's key, opened.
    pub fn open(&self, person: PersonId, wrapped: &Wrapped) -> Result<PersonKey> {
        let masters = [Some(&self.master), self.previous.as_ref()];
        let master = masters
            .into_iter()
            .flatten()
            .find(|master| master.name == wrapped.master);
        let master =
            master.ok_or_else(|| Error::internal("a person's key is wrapped under a master key that is not set"))?;
        let bytes = open(&master.key, &aad(person, "key"), &wrapped.bytes)?;
        let key = bytes
            .try_into()
            .map_err(|_| Error::internal("a person's key has the wrong length"))?;
        Ok(PersonKey {
            person,
            key: SecretKey::new(key),
        })
    }

    /// The same key wrapped under the master key of now; none where it is already.
    pub fn rewrap(&self, person: PersonId, wrapped: &Wrapped) -> Result<Option<Wrapped>> {
        if wrapped.master == self.master.name {
            return Ok(None);
        }
        let PersonKey { key, .. } = self.open(person, wrapped)?;
        self.wrap(person, &key).map(Some)
    }

    fn wrap(&self, person: PersonId, key: &SecretKey) -> Result<Wrapped> {
        Ok(Wrapped {
            master: self.master.name.clone(),
            bytes: seal(&self.master.key, &aad(person, "key"), key.reveal())?,
        })
    }

    /// The names of the master keys that can be opened with, the one of now first.
    pub fn masters(&self) -> Vec<String> {
        let previous = self.previous.as_ref().map(|master| master.name.clone());
        std::iter::once(self.master.name.clone()).chain(previous).collect()
    }

    /// The keyed hash by which a value of this kind is found.
    pub fn lookup(&self, kind: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.lookup);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }

    /// A key of its own for one purpose, made of the key of look-ups.
    pub fn derived(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.lookup("derived key", purpose))
    }
}

impl PersonKey {
    /// Seals the text of a column.
    pub fn seal(&self, column: &str, text: &str) -> Result<Vec<u8>> {
        seal(&self.key, &aad(self.person, column), text.as_bytes())
    }

    /// Opens what was sealed for this column of this person.
    pub fn open(&self, column: &str, sealed: &[u8]) -> Result<String> {
        let bytes = open(&self.key, &aad(self.person, column), sealed)?;
        String::from_utf8(bytes).map_err(|_| Error::internal("a sealed field is no text"))
    }
}

fn aad(person: PersonId, column: &str) -> Vec<u8> {
    [person.uuid().as_bytes().as_slice(), column.as_bytes()].concat()
}

fn cipher(key: &SecretKey) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, key.reveal()).map_err(|_| Error::internal("a key of the wrong length"))?;
    Ok(LessSafeKey::new(key))
}

fn seal(key: &SecretKey, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    aws_lc_rs::rand::fill(&mut nonce).map_err(|_| Error::internal("the system gives no random bits"))?;
    let mut sealed = plain.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .map_err(|_| Error::internal("a field could not be sealed"))?;
    Ok([&[VERSION], nonce.as_slice(), sealed.as_slice()].concat())
}

fn open(key: &SecretKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let wrong = || Error::internal("a sealed field does not open: it was moved, changed, or its key is another");
    let (version, rest) = sealed.split_first().ok_or_else(wrong)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
    if *version != VERSION {
        return Err(wrong());
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
    let mut bytes = sealed.to_vec();
    let plain = cipher(key)?
        .open_in_place(nonce, Aad::from(aad), &mut bytes)
        .map_err(|_| wrong())?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::new([byte; 32])
    }

    #[test]
    fn a_field_opens_only_for_its_person_and_its_column() {
        let keyring = Keyring::new(key(1), None, &key(2));
        let (mei, li) = (PersonId::new(), PersonId::new());
        let (own, wrapped) = keyring.new_person_key(mei).expect("a key");
        let sealed = own.seal("phone", "+8613800138000").expect("sealed");
        assert!(!sealed.windows(5).any(|part| part == b"13800"));
        assert_ne!(
            sealed,
            own.seal("phone", "+8613800138000").expect("again"),
            "no two are alike"
        );
        let opened = keyring.open(mei, &wrapped).expect("the key opens");
        assert_eq!(opened.open("phone", &sealed).expect("opens"), "+8613800138000");
        assert!(opened.open("name", &sealed).is_err(), "in another column");
        assert!(keyring.open(li, &wrapped).is_err(), "for another person");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(opened.open("phone", &changed).is_err(), "byte {at} changed");
            assert!(opened.open("phone", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_rotated_master_key_opens_what_the_one_before_sealed_until_it_is_gone() {
        let mei = PersonId::new();
        let (own, old) = Keyring::new(key(1), None, &key(2)).new_person_key(mei).expect("a key");
        let sealed = own.seal("name", "王梅").expect("sealed");
        let both = Keyring::new(key(3), Some(key(1)), &key(2));
        assert_eq!(
            both.open(mei, &old)
                .expect("opens")
                .open("name", &sealed)
                .expect("text"),
            "王梅"
        );
        let new = both.rewrap(mei, &old).expect("rewrapped").expect("under another");
        assert_eq!(both.rewrap(mei, &new).expect("looked at"), None);
        let only_new = Keyring::new(key(3), None, &key(2));
        assert!(only_new.open(mei, &old).is_err());
        assert_eq!(
            only_new
                .open(mei, &new)
                .expect("opens")
                .open("name", &sealed)
                .expect("text"),
            "王梅"
        );
    }

    #[test]
    fn a_look_up_hangs_on_its_key_its_kind_and_its_value() {
        let keyring = Keyring::new(key(1), None, &key(2));
        let hash = keyring.lookup("phone", "+8613800138000");
        assert_eq!(
            hash,
            Keyring::new(key(9), None, &key(2)).lookup("phone", "+8613800138000")
        );
        assert_ne!(
            hash,
            Keyring::new(key(1), None, &key(3)).lookup("phone", "+8613800138000")
        );
        assert_ne!(hash, keyring.lookup("wechat", "+8613800138000"));
        assert_ne!(hash, keyring.lookup("phone", "+8613800138001"));
    }
}
