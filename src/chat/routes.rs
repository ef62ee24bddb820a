//! Channels over HTTP.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::chats::{Chats, History, Part, Standing};
use super::lane::Done;
use super::model::{ChannelId, Kind, MessageId};
use super::view::{
    ChannelEntry, ChannelList, ChannelView, HistoryQuery, HistoryView, MESSAGE, MessageInput, MessageView, ReadInput,
    ReadState,
};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::SignedIn;
use crate::grid::estates::{self, EstateId};
use crate::grid::{Shared, UnitId};
use crate::http::{Answer, Body, Caller, Entity, Nothing, Operation, Path, Query, Version, language};
use crate::identity::PersonId;
use crate::language::Words;
use crate::live::{Cursor, EntryId};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_channels, _, _>(list_channels),
        Operation::new::<__path_get_channel, _, _>(get_channel),
        Operation::new::<__path_read_messages, _, _>(read_messages),
        Operation::new::<__path_send_message, _, _>(send_message),
        Operation::new::<__path_recall_message, _, _>(recall_message),
        Operation::new::<__path_mark_channel_read, _, _>(mark_channel_read),
    ]
}

fn person(caller: &Caller<SignedIn>) -> Result<PersonId> {
    let signed = caller.actor().signed;
    let signed = signed.ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(signed.person))
}

/// What channels are called.
async fn names(shared: &Shared, standing: &[Standing]) -> Result<HashMap<ChannelId, Words>> {
    let tree = shared.tree.now();
    let estates: Vec<EstateId> = standing
        .iter()
        .filter(|one| one.taken.channel.kind == Kind::Residents)
        .map(|one| EstateId::from_uuid(one.taken.channel.body))
        .collect();
    let named: HashMap<EstateId, String> = match estates.is_empty() {
        true => HashMap::new(),
        false => shared
            .db
            .read(move |conn| estates::names_of(conn, &estates))
            .await?
            .into_iter()
            .collect(),
    };
    let name = |one: &Standing| {
        let channel = one.taken.channel;
        let node = tree.node(UnitId::from_uuid(channel.body));
        let unit = node.map(|node| (node.unit.name.clone(), node.unit.name_en.clone()));
        let estate = named
            .get(&EstateId::from_uuid(channel.body))
            .map(|name| (name.clone(), None));
        let (zh, en) = estate.or(unit).unwrap_or_default();
        (channel.id, channel.kind.called(&zh, en.as_deref()))
    };
    Ok(standing.iter().map(name).collect())
}

async fn shown(shared: &Shared, request: &HttpRequest, standing: Vec<Standing>) -> Result<Vec<ChannelView>> {
    let (names, language) = (names(shared, &standing).await?, language(request));
    let view = |one: Standing| {
        let channel = one.taken.channel;
        let name = names.get(&channel.id).map(|name| name.in_language(language).to_owned());
        let body_id = match shared.tree.now().node(UnitId::from_uuid(channel.body)) {
            Some(_) => UnitId::from_uuid(channel.body).to_string(),
            None => EstateId::from_uuid(channel.body).to_string(),
        };
        ChannelView {
            id: channel.id,
            kind: channel.kind,
            name: name.unwrap_or_default(),
            body_id,
            looks_after: one.taken.seat.looks_after,
            last: one.head.number,
            hidden_to: one.taken.hidden_to,
            read_to: one.marked.read_to,
            unread: one.marked.unread,
            cursor: one.head.cursor().to_string(),
        }
    };
    Ok(standing.into_iter().map(view).collect())
}

/// The channels that I am in by what I am: the residents of my estate or grid, and those of my offices. Whoever gets an
/// office is in, and whoever gives it up is out.
#[utoipa::path(
    get,
    path = "/me/channels",
    tag = "channels",
    responses((status = 200, description = "The channels, with how much of each is unread", body = ChannelList), (status = 304, description = "The client has this version")),
)]
async fn list_channels(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    chats: web::Data<Chats>,
    shared: web::Data<Shared>,
) -> Answer {
    let standing = chats.of(person(&caller)?).await?;
    let items = shown(&shared, &request, standing).await?;
    let unread = items.iter().map(|one| one.unread).sum();
    let value = ChannelList { items, unread };
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}

/// One of my channels.
#[utoipa::path(
    get,
    path = "/channels/{id}",
    tag = "channels",
    params(("id" = String, Path, description = "The channel's id")),
    responses((status = 200, description = "The channel", body = ChannelView), (status = 304, description = "The client has this version")),
)]
async fn get_channel(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    id: Path<ChannelId>,
    _: Query<Nothing>,
    chats: web::Data<Chats>,
    shared: web::Data<Shared>,
) -> Answer {
    let standing = chats.one(person(&caller)?, id.0).await?;
    let mut items = shown(&shared, &request, vec![standing]).await?;
    let value = items.pop().ok_or_else(|| Error::refused(Reason::NotFound))?;
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}

/// What was said in one of my channels, by number: the newest, or before, behind or around a number.
#[utoipa::path(
    get,
    path = "/channels/{id}/messages",
    tag = "channels",
    params(("id" = String, Path, description = "The channel's id"), HistoryQuery),
    responses((status = 200, description = "The entries, in order", body = HistoryView)),
)]
async fn read_messages(
    caller: Caller<SignedIn>,
    id: Path<ChannelId>,
    query: Query<HistoryQuery>,
    chats: web::Data<Chats>,
) -> Answer {
    let part = match (query.0.before, query.0.after.as_deref(), query.0.around) {
        (Some(number), _, _) => Part::Before(number),
        (_, Some(after), _) => behind(after)?,
        (_, _, Some(number)) => Part::Around(number),
        _ => Part::Newest,
    };
    let History {
        verdict,
        entries,
        range,
        older,
        newer,
    } = chats.history(person(&caller)?, id.0, part, query.0.limit).await?;
    let items: Result<Vec<ChannelEntry>> = entries.iter().map(ChannelEntry::of).collect();
    Ok(HttpResponse::Ok().json(HistoryView {
        state: verdict.into(),
        first: range.0,
        last: range.1,
        items: items?,
        older,
        newer,
        cursor: entries.last().map(|last| Cursor::at(last).to_string()),
    }))
}

/// Behind a cursor, or behind a number.
fn behind(after: &str) -> Result<Part> {
    match (after.parse::<Cursor>(), after.parse::<i64>()) {
        (_, Ok(number)) if number >= 0 => Ok(Part::Behind(number)),
        (Ok(cursor), _) => Ok(Part::After(cursor)),
        _ => Err(Error::field(FieldError::query(
            "after",
            "cursor",
            "请原样使用收到的 cursor，或给出编号。",
            "Give a cursor as it came, or a number.",
        ))),
    }
}

fn entry(done: &Done) -> ChannelEntry {
    let message = &done.message;
    ChannelEntry {
        id: EntryId::from_uuid(message.id.uuid()),
        number: message.number,
        at: message.at,
        kind: MESSAGE.to_owned(),
        message: Some(MessageView::of(message)),
        recalled: None,
    }
}

/// Says something in one of my channels. The same `client_id` is the same message: sent again, over whatever way, it gets
/// the same number, with 200.
#[utoipa::path(
    post,
    path = "/channels/{id}/messages",
    tag = "channels",
    params(("id" = String, Path, description = "The channel's id")),
    request_body = MessageInput,
    responses(
        (status = 201, description = "It is said, and durable", body = ChannelEntry),
        (status = 200, description = "It was said before", body = ChannelEntry),
    ),
)]
async fn send_message(
    caller: Caller<SignedIn>,
    id: Path<ChannelId>,
    _: Query<Nothing>,
    body: Body<MessageInput>,
    chats: web::Data<Chats>,
) -> Answer {
    let done = chats.say(person(&caller)?, id.0, body.value.post()).await?;
    let status = if done.was_so {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(HttpResponse::build(status).json(entry(&done)))
}

/// Takes a message back: its author within two minutes, and whoever looks after the channel at any time. Its words are gone,
/// and whoever was away learns of it too.
#[utoipa::path(
    post,
    path = "/messages/{id}/recall",
    tag = "channels",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "It is recalled", body = ChannelEntry)),
)]
async fn recall_message(
    caller: Caller<SignedIn>,
    id: Path<MessageId>,
    _: Query<Nothing>,
    chats: web::Data<Chats>,
) -> Answer {
    let done = chats.recall(person(&caller)?, id.0).await?;
    Ok(HttpResponse::Ok().json(entry(&done)))
}

/// Notes up to where I have read a channel. Who reads on two devices has read what was read on either.
#[utoipa::path(
    post,
    path = "/channels/{id}/read",
    tag = "channels",
    params(("id" = String, Path, description = "The channel's id")),
    request_body = ReadInput,
    responses((status = 200, description = "How far the caller has read", body = ReadState)),
)]
async fn mark_channel_read(
    caller: Caller<SignedIn>,
    id: Path<ChannelId>,
    _: Query<Nothing>,
    body: Body<ReadInput>,
    chats: web::Data<Chats>,
) -> Answer {
    let marked = chats.mark_read(person(&caller)?, id.0, body.value.number).await?;
    Ok(HttpResponse::Ok().json(ReadState {
        unread: marked.unread,
        read_to: marked.read_to,
    }))
}
