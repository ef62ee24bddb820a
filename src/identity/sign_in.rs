//! Signing in, by either door, and what a person may do about their own account.

use std::sync::Arc;

use super::codes;
use super::codes::{Asker, Codes};
use super::model::{EndedBy, Method, Person, PersonId, Session, SessionId};
use super::people::{NewPerson, People};
use super::sender::{CodeSender, Message};
use super::sessions::{self, Grant, Sessions};
use super::tokens::{Signed, Tokens};
use super::wechat::WeChat;
use crate::db::{Db, Tx};
use crate::error::{Error, Reason, Result};
use crate::language::Language;
use crate::metrics;

/// Everything of this room that is opened once.
#[derive(Clone)]
pub struct Identity {
    /// The persons.
    pub people: People,
    /// The access tokens.
    pub tokens: Arc<Tokens>,
    codes: Arc<Codes>,
    sessions: Arc<Sessions>,
    sender: Option<CodeSender>,
    wechat: Option<WeChat>,
}

/// What a sign-in brings besides its proof.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// What the app calls the device.
    pub device_name: Option<String>,
    /// In which language a new person is written to.
    pub language: Language,
}

impl Identity {
    /// Of these parts; without a sender or WeChat that door stays shut.
    pub fn new(
        people: People,
        tokens: Arc<Tokens>,
        codes: Codes,
        sender: Option<CodeSender>,
        wechat: Option<WeChat>,
    ) -> Self {
        let sessions = Arc::new(Sessions::new(people.clone(), Arc::clone(&tokens)));
        Self {
            people,
            tokens,
            codes: Arc::new(codes),
            sessions,
            sender,
            wechat,
        }
    }

    /// Sends a code, unless there were enough.
    pub async fn send_code(&self, db: &Db, asker: Asker, language: Language) -> Result<()> {
        let sender = self.sender.as_ref().ok_or_else(|| Error::refused(Reason::NotSetUp))?;
        let (codes, from) = (Arc::clone(&self.codes), asker.clone());
        let asked = db.write(move |tx| codes.ask(tx, &from)).await;
        if matches!(&asked, Err(error) if error.reason() == Reason::NoMessagesLeft) {
            metrics::code("no_budget");
            metrics::sms_budget(0, true);
        }
        let asked = asked?;
        self.watch_budget(asked.spent);
        sender.send(Message {
            phone: asker.phone,
            code: asked.code,
            purpose: asker.purpose.name(),
            language,
            expires_in_s: codes::GOOD_S,
        });
        Ok(())
    }

    /// Says when most of the day's messages are spent, and when all are: somebody may
    /// be spending them who wants no code.
    fn watch_budget(&self, spent: i64) {
        let budget = self.codes.budget();
        let most = budget - budget / 5;
        metrics::sms_budget(budget - spent, spent >= most);
        if spent == budget {
            tracing::error!(budget, "the last text message of the day is sent");
        } else if spent == most {
            tracing::warn!(spent, budget, "four fifths of the day's text messages are spent");
        }
    }

    /// The person behind a phone, who is new where the number is; tied to this WeChat
    /// account, where one came along.
    pub async fn sign_in_by_code(
        &self,
        db: &Db,
        asker: Asker,
        code: String,
        js_code: Option<String>,
        newcomer: Newcomer,
    ) -> Result<Grant> {
        let openid = match js_code {
            Some(js_code) => Some(self.openid(&js_code).await?),
            None => None,
        };
        let this = self.clone();
        let granted = db.write(move |tx| {
            if !this.codes.attempt(tx, &asker, &code)? {
                return Ok(None);
            }
            let person = this.known_or_new(tx, &asker, newcomer.language)?;
            if let Some(openid) = &openid {
                this.people.tie_wechat(tx, person, openid)?;
            }
            let device = newcomer.device_name.as_deref();
            this.sessions.open(tx, person, Method::Code, device).map(Some)
        });
        let granted = granted.await?;
        metrics::sign_in("code", if granted.is_some() { "granted" } else { "refused" });
        granted.ok_or_else(|| Error::refused(Reason::WrongCode))
    }

    fn known_or_new(&self, tx: &mut Tx<'_>, asker: &Asker, language: Language) -> Result<PersonId> {
        match self.people.find_by_phone(tx, &asker.phone)? {
            Some(person) => Ok(person),
            None => {
                let new = NewPerson {
                    phone: &asker.phone,
                    name: None,
                    language,
                };
                self.people.create(tx, &new)
            }
        }
    }

    /// Whether this is the code; a wrong one is counted, so the transaction must be
    /// committed either way.
    pub(super) fn try_code(&self, tx: &mut Tx<'_>, asker: &Asker, code: &str) -> Result<bool> {
        self.codes.attempt(tx, asker, code)
    }

    /// The person behind a phone whose code somebody said, who is new where the number is;
    /// none where it is wrong, which is counted, so the transaction must be committed either way.
    pub(super) fn person_by_code(
        &self,
        tx: &mut Tx<'_>,
        asker: &Asker,
        code: &str,
        language: Language,
    ) -> Result<Option<PersonId>> {
        match self.try_code(tx, asker, code)? {
            true => self.known_or_new(tx, asker, language).map(Some),
            false => Ok(None),
        }
    }

    /// The person to whom this WeChat account is tied.
    pub async fn sign_in_by_wechat(&self, db: &Db, js_code: &str, newcomer: Newcomer) -> Result<Grant> {
        let openid = self.openid(js_code).await?;
        let this = self.clone();
        let granted = db.write(move |tx| {
            let person = this.people.find_by_wechat(tx, &openid)?;
            let person = person.ok_or_else(|| Error::refused(Reason::PhoneNeeded))?;
            let device = newcomer.device_name.as_deref();
            this.sessions.open(tx, person, Method::WeChat, device)
        });
        let granted = granted.await;
        metrics::sign_in("wechat", if granted.is_ok() { "granted" } else { "refused" });
        granted
    }

    async fn openid(&self, js_code: &str) -> Result<String> {
        let wechat = self.wechat.as_ref().ok_or_else(|| Error::refused(Reason::NotSetUp))?;
        wechat.openid(js_code).await
    }

    /// New tokens for a refresh token.
    pub async fn renew(&self, db: &Db, refresh_token: String) -> Result<Grant> {
        let sessions = Arc::clone(&self.sessions);
        let renewed = db.write(move |tx| sessions.renew(tx, &refresh_token)).await?;
        metrics::sign_in("refresh", if renewed.is_some() { "granted" } else { "refused" });
        renewed.ok_or_else(sessions::not_renewed)
    }

    /// Ends the session of the caller.
    pub async fn sign_out(&self, db: &Db, signed: Signed) -> Result<()> {
        self.end(db, signed.person, signed.session, EndedBy::Logout)
            .await
            .map(|_| ())
    }

    /// Ends one of the caller's sessions; false where they have none of this id.
    pub async fn end_session(&self, db: &Db, signed: Signed, session: SessionId) -> Result<bool> {
        let by = if session == signed.session {
            EndedBy::Logout
        } else {
            EndedBy::Another
        };
        self.end(db, signed.person, session, by).await
    }

    async fn end(&self, db: &Db, person: PersonId, session: SessionId, by: EndedBy) -> Result<bool> {
        let sessions = Arc::clone(&self.sessions);
        db.write(move |tx| sessions.end(tx, person, session, by)).await
    }

    /// Ends all sessions of the caller but this one.
    pub async fn end_other_sessions(&self, db: &Db, signed: Signed) -> Result<()> {
        let sessions = Arc::clone(&self.sessions);
        let keep = Some(signed.session);
        db.write(move |tx| sessions.end_all(tx, signed.person, keep, EndedBy::Another))
            .await
    }

    /// The sessions of the caller that go on.
    pub async fn sessions(&self, db: &Db, person: PersonId) -> Result<Vec<Session>> {
        let sessions = Arc::clone(&self.sessions);
        db.read(move |conn| sessions.list(conn, person)).await
    }

    /// The caller's own account.
    pub async fn account(&self, db: &Db, person: PersonId) -> Result<Person> {
        let people = self.people.clone();
        let found = db.read(move |conn| people.load(conn, person)).await?;
        found.ok_or_else(|| Error::refused(Reason::NotFound))
    }
}
