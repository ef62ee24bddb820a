//! What the rooms register: what they hold about people, and the work that is done after
//! answers were sent.

use std::sync::Arc;
use std::time::Duration;

use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::booking::{self, BookingHolder, Bookings, Due, Released};
use crate::calendar::Calendar;
use crate::chat::view::{ChannelEntry, MessageInput};
use crate::chat::{self, ChannelSource, ChatHolder, Chats};
use crate::circle::{self, CircleHolder};
use crate::config::Config;
use crate::db::Db;
use crate::files::{self, FilesHolder, Objects, Removal};
use crate::grid::{self, GridHolder};
use crate::holdings::{Holder, Holding};
use crate::http::{self, RequestsHolder};
use crate::identity::delegations::Undoing;
use crate::identity::{self, AccountHolder, People};
use crate::jobs::{self, Kind, Recurring};
use crate::live::Sources;
use crate::live::inbox::{self, InboxEntry, InboxHolder, InboxSource, Push, PushService};
use crate::live::socket::StreamDocument;
use crate::outgoing::Outgoing;
use crate::privacy::erasure::Erase;
use crate::privacy::exports::Export;
use crate::privacy::{self, OwnHolder, Privacy};

const AN_HOUR: Duration = Duration::from_secs(3600);
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// What is held about people, of all rooms: the table of purposes.
pub fn holdings() -> Vec<Holding> {
    let rooms: [&[Holding]; 10] = [
        &identity::HOLDINGS,
        &privacy::HOLDINGS,
        &files::HOLDINGS,
        &grid::HOLDINGS,
        &circle::HOLDINGS,
        &booking::HOLDINGS,
        &chat::HOLDINGS,
        &inbox::HOLDINGS,
        &jobs::HOLDINGS,
        &http::HOLDINGS,
    ];
    rooms.concat()
}

/// Whoever holds something of people, in the order in which they forget: accounts last.
pub(super) fn holders(calendar: &Arc<Calendar>, people: &People) -> Vec<Arc<dyn Holder>> {
    let (calendar, people) = (Arc::clone(calendar), people.clone());
    vec![
        Arc::new(BookingHolder {
            calendar: Arc::clone(&calendar),
            people: people.clone(),
        }),
        Arc::new(GridHolder { calendar }),
        Arc::new(CircleHolder),
        Arc::new(ChatHolder),
        Arc::new(InboxHolder),
        Arc::new(RequestsHolder),
        Arc::new(OwnHolder),
        Arc::new(FilesHolder { people: people.clone() }),
        Arc::new(AccountHolder { people }),
    ]
}

/// The streams that clients may follow.
pub(super) fn sources(db: &Db, chats: &Chats) -> Sources {
    Sources::new(vec![
        Arc::new(InboxSource { db: db.clone() }),
        Arc::new(ChannelSource { chats: chats.clone() }),
    ])
}

/// The same for the document of the socket.
pub(super) fn streams() -> Vec<StreamDocument> {
    vec![
        StreamDocument {
            name: "inbox",
            about: "What concerns the person, the same as at `GET /v1/me/inbox`.",
            items: "InboxEntry",
            messages: None,
            schemas: schemas_of::<InboxEntry>(),
        },
        StreamDocument {
            name: "chn_…",
            about: "A channel that the person is in, by its id of `GET /v1/me/channels`. Entries up to `hidden_to` are \
                    of the kind `hidden`.",
            items: "ChannelEntry",
            messages: Some("MessageInput"),
            schemas: [schemas_of::<ChannelEntry>(), schemas_of::<MessageInput>()].concat(),
        },
    ]
}

fn schemas_of<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

/// How what was done for somebody is undone by them, of all rooms.
pub(super) fn undoings() -> Vec<Undoing> {
    let grid = grid::UNDOINGS.into_iter();
    grid.chain([booking::UNDOING]).collect()
}

/// The work that is done after answers were sent.
pub(super) fn kinds_of_job(
    config: &Config,
    privacy: &Privacy,
    objects: &Objects,
    bookings: &Bookings,
) -> Vec<Arc<dyn Kind>> {
    let (db, calendar) = (&privacy.db, &privacy.calendar);
    let retention = {
        let privacy = privacy.clone();
        move || {
            let Privacy {
                db, calendar, holdings, ..
            } = privacy.clone();
            async move {
                privacy::forget(&db, &calendar, &holdings, false).await?;
                // Where a reader is in the way the next hour does it.
                db.empty_log().await.map(drop)
            }
        }
    };
    let sweep = {
        let (db, objects) = (db.clone(), objects.clone());
        move || {
            let (db, objects) = (db.clone(), objects.clone());
            async move { files::sweep(&db, &objects).await }
        }
    };
    let service = config.push_url.clone().map(|url| PushService {
        url,
        secret: config.push_secret.clone(),
        outgoing: Outgoing::new(),
    });
    if service.as_ref().is_some_and(|service| service.secret.is_none()) {
        tracing::warn!("ONEGRID_PUSH_SECRET is not set: the push service cannot tell who asks it");
    }
    let [push, push_urgent] = Push::both(db.clone(), Arc::clone(calendar), service);
    vec![
        Arc::new(push),
        Arc::new(push_urgent),
        Arc::new(Due::new(bookings.clone())),
        Arc::new(Released::new(bookings.clone())),
        Arc::new(Recurring::new("retention", AN_HOUR, retention)),
        Arc::new(Erase::new(privacy.clone())),
        Arc::new(Export::new(privacy.clone())),
        Arc::new(Removal::new(objects.clone())),
        Arc::new(Recurring::new("file_sweep", A_DAY, sweep)),
    ]
}
