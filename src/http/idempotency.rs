//! The same POST twice has one effect: `Idempotency-Key`.
//!
//! The answer is stored in the transaction of the effect, for 24 hours, under
//! the caller, the route and the key. Of an answer that shows a person only the id of
//! what was made is stored, and it is shown anew.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use aws_lc_rs::hmac;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Http;
use super::body::hex;
use super::caller::text_header;
use super::entity::{Entity, Version};
use crate::clock::{self, Timestamp};
use crate::db::repeats::{KEPT_MICROS, Repeat};
use crate::db::schema::idempotency as table;
use crate::db::{Conn, Id, Named, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Actor;
use crate::holdings::{Cutoff, Erased, Holder, Holding, Kept};

/// The `Idempotency-Key` of a request, if it has one, and its route.
pub struct Once {
    digest_key: hmac::Key,
    key: Option<String>,
    route: String,
    query: String,
}

impl FromRequest for Once {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_request(request))
    }
}

fn of_request(request: &HttpRequest) -> Result<Once> {
    let key = text_header(request, "idempotency-key")?.map(|text| text.trim().trim_matches('"'));
    if key.is_some_and(|key| key.is_empty() || key.len() > 255) {
        return Err(Error::field(FieldError::header(
            "Idempotency-Key",
            "format",
            "应为 1 到 255 个字符。",
            "It takes 1 to 255 characters.",
        )));
    }
    let http = request
        .app_data::<web::Data<Http>>()
        .ok_or_else(|| Error::internal("the HTTP context is missing"))?;
    Ok(Once {
        digest_key: http.digest_key.clone(),
        key: key.map(str::to_owned),
        route: format!("{} {}", request.method(), request.path()),
        query: request.query_string().to_owned(),
    })
}

/// An answer that can be stored and given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Stored {
    /// 201 with the thing made, its address, and the tag that a GET of it gives.
    pub fn created<T: Serialize>(value: T, version: Version, location: String) -> Result<Self> {
        let made = Entity { value, version };
        Ok(Self {
            status: StatusCode::CREATED.as_u16(),
            headers: vec![("location".into(), location), ("etag".into(), made.tag())],
            body: serde_json::to_string(&made.value).map_err(Error::internal)?,
        })
    }

    /// As a response.
    pub fn answer(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/json"));
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.insert_header((name, value));
            }
        }
        response.body(self.body)
    }
}

impl Once {
    /// Runs the effect unless it was done under this key before; then the stored
    /// answer comes again. `digest` is that of the body.
    pub fn run(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        digest: &str,
        effect: impl FnOnce(&mut Tx<'_>) -> Result<Stored>,
    ) -> Result<Stored> {
        let Some(key) = &self.key else {
            return effect(tx);
        };
        let digest = &self.whole(digest);
        let now = clock::now();
        take_turn(tx, &format!("{}\n{}\n{key}", actor.name, self.route))?;
        if let Some(answer) = self.before(tx, actor, key, digest, now)? {
            return Ok(answer);
        }
        let answer = effect(tx)?;
        let headers = serde_json::to_string(&answer.headers).map_err(Error::internal)?;
        diesel::insert_into(table::table)
            .values((
                table::caller.eq(&actor.name),
                table::route.eq(&self.route),
                table::key.eq(key),
                table::request_hash.eq(digest),
                table::status.eq(i64::from(answer.status)),
                table::headers.eq(headers),
                table::body.eq(&answer.body),
                table::created_at.eq(now),
            ))
            .execute(&mut **tx)?;
        Ok(answer)
    }

    /// For a lane, which does the same for many at once: none where the request has no key.
    pub fn repeat(&self, actor: &Actor, digest: &str) -> Option<Repeat> {
        let key = self.key.clone()?;
        Some(Repeat {
            caller: actor.name.clone(),
            route: self.route.clone(),
            key,
            digest: self.whole(digest),
        })
    }

    /// The same where it must have one.
    pub fn needed(&self, actor: &Actor, digest: &str) -> Result<Repeat> {
        self.repeat(actor, digest).ok_or_else(|| {
            Error::field(FieldError::header(
                "Idempotency-Key",
                "required",
                "请为每次新的请求生成一个 Idempotency-Key，重试时原样带上。",
                "Make an Idempotency-Key for each new request, and send it again with a retry.",
            ))
        })
    }

    /// The digest of all that the request says: the query is as much of it as the body.
    fn whole(&self, digest: &str) -> String {
        let said = format!("{digest}?{}", self.query);
        hex(hmac::sign(&self.digest_key, said.as_bytes()).as_ref())
    }

    /// The same where the answer shows somebody's name or number, which must not stand in
    /// the table of answers: what was made is kept by its id, and is shown as it is now
    /// where the request comes again.
    pub fn run_shown<I: ToString + FromStr>(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        digest: &str,
        effect: impl FnOnce(&mut Tx<'_>) -> Result<I>,
        show: impl FnOnce(&mut Tx<'_>, I) -> Result<Stored>,
    ) -> Result<Stored> {
        let id = self.run_id(tx, actor, digest, effect)?;
        show(tx, id)
    }

    /// The same, up to the id of what was made.
    pub fn run_id<I: ToString + FromStr>(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        digest: &str,
        effect: impl FnOnce(&mut Tx<'_>) -> Result<I>,
    ) -> Result<I> {
        let made = self.run(tx, actor, digest, |tx| {
            Ok(Stored {
                status: StatusCode::CREATED.as_u16(),
                headers: Vec::new(),
                body: effect(tx)?.to_string(),
            })
        })?;
        let id = made.body.parse();
        id.map_err(|_| Error::internal("an answer was kept by what is no id"))
    }

    fn before(
        &self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        key: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<Stored>> {
        let row = table::table.find((&actor.name, &self.route, key));
        let found: Option<(String, i64, String, String, Timestamp)> = row
            .select((
                table::request_hash,
                table::status,
                table::headers,
                table::body,
                table::created_at,
            ))
            .first(&mut **tx)
            .optional()?;
        let Some((hash, status, headers, body, created_at)) = found else {
            return Ok(None);
        };
        if now.micros() - created_at.micros() > KEPT_MICROS {
            diesel::delete(table::table.find((&actor.name, &self.route, key))).execute(&mut **tx)?;
            return Ok(None);
        }
        if hash != digest {
            return Err(Error::refused(Reason::IdempotencyKeyReused));
        }
        Ok(Some(Stored {
            status: u16::try_from(status).map_err(Error::internal)?,
            headers: serde_json::from_str(&headers).map_err(Error::internal)?,
            body,
        }))
    }
}

#[derive(QueryableByName)]
struct Turn {
    #[diesel(sql_type = Bool)]
    mine: bool,
}

/// On PostgreSQL two requests with one key may run at once: the second is told to
/// come back. SQLite's one writer runs them one after another.
fn take_turn(conn: &mut Conn, name: &str) -> Result<()> {
    let Conn::Postgres(conn) = conn else { return Ok(()) };
    let turn: Turn = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS mine")
        .bind::<BigInt, _>(lock_number(name))
        .get_result(conn)?;
    if turn.mine {
        Ok(())
    } else {
        Err(Error::refused(Reason::IdempotencyInProgress))
    }
}

/// The first 63 bits of the name's SHA-256.
fn lock_number(name: &str) -> i64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(name.as_bytes());
    let first = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (first >> 1) as i64
}

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 1] = [Holding {
    name: "repeated_requests",
    columns: &["idempotency.caller", "idempotency.body"],
    what: (
        "应用发出的请求的摘要和结果",
        "A digest of requests that the app made, and what came of them",
    ),
    purpose: (
        "网络中断后重发的请求只生效一次",
        "So that a request that is sent again after a lost answer has its effect once",
    ),
    kept: Kept::Days {
        days: 1,
        from: ("从请求起", "From the request"),
        forget: forget_old_keys,
    },
    erased: Erased::Goes,
}];

/// Drops keys that are older than 24 hours.
fn forget_old_keys(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    let old = table::table.filter(table::created_at.lt(cutoff.before));
    Ok(diesel::delete(old).execute(conn)?)
}

/// Tells and forgets the requests that somebody made with a key.
pub struct RequestsHolder;

/// A person, by the id that they have everywhere.
struct Requester;

impl Named for Requester {
    const PREFIX: &'static str = "per";
}

/// The rows of what somebody asked for, or others for them.
macro_rules! of_person {
    ($person:expr) => {{
        let id = Id::<Requester>::from_uuid($person).to_string();
        let for_others = table::caller.like(format!("{id} %"));
        let for_them = table::caller.like(format!("% {id}"));
        table::table.filter(table::caller.eq(id).or(for_others).or(for_them))
    }};
}

impl Holder for RequestsHolder {
    fn name(&self) -> &'static str {
        "repeated_requests"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let rows: Vec<(String, i64, Timestamp)> = of_person!(person)
            .select((table::route, table::status, table::created_at))
            .order(table::created_at)
            .load(conn)?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(route, status, at)| json!({ "route": route, "status": status, "at": at }))
            .collect())
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        diesel::delete(of_person!(person)).execute(&mut **tx)?;
        Ok(())
    }
}
