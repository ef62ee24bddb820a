//! Brings what an inbox got to the city's push service, which brings it to phones.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::catalogue::CATALOGUE;
use super::{Payload, key, store};
use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::jobs::{Claimed, Doing, Failure, Kind, Limits, NewJob, Next, Outcome};
use crate::language::Language;
use crate::live::{Entry, PersonId, read_before};
use crate::outgoing::Outgoing;
use crate::secret::Secret;

/// What is not urgent, and may have to wait for the morning.
pub(super) const KIND: &str = "push";
/// What is urgent waits behind nothing else.
const URGENT: &str = "push_urgent";
/// Over so many seconds what waits for the end of the same quiet is spread.
const SPREAD_S: u128 = 300;

/// Which entry of whose inbox.
#[derive(Debug, Serialize, Deserialize)]
struct Of {
    person: PersonId,
    number: i64,
}

/// The job that pushes an entry.
pub(super) fn job(person: Uuid, entry: &Entry) -> Result<NewJob> {
    let kind = match is_urgent(&entry.kind) {
        true => URGENT,
        false => KIND,
    };
    let (key, number) = (format!("{}{}", keys_of(person), entry.number), entry.number);
    let person = PersonId::from_uuid(person);
    Ok(NewJob::new(kind, &Of { person, number })?.keyed(key))
}

/// With this the keys of somebody's jobs begin.
pub(super) fn keys_of(person: Uuid) -> String {
    format!("{}/", PersonId::from_uuid(person))
}

fn is_urgent(kind: &str) -> bool {
    CATALOGUE.get(kind).is_some_and(|template| template.urgent)
}

/// The push service.
#[derive(Clone)]
pub struct PushService {
    /// Where it is.
    pub url: String,
    /// By which requests are signed.
    pub secret: Option<Secret>,
    /// By which it is asked.
    pub outgoing: Outgoing,
}

/// Pushes entries: those that are not urgent outside quiet hours, and none that was read in
/// the meantime. Where there is no service nothing is pushed.
#[derive(Clone)]
pub struct Push {
    name: &'static str,
    db: Db,
    calendar: Arc<Calendar>,
    service: Option<PushService>,
}

impl Push {
    /// To this service: the two kinds of job, of what is not urgent and of what is.
    pub fn both(db: Db, calendar: Arc<Calendar>, service: Option<PushService>) -> [Self; 2] {
        let one = |name| Self {
            name,
            db: db.clone(),
            calendar: Arc::clone(&calendar),
            service: service.clone(),
        };
        [one(KIND), one(URGENT)]
    }

    async fn push(&self, of: Of) -> Outcome {
        let Some(service) = &self.service else {
            return Ok(Next::Done);
        };
        let (person, number) = (of.person.uuid(), of.number);
        let (entry, settings) = self
            .db
            .read(move |conn| {
                let (entries, _) = read_before(conn, key(person), Some(number + 1), 1)?;
                Ok((entries.into_iter().next(), store::settings(conn, person)?))
            })
            .await?;
        let Some(entry) = entry.filter(|entry| entry.number == number && number > settings.read_to) else {
            return Ok(Next::Done);
        };
        let is_urgent = is_urgent(&entry.kind);
        let quiet_ends = settings
            .quiet
            .and_then(|quiet| quiet.ends(&self.calendar, clock::now().to_utc()));
        if let (false, Some(end)) = (is_urgent, quiet_ends) {
            // Not all that waited for the morning comes in the same second.
            let spread_s = i64::try_from(entry.id.uuid().as_u128() % SPREAD_S).unwrap_or_default();
            let at = end.timestamp_micros() + spread_s * 1_000_000;
            return Ok(Next::At(Timestamp::from_micros(at)));
        }
        let (id, body) = (entry.id.to_string(), message(person, &entry, is_urgent)?.to_string());
        let (url, secret) = (service.url.clone(), service.secret.as_ref());
        match service.outgoing.webhook(url, secret, &id, body).await {
            Ok(status) if (200..300).contains(&status) => Ok(Next::Done),
            Ok(status) => Err(Failure::again(format!("the push service answered {status}"))),
            Err(error) => Err(Failure::again(format!("the push service: {error}"))),
        }
    }
}

/// What is posted, as Standard Webhooks 1.0 has it.
fn message(person: Uuid, entry: &Entry, is_urgent: bool) -> Result<Value> {
    let payload: Payload = serde_json::from_str(&entry.payload).map_err(Error::internal)?;
    let text = |language| {
        let template = CATALOGUE.get(&entry.kind);
        template.map(|template| template.text(&payload, language))
    };
    let about = payload
        .about
        .as_ref()
        .map(|(kind, id)| json!({ "kind": kind, "id": id }));
    Ok(json!({
        "type": "inbox.entry",
        "timestamp": entry.at,
        "data": {
            "person_id": PersonId::from_uuid(person),
            "id": entry.id,
            "number": entry.number,
            "kind": entry.kind,
            "urgent": is_urgent,
            "text": { "zh-CN": text(Language::Zh), "en": text(Language::En) },
            "about": about,
        }
    }))
}

impl Kind for Push {
    fn name(&self) -> &'static str {
        self.name
    }

    fn limits(&self) -> Limits {
        Limits {
            at_once: 16,
            lease: Duration::from_secs(30),
            tries: 20,
        }
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        Box::pin(async move { self.push(job.payload()?).await })
    }
}
