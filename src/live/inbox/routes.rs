//! One's own inbox over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::quiet::{Minutes, Quiet};
use super::source::mark_read;
use super::view::{InboxEntry, InboxNews, InboxView, NewsQuery, QuietHours, ReadInput, ReadState};
use super::{key, store};
use crate::db::Db;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::SignedIn;
use crate::http::{
    Answer, Body, Caller, Cursor as PageCursor, Entity, Nothing, Operation, PageQuery, Query, Version, language,
};
use crate::live::{self, Cursor, Marked};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_read_inbox, _, _>(read_inbox),
        Operation::new::<__path_follow_inbox, _, _>(follow_inbox),
        Operation::new::<__path_mark_inbox_read, _, _>(mark_inbox_read),
        Operation::new::<__path_get_quiet_hours, _, _>(get_quiet_hours),
        Operation::new::<__path_set_quiet_hours, _, _>(set_quiet_hours),
    ]
}

fn person(caller: &Caller<SignedIn>) -> Result<Uuid> {
    let signed = caller.actor().signed;
    signed
        .map(|signed| signed.person)
        .ok_or_else(|| Error::refused(Reason::Unauthenticated))
}

fn most(limit: usize) -> Result<i64> {
    i64::try_from(limit + 1).map_err(Error::internal)
}

/// My inbox, the newest first, with how much of it is unread.
#[utoipa::path(
    get,
    path = "/me/inbox",
    tag = "inbox",
    params(PageQuery),
    responses((status = 200, description = "What concerns the caller", body = InboxView), (status = 304, description = "The client has this version")),
)]
async fn read_inbox(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    query: Query<PageQuery>,
    db: web::Data<Db>,
) -> Answer {
    let (person, language) = (person(&caller)?, language(&request));
    let before: Option<i64> = PageCursor::read(query.0.cursor.as_deref())?;
    let (limit, most) = (query.0.limit, most(query.0.limit)?);
    let (mut entries, head, read_to) = db
        .read(move |conn| {
            let read_to = store::settings(conn, person)?.read_to;
            let (entries, head) = live::read_before(conn, key(person), before, most)?;
            Ok((entries, head, read_to))
        })
        .await?;
    let is_more = entries.len() > limit;
    entries.truncate(limit);
    let next = match entries.last() {
        Some(last) if is_more => PageCursor::write(&last.number),
        _ => None,
    };
    let items = entries
        .into_iter()
        .map(|entry| InboxEntry::of(entry, Some(read_to), language));
    let value = InboxView {
        items: items.collect::<Result<_>>()?,
        next,
        unread: store::unread(head, read_to),
        read_to,
        cursor: head.cursor().to_string(),
    };
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}

/// What came into my inbox behind a cursor, in order and without a gap; where entries are missing, or the cursor is of
/// another past, `state` says so.
#[utoipa::path(
    get,
    path = "/me/inbox/entries",
    tag = "inbox",
    params(NewsQuery),
    responses((status = 200, description = "What came", body = InboxNews)),
)]
async fn follow_inbox(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    query: Query<NewsQuery>,
    db: web::Data<Db>,
) -> Answer {
    let (person, language) = (person(&caller)?, language(&request));
    let cursor = query.0.after.as_deref().map_or(Ok(Cursor::START), str::parse);
    let cursor = cursor.map_err(|()| {
        Error::field(FieldError::query(
            "after",
            "cursor",
            "请原样使用上一次返回的 cursor。",
            "Give the cursor of the answer before, as it came.",
        ))
    })?;
    let (limit, most) = (query.0.limit, most(query.0.limit)?);
    let (mut reading, read_to) = db
        .read(move |conn| {
            let read_to = store::settings(conn, person)?.read_to;
            Ok((live::read_after(conn, key(person), cursor, most)?, read_to))
        })
        .await?;
    let more = reading.entries.len() > limit;
    reading.entries.truncate(limit);
    let goes_on = reading.cursor(cursor).to_string();
    let items = reading.entries.into_iter();
    Ok(HttpResponse::Ok().json(InboxNews {
        state: reading.verdict.into(),
        items: items
            .map(|entry| InboxEntry::of(entry, Some(read_to), language))
            .collect::<Result<_>>()?,
        cursor: goes_on,
        more,
    }))
}

/// Notes up to where I have read. Who reads on two devices has read what was read on either.
#[utoipa::path(
    post,
    path = "/me/inbox/read",
    tag = "inbox",
    request_body = ReadInput,
    responses((status = 200, description = "How far the caller has read", body = ReadState)),
)]
async fn mark_inbox_read(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    body: Body<ReadInput>,
    db: web::Data<Db>,
) -> Answer {
    let person = person(&caller)?;
    let number = body.value.number;
    let Marked { read_to, unread } = db.write(move |tx| mark_read(tx, person, number)).await?;
    Ok(HttpResponse::Ok().json(ReadState { unread, read_to }))
}

fn shown(quiet: Option<Quiet>) -> QuietHours {
    let at = |minutes| Minutes(minutes).to_string();
    QuietHours {
        from: quiet.map(|quiet| at(quiet.from)),
        to: quiet.map(|quiet| at(quiet.to)),
    }
}

/// When only what is urgent is pushed to me; from 22:00 to 07:00 unless I say otherwise.
#[utoipa::path(
    get,
    path = "/me/inbox/quiet-hours",
    tag = "inbox",
    responses((status = 200, description = "The caller's quiet hours", body = QuietHours)),
)]
async fn get_quiet_hours(caller: Caller<SignedIn>, _: Query<Nothing>, db: web::Data<Db>) -> Answer {
    let person = person(&caller)?;
    let settings = db.read(move |conn| store::settings(conn, person)).await?;
    Ok(HttpResponse::Ok().json(shown(settings.quiet)))
}

/// Sets when only what is urgent is pushed to me, in the city's zone; the rest comes afterwards. Over midnight where the
/// end is before the start; both null for never. What is in the inbox is there at once in any case.
#[utoipa::path(
    put,
    path = "/me/inbox/quiet-hours",
    tag = "inbox",
    request_body = QuietHours,
    responses((status = 200, description = "The caller's quiet hours", body = QuietHours)),
)]
async fn set_quiet_hours(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    body: Body<QuietHours>,
    db: web::Data<Db>,
) -> Answer {
    let person = person(&caller)?;
    let quiet = quiet_of(&body.value)?;
    db.write(move |tx| store::set_quiet(tx, person, quiet)).await?;
    Ok(HttpResponse::Ok().json(shown(quiet)))
}

fn quiet_of(given: &QuietHours) -> Result<Option<Quiet>> {
    let fault = |field, code, zh, en| Error::field(FieldError::body(field, code, zh, en));
    let minutes = |field, text: &str| {
        let parsed: Result<Minutes, ()> = text.parse();
        parsed.map(|minutes| minutes.0).map_err(|()| {
            fault(
                field,
                "pattern",
                "应为一天中的时刻，如 07:30。",
                "It takes a time of the day, such as 07:30.",
            )
        })
    };
    match (given.from.as_deref(), given.to.as_deref()) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) => {
            let quiet = Quiet {
                from: minutes("/from", from)?,
                to: minutes("/to", to)?,
            };
            if quiet.from == quiet.to {
                return Err(fault(
                    "/to",
                    "same",
                    "开始和结束不能相同。",
                    "The end cannot be the start.",
                ));
            }
            Ok(Some(quiet))
        }
        (None, Some(_)) => Err(fault(
            "/from",
            "required",
            "请同时填写开始时间。",
            "Say also when it begins.",
        )),
        (Some(_), None) => Err(fault(
            "/to",
            "required",
            "请同时填写结束时间。",
            "Say also when it ends.",
        )),
    }
}
