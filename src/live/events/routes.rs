//! Server-sent events over HTTP.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::clock;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::SignedIn;
use crate::http::{Answer, Caller, Nothing, Operation, Query, bearer, language};
use crate::live::inbox;
use crate::live::socket::Live;
use crate::live::socket::connection::{Connection, EventsWay, Way, Who};
use crate::live::socket::floor::Floor;
use crate::live::socket::session::CONNECTIONS_OF_ONE;
use crate::live::{Cursor, Window};

/// An event, as the HTML standard has its fields.
#[derive(Debug, Serialize, ToSchema)]
struct ServerSentEvent {
    /// The cursor behind it, to be given as `Last-Event-ID`. Left out where it brings nothing new.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// `entry`, `ready` (with a cursor for who came without one), `gap`, `reset` or `closing`. New ones may come.
    event: String,
    /// A JSON object: an `InboxEntry` for `entry`.
    data: String,
    /// After how many milliseconds to come again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<u32>,
}

/// The header by which a reader of events says what it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_follow_events, _, _>(follow_events)]
}

/// What comes into my inbox, as server-sent events for clients that can have no socket. Each `entry` has its cursor as
/// id; whoever comes again with `Last-Event-ID` gets what came in between. `gap` says that entries behind it are kept no
/// more; `reset` that it is of another past, and that all comes anew; `closing` why the stream ends.
#[utoipa::path(
    get,
    path = "/events",
    tag = "live",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event; `0` for all that is kept; left out for what comes from now on")),
    responses((status = 200, description = "The events, until one side hangs up", body = ServerSentEvent, content_type = "text/event-stream")),
)]
async fn follow_events(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    live: web::Data<Live>,
) -> Answer {
    let cursor = last_event_id(&request)?;
    let unauthenticated = || Error::refused(Reason::Unauthenticated);
    let signed = caller.actor().signed.ok_or_else(unauthenticated)?;
    let token = bearer(&request)?.ok_or_else(unauthenticated)?;
    // The gate has let them in; what is left to know is until when.
    let (_, expires_at) = live.doors.credentials.good_until(token)?;
    let who = Who { signed, expires_at };
    let seat = live.hub.seat(signed.person, CONNECTIONS_OF_ONE);
    let seat = seat.ok_or_else(|| Error::refused(Reason::TooManyRequests).retry_after(5))?;
    live.has_room()?;
    let floor = Floor::here(&live.hub, &live.doors.credentials);
    let (sender, events) = mpsc::unbounded_channel();
    let way = Way::Events(EventsWay {
        sender: RefCell::new(Some(sender)),
        bytes: Cell::new(0),
        read_at: Cell::new(clock::monotonic()),
    });
    let connection = floor.open(way, language(&request));
    connection.seat.borrow_mut().replace(seat);
    floor.is_in(&connection, who);
    let reading = Events {
        floor: Rc::clone(&floor),
        connection: Rc::clone(&connection),
        events,
    };
    floor.follow(&connection, inbox::key(signed.person), cursor, Window::ALL);
    let body = stream::unfold(reading, |mut reading| async {
        let next = reading.events.recv().await?;
        reading.was_read(next.len());
        Some((Ok::<Bytes, Error>(next), reading))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Some balancers would keep events back until there are enough of them.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body))
}

/// A reader of events, whose connection is over when it is gone.
struct Events {
    floor: Rc<Floor>,
    connection: Rc<Connection>,
    events: mpsc::UnboundedReceiver<Bytes>,
}

impl Events {
    fn was_read(&self, bytes: usize) {
        if let Way::Events(events) = &self.connection.way {
            events.bytes.set(events.bytes.get().saturating_sub(bytes));
            events.read_at.set(clock::monotonic());
            if self.connection.has_room() {
                self.floor.has_room(&self.connection);
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.floor.end(&self.connection);
    }
}

fn last_event_id(request: &HttpRequest) -> Result<Option<Cursor>> {
    let Some(header) = request.headers().get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let text = header.to_str().unwrap_or("?");
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|()| {
        Error::field(FieldError::header(
            LAST_EVENT_ID.as_str(),
            "cursor",
            "请原样使用收到的 id。",
            "Give the id of an event as it came.",
        ))
    })
}
