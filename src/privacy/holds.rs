//! What this room itself holds about people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{consents, erasure, exports};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Cutoff, Erased, Holder, Holding, Kept};
use crate::identity::PersonId;

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 3] = [
    Holding {
        name: "consents",
        columns: &["consent.person_id"],
        what: (
            "您同意过什么、哪一版内容、何时同意和撤回",
            "To what you agreed, in which wording, when you did and took it back",
        ),
        purpose: (
            "证明敏感信息经您单独同意才保存",
            "To show that what is sensitive was kept with your own consent",
        ),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: Erased::Stays((
            "证明当时经过同意，但不再指向任何人",
            "It shows that there was a consent at the time, and leads to nobody",
        )),
    },
    Holding {
        name: "erasures",
        columns: &["erasure.person_id"],
        what: (
            "您何时申请注销账号、何时完成",
            "When you asked for your account to be erased, and when it was",
        ),
        purpose: (
            "按期注销，并证明已经注销",
            "To erase it in time, and to show that it was done",
        ),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: Erased::Stays((
            "证明账号已注销，但不再指向任何人",
            "It shows that an account was erased, and leads to nobody",
        )),
    },
    Holding {
        name: "exports",
        columns: &["export.person_id"],
        what: (
            "您何时申请和下载过个人信息副本",
            "When you asked for and fetched copies of what is held about you",
        ),
        purpose: (
            "让您发现不是自己申请的副本",
            "So that you notice a copy that you did not ask for",
        ),
        kept: Kept::Days {
            days: 90,
            from: ("从申请起", "From when it was asked for"),
            forget: forget_exports,
        },
        erased: Erased::Goes,
    },
];

fn forget_exports(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    exports::forget_before(conn, cutoff.before)
}

/// Tells and forgets what this room holds of one person.
pub struct OwnHolder;

impl Holder for OwnHolder {
    fn name(&self) -> &'static str {
        "privacy"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let person = PersonId::from_uuid(person);
        let consents: Vec<Value> = consents::of_person(conn, person)?
            .into_iter()
            .map(|one| {
                json!({
                    "matter": one.matter,
                    "version": one.version,
                    "given_at": one.given_at,
                    "withdrawn_at": one.withdrawn_at,
                })
            })
            .collect();
        let erasures: Vec<Value> = erasure::of_person(conn, person)?
            .into_iter()
            .map(|one| json!({ "asked_at": one.asked_at, "due_at": one.due_at, "withdrawn_at": one.withdrawn_at }))
            .collect();
        let exports: Vec<Value> = exports::of_person(conn, person)?
            .into_iter()
            .map(|one| json!({ "asked_at": one.asked_at, "ready_at": one.ready_at, "fetched_at": one.fetched_at }))
            .collect();
        Ok(json!({ "consents": consents, "erasures": erasures, "exports": exports }))
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        let person = PersonId::from_uuid(person);
        exports::forget_of(tx, person)?;
        consents::withdraw_all(tx, person)
    }
}
