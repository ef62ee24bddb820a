//! `openapi/asyncapi.yaml`: the socket as a document, made of the frames themselves.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::frames::{ClientFrame, Close, HEARTBEAT_S, LONGEST, STREAMS, ServerFrame, Trouble};

const ABOUT: &str = "The one socket of the product. Connect to `/v1/socket` as a WebSocket (RFC 6455, version 13); say who \
is there with `hello` within five seconds, or bring the token as a second subprotocol: \
`Sec-WebSocket-Protocol: onegrid.v1, bearer.TOKEN`. Then `subscribe` to streams, each with the cursor that you have.\n\n\
All frames are text, a JSON object each, told apart by `type`. Ignore types and members that you do not know.\n\n\
**What is promised.** Every entry that was acknowledged to somebody reaches each client that follows its stream once and \
in order, within five seconds whatever fails between; a client that was away gets what came in between from its cursor, \
or is told `gap` or `reset` where that cannot be. `read` and the other frames without a number may be lost.\n\n\
**The client's half.** Keep the `cursor` of an `entries` frame before you do anything with its items. Ignore items whose \
number is not above the last that you have; where a number is missing, unsubscribe and subscribe again with your cursor. \
After `gap` go on with what follows; after `reset` forget the stream and subscribe again with `0`. When the connection \
closes do what the close code says, and wait as long as its reason says, or longer each time.\n\n\
**Cursors** begin with the number of the entry that they name, and are given back as they came; `0` is the beginning.\n\n\
**Closing.** The reason of the close frame is a JSON object: `action`, and where there is one `retry_after_ms`, a number \
within the range of `x-close-codes`. Without a code or reason that you know, as when the network went away, reconnect \
and wait longer each time. A handshake may be refused as well (429 and 503 with `Retry-After`, 403 for a web origin that \
is not listed), which browsers do not tell apart.";

/// A kind of stream, as the document has it.
pub struct StreamDocument {
    /// What clients call it.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The schema of its entries, by name.
    pub items: &'static str,
    /// The schema of what may be sent, by name.
    pub messages: Option<&'static str>,
    /// These schemas and those that they refer to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

/// The document (AsyncAPI 3.0), with these kinds of stream.
pub fn document(streams: Vec<StreamDocument>) -> Value {
    let client = variants(ClientFrame::schema());
    let server = variants(ServerFrame::schema());
    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![(Trouble::name().into_owned(), Trouble::schema())];
    Trouble::schemas(&mut schemas);
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut kinds = Vec::new();
    for stream in streams {
        let mut kind = json!({ "name": stream.name, "about": stream.about, "items": reference(stream.items) });
        if let Some(messages) = stream.messages {
            kind["messages"] = reference(messages);
        }
        kinds.push(kind);
        schemas.extend(stream.schemas);
    }
    ClientFrame::schemas(&mut schemas);
    ServerFrame::schemas(&mut schemas);
    schemas.sort_by(|(a, _), (b, _)| a.cmp(b));
    let schemas: Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| (name, json!(schema)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "OneGrid, live",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/v1/socket",
                "description": "One connection of one person.",
                "messages": references(&client, "client").into_iter().chain(references(&server, "server")).collect::<Map<_, _>>(),
            },
        },
        "operations": {
            "say": {
                "action": "receive",
                "channel": { "$ref": "#/channels/socket" },
                "summary": "What a client says.",
                "messages": names(&client, "client"),
            },
            "hear": {
                "action": "send",
                "channel": { "$ref": "#/channels/socket" },
                "summary": "What the server says.",
                "messages": names(&server, "server"),
            },
        },
        "components": {
            "messages": messages(&client, "client").into_iter().chain(messages(&server, "server")).collect::<Map<_, _>>(),
            "schemas": schemas,
        },
        "x-limits": {
            "seconds_until_hello": 5,
            "heartbeat_seconds": HEARTBEAT_S,
            "streams_at_most": STREAMS,
            "bytes_at_most": LONGEST,
            "entries_a_page": crate::live::hub::core::PAGE,
        },
        "x-streams": kinds,
        "x-states": states(),
        "x-close-codes": Close::ALL.into_iter().map(close).collect::<Vec<_>>(),
    })
}

/// In which state who says what, and where it leads.
fn states() -> Value {
    json!({
        "connection": {
            "initial": "connected",
            "states": {
                "connected": {
                    "about": "The connection stands; it is not known whose it is.",
                    "client": ["hello", "ping"],
                    "server": ["welcome", "error", "pong"],
                    "leads": { "welcome": "signed_in", "close": "closed" },
                },
                "signed_in": {
                    "about": "It is somebody's, until their token runs out; `refresh` puts that off.",
                    "client": ["refresh", "subscribe", "unsubscribe", "send", "read", "ping", "pong"],
                    "server": ["refreshed", "subscribed", "entries", "gap", "reset", "left", "sent", "read", "error", "ping", "pong"],
                    "leads": { "close": "closed" },
                },
                "closed": {
                    "about": "Do what the close code says.",
                    "client": [],
                    "server": [],
                    "leads": {},
                },
            },
        },
        "stream": {
            "initial": "unfollowed",
            "states": {
                "unfollowed": {
                    "about": "Nothing comes of it, but what was on its way.",
                    "client": ["subscribe", "send", "read"],
                    "server": ["subscribed", "sent", "read"],
                    "leads": { "subscribed": "followed, unless it is among `refused`" },
                },
                "followed": {
                    "about": "Its entries come in order: first those behind the cursor, in pages, then each as it is written.",
                    "client": ["unsubscribe", "send", "read"],
                    "server": ["entries", "gap", "reset", "left", "sent", "read"],
                    "leads": { "unsubscribe": "unfollowed", "reset": "unfollowed", "left": "unfollowed" },
                },
            },
        },
    })
}

fn close(why: Close) -> Value {
    let mut one = json!({ "code": why.code(), "about": why.about(), "action": why.action() });
    if let Some((least, most)) = why.retry_after_ms() {
        one["retry_after_ms"] = json!([least, most]);
    }
    one
}

/// The variants of a frame by their titles.
fn variants(schema: RefOr<Schema>) -> Vec<(String, Value)> {
    let schema = json!(schema);
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let titled = |variant: Value| (variant["title"].as_str().unwrap_or_default().to_owned(), variant);
    variants.into_iter().map(titled).collect()
}

fn messages(variants: &[(String, Value)], side: &str) -> Vec<(String, Value)> {
    let message = |(title, schema): &(String, Value)| {
        let mut payload = schema.clone();
        let about = payload
            .as_object_mut()
            .and_then(|payload| payload.remove("description"));
        (
            format!("{side}_{title}"),
            json!({ "name": title, "summary": about, "payload": payload }),
        )
    };
    variants.iter().map(message).collect()
}

fn references(variants: &[(String, Value)], side: &str) -> Vec<(String, Value)> {
    let reference = |(title, _): &(String, Value)| {
        let name = format!("{side}_{title}");
        let to = json!({ "$ref": format!("#/components/messages/{name}") });
        (name, to)
    };
    variants.iter().map(reference).collect()
}

fn names(variants: &[(String, Value)], side: &str) -> Vec<Value> {
    let name = |(title, _): &(String, Value)| json!({ "$ref": format!("#/channels/socket/messages/{side}_{title}") });
    variants.iter().map(name).collect()
}
