//! What inboxes hold about people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::catalogue::CATALOGUE;
use super::{Payload, STREAM, key, store};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::holdings::{Cutoff, Erased, Holder, Holding, Kept};
use crate::language::Language;
use crate::live::{Cursor, drop_stream, raise_floor, read_after};

/// Inboxes that are looked after in one transaction; whoever writes to one of them waits so long.
const AT_ONCE: i64 = 200;

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 2] = [SETTINGS, ENTRIES];

const ENTRIES: Holding = Holding {
    name: "inbox",
    columns: &["entry.payload"],
    what: (
        "发给您的消息，以及读到哪里",
        "What was written to you, and how far you have read",
    ),
    purpose: ("让您知道与您有关的事", "So that you know what concerns you"),
    kept: Kept::Days {
        days: 180,
        from: ("从发出起", "From when it was written"),
        forget,
    },
    erased: Erased::Goes,
};

const SETTINGS: Holding = Holding {
    name: "inbox_settings",
    columns: &["stream.owner", "inbox.person_id"],
    what: (
        "您有收件箱、读到哪里、免打扰时段",
        "That you have an inbox, how far you have read, and your quiet hours",
    ),
    purpose: (
        "接着上次读，夜间不打扰",
        "So that you go on reading where you were, and are left in peace at night",
    ),
    kept: Kept::Until(("账号存在期间", "As long as there is the account")),
    erased: Erased::Goes,
};

fn forget(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    raise_floor(conn, STREAM, cutoff.before, AT_ONCE)
}

/// Tells and forgets what an inbox holds.
pub struct InboxHolder;

impl Holder for InboxHolder {
    fn name(&self) -> &'static str {
        "inbox"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let settings = store::settings(conn, person)?;
        let reading = read_after(conn, key(person), Cursor::START, i64::MAX)?;
        let entry = |entry: crate::live::Entry| {
            let payload: Payload = serde_json::from_str(&entry.payload).map_err(Error::internal)?;
            let text = |language| {
                let template = CATALOGUE.get(&entry.kind);
                template.map(|template| template.text(&payload, language))
            };
            let text = json!({ "zh-CN": text(Language::Zh), "en": text(Language::En) });
            Ok(
                json!({ "number": entry.number, "at": entry.at, "kind": entry.kind, "text": text, "about": payload.about }),
            )
        };
        let entries: Result<Vec<Value>> = reading.entries.into_iter().map(entry).collect();
        let quiet = settings
            .quiet
            .map(|quiet| [clock_time(quiet.from), clock_time(quiet.to)]);
        Ok(json!({ "read_to": settings.read_to, "quiet_hours": quiet, "entries": entries? }))
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        store::forget(tx, person)?;
        drop_stream(tx, key(person))
    }
}

fn clock_time(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
