//! Persons for the other rooms: found, made, shown.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::hmac;

use super::model::{Person, PersonId, PersonRef};
use super::phone::Phone;
use super::seal::{Keyring, PersonKey};
use super::store::{self, KeyRow, PersonRow};
use super::{codes, desk, tally};
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::language::Language;

/// A person to be made.
pub struct NewPerson<'a> {
    /// The number that they will sign in with.
    pub phone: &'a Phone,
    /// What they are called, where it is known.
    pub name: Option<&'a str>,
    /// The language in which they are written to.
    pub language: Language,
}

/// A person without a phone to be made.
pub(super) struct NewGuest<'a> {
    /// What they are called.
    pub name: &'a str,
    /// The year in which they were born.
    pub birth_year: i32,
    /// The language in which they are written to.
    pub language: Language,
}

/// What a person changes of themselves.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// The year in which they were born.
    pub birth_year: Option<i32>,
    /// What they are called.
    pub name: Option<String>,
    /// The language in which they are written to.
    pub language: Option<Language>,
}

/// Makes others who decide about a person wait until the transaction ends, also where
/// nothing stands about them yet. Who was erased is not there. Who locks several locks them in the order of their ids.
pub fn lock_person(tx: &mut Tx<'_>, id: PersonId) -> Result<()> {
    store::lock(tx, id)?
        .map(drop)
        .ok_or_else(|| Error::refused(Reason::NotFound))
}

/// Those of these persons who have an account, and were not erased.
///
/// # Errors
/// Where the database fails.
pub fn present(conn: &mut Conn, ids: &[PersonId]) -> Result<Vec<PersonId>> {
    store::with_key(conn, ids)
}

/// All persons. Clones share the keys.
#[derive(Clone)]
pub struct People {
    keyring: Arc<Keyring>,
}

impl People {
    /// Whose fields are sealed with these keys.
    pub const fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring }
    }

    /// The keys.
    pub(super) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Whose number this is.
    pub fn find_by_phone(&self, conn: &mut Conn, phone: &Phone) -> Result<Option<PersonId>> {
        store::find_by_phone(conn, &self.phone_hash(phone))
    }

    /// The keyed hash by which a number is found.
    pub(super) fn phone_hash(&self, phone: &Phone) -> Vec<u8> {
        self.keyring.lookup("phone", phone.reveal())
    }

    /// The keyed hash of a secret that another room keeps; those of one purpose are apart
    /// from those of others.
    pub fn keyed_hash(&self, purpose: &str, secret: &str) -> Vec<u8> {
        self.keyring.lookup(purpose, secret)
    }

    /// The keyed hash by which a WeChat account is found.
    pub(super) fn wechat_hash(&self, openid: &str) -> Vec<u8> {
        self.keyring.lookup("wechat", openid)
    }

    /// What others are shown of these persons; of those that are not there, nothing.
    pub fn load_people(&self, conn: &mut Conn, ids: &[PersonId]) -> Result<HashMap<PersonId, PersonRef>> {
        let rows = store::load_people(conn, ids)?;
        let people = rows.into_iter().map(|(row, key)| {
            let person = self.opened(row, key)?;
            let shown = PersonRef {
                id: person.id,
                name: person.name,
                phone: person.phone.map(|phone| phone.masked()),
            };
            Ok((shown.id, shown))
        });
        people.collect()
    }

    /// In which years these persons were born, as far as they say so.
    pub fn birth_years(&self, conn: &mut Conn, ids: &[PersonId]) -> Result<HashMap<PersonId, i32>> {
        let mut found = HashMap::new();
        for (row, key) in store::load_people(conn, ids)? {
            let person = self.opened(row, key)?;
            found.extend(person.birth_year.map(|year| (person.id, year)));
        }
        Ok(found)
    }

    /// A person, whole: for themselves.
    pub fn load(&self, conn: &mut Conn, id: PersonId) -> Result<Option<Person>> {
        let row = store::load_people(conn, &[id])?.pop();
        row.map(|(row, key)| self.opened(row, key)).transpose()
    }

    /// A person's whole number. Whoever asks for it writes why into the audit.
    pub fn reveal_phone(&self, conn: &mut Conn, id: PersonId) -> Result<Option<Phone>> {
        Ok(self.load(conn, id)?.and_then(|person| person.phone))
    }

    /// Makes a person. A number that somebody has already is refused by the table.
    pub fn create(&self, tx: &mut Tx<'_>, new: &NewPerson<'_>) -> Result<PersonId> {
        let (id, now) = (PersonId::new(), clock::now());
        let (key, wrapped) = self.keyring.new_person_key(id)?;
        let row = PersonRow {
            id,
            name: new.name.map(|name| key.seal("name", name)).transpose()?,
            phone: Some(key.seal("phone", new.phone.reveal())?),
            phone_hash: Some(self.phone_hash(new.phone)),
            wechat: None,
            wechat_hash: None,
            language: new.language.name().to_owned(),
            created_at: now,
            updated_at: now,
            version: 1,
            erased_at: None,
            birth_year: None,
            card: None,
            card_hash: None,
        };
        store::insert_person(tx, &row, &wrapped)?;
        Ok(id)
    }

    /// Makes a person who has no phone, with a household card.
    pub(super) fn create_guest(&self, tx: &mut Tx<'_>, new: &NewGuest<'_>) -> Result<PersonId> {
        let (id, now) = (PersonId::new(), clock::now());
        let (key, wrapped) = self.keyring.new_person_key(id)?;
        let card = desk::new_card()?;
        let row = PersonRow {
            id,
            name: Some(key.seal("name", new.name)?),
            phone: None,
            phone_hash: None,
            wechat: None,
            wechat_hash: None,
            language: new.language.name().to_owned(),
            created_at: now,
            updated_at: now,
            version: 1,
            erased_at: None,
            birth_year: Some(key.seal("birth_year", &new.birth_year.to_string())?),
            card: Some(key.seal("card", &card)?),
            card_hash: Some(self.keyring.lookup("card", &card)),
        };
        store::insert_person(tx, &row, &wrapped)?;
        Ok(id)
    }

    /// Whose household card this is.
    pub(super) fn find_by_card(&self, conn: &mut Conn, number: &str) -> Result<Option<PersonId>> {
        store::find_by_card(conn, &self.keyring.lookup("card", number))
    }

    /// Gives a person who has none a phone that is nobody else's.
    pub(super) fn give_phone(&self, tx: &mut Tx<'_>, id: PersonId, phone: &Phone) -> Result<()> {
        lock_person(tx, id)?;
        let known = self.load(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        if known.phone.is_some() {
            return Err(Error::because(
                Reason::StateConflict,
                "此人已有手机号。",
                "This person has a phone number already.",
            ));
        }
        let sealed = self.key(tx, id)?.seal("phone", phone.reveal())?;
        let given = store::set_phone(tx, id, sealed, self.phone_hash(phone), clock::now());
        given.map(drop).map_err(Error::taken(
            "该手机号已是其他账户的，请用该账户办理。",
            "This number is another account's; use that one.",
        ))
    }

    /// To whom this WeChat account is tied.
    pub(super) fn find_by_wechat(&self, conn: &mut Conn, openid: &str) -> Result<Option<PersonId>> {
        store::find_by_wechat(conn, &self.wechat_hash(openid))
    }

    /// Ties a WeChat account to a person, instead of the one before. It stays with
    /// whom it is tied to already.
    pub(super) fn tie_wechat(&self, tx: &mut Tx<'_>, id: PersonId, openid: &str) -> Result<()> {
        match self.find_by_wechat(tx, openid)? {
            Some(known) if known == id => Ok(()),
            Some(_) => Err(Error::because(
                Reason::AlreadyExists,
                "该微信号已绑定其他手机号，请先在原账号中解绑。",
                "This WeChat account is tied to another phone number; untie it there first.",
            )),
            None => {
                let sealed = self.key(tx, id)?.seal("wechat", openid)?;
                store::set_wechat(tx, id, Some((sealed, self.wechat_hash(openid))), clock::now())
            }
        }
    }

    /// Unties whatever WeChat account a person has.
    pub fn untie_wechat(&self, tx: &mut Tx<'_>, id: PersonId) -> Result<()> {
        store::set_wechat(tx, id, None, clock::now())
    }

    /// Changes what a person says of themselves, if it is still the version that
    /// `allows` takes.
    pub fn change(
        &self,
        tx: &mut Tx<'_>,
        id: PersonId,
        change: &PersonChange,
        allows: impl FnOnce(i64) -> Result<()>,
    ) -> Result<Person> {
        let version = store::lock(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        allows(version)?;
        let key = self.key(tx, id)?;
        let name = change.name.as_deref().map(|name| key.seal("name", name)).transpose()?;
        let language = change.language.map(Language::name);
        store::change(tx, id, name, language, clock::now())?;
        if let Some(birth_year) = change.birth_year {
            let sealed = key.seal("birth_year", &birth_year.to_string())?;
            store::set_birth_year(tx, id, sealed)?;
        }
        self.load(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))
    }

    /// A key of its own for one purpose of another room.
    pub fn derived_key(&self, purpose: &str) -> hmac::Key {
        self.keyring.derived(purpose)
    }

    /// Seals a text with a person's key, for a column of another room; it opens for that
    /// person and that column only, and never again once they are erased.
    pub fn seal(&self, conn: &mut Conn, id: PersonId, column: &str, text: &str) -> Result<Vec<u8>> {
        self.key(conn, id)?.seal(column, text)
    }

    /// Opens what was sealed so.
    pub fn unseal(&self, conn: &mut Conn, id: PersonId, column: &str, sealed: &[u8]) -> Result<String> {
        self.key(conn, id)?.open(column, sealed)
    }

    /// Takes from a person all that leads to them, and destroys their key: what was sealed
    /// with it, wherever a copy of it is, opens never again. The number is free for a new
    /// account; what is known of it by its hash is forgotten too.
    pub(super) fn erase(&self, tx: &mut Tx<'_>, id: PersonId) -> Result<()> {
        if let Some(phone) = self.load(tx, id)?.and_then(|person| person.phone) {
            let hash = self.phone_hash(&phone);
            codes::forget(tx, &hash)?;
            tally::forget(tx, &hash)?;
        }
        tally::forget(tx, id.uuid().as_bytes())?;
        store::erase(tx, id, clock::now())
    }

    /// A person's key; who was erased has none and is not there.
    pub(super) fn key(&self, conn: &mut Conn, id: PersonId) -> Result<PersonKey> {
        let key = store::load_key(conn, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        self.keyring.open(id, &key.wrapped())
    }

    fn opened(&self, row: PersonRow, key: Option<KeyRow>) -> Result<Person> {
        let key = key.map(|key| self.keyring.open(row.id, &key.wrapped())).transpose()?;
        let open = |column: &str, sealed: Option<Vec<u8>>| match (&key, sealed) {
            (Some(key), Some(sealed)) => key.open(column, &sealed).map(Some),
            // Without its key what is sealed is erased.
            _ => Ok(None),
        };
        let birth_year = open("birth_year", row.birth_year)?.map(|text| text.parse()).transpose();
        let phone = open("phone", row.phone)?;
        let phone = phone.map(|text| text.parse()).transpose();
        Ok(Person {
            id: row.id,
            name: open("name", row.name)?,
            phone: phone.map_err(|_| Error::internal("a person's phone number is none"))?,
            has_wechat: row.wechat_hash.is_some(),
            birth_year: birth_year.map_err(|_| Error::internal("a person's year of birth is none"))?,
            card: open("card", row.card)?,
            language: Language::from_name(&row.language)
                .ok_or_else(|| Error::internal("the table has a person with an unknown language"))?,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}
