//! What was done for somebody, and how they undo it.

mod store;

use std::sync::Arc;

use diesel::Queryable;
use uuid::Uuid;

use super::change::still;
use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::{Conn, Id, Named, Tx};
use crate::error::{Error, Reason, Result};
use crate::gate::{Actor, ActsBy};
use crate::holdings::Both;
use crate::identity::model::PersonId;
use crate::identity::people::People;
use crate::language::Words;
use crate::live::inbox::{self, Letter};
pub(in crate::identity) use store::acts_of;

/// For how long something can be undone at the most.
const DAY_MICROS: i64 = 86_400_000_000;

/// How something that was done for somebody is undone.
#[derive(Clone, Copy)]
pub struct Undoing {
    /// What was done: a name that stays.
    pub what: &'static str,
    /// The same in words, as in “asked for a home for you”.
    pub words: Both,
    /// Takes it back, for its person, by the id of what was made; refused where it has begun.
    pub undo: Undo,
}

/// Takes back what was made for somebody.
pub type Undo = fn(&mut Tx<'_>, PersonId, Uuid, &Around) -> Result<()>;

/// What taking something back may need.
pub struct Around {
    /// Where days begin and end.
    pub calendar: Arc<Calendar>,
    /// Who knows the people.
    pub people: People,
}

/// Something that one person did for another.
#[derive(Debug, Clone, Queryable)]
pub struct DeputedAct {
    /// Its id.
    pub id: ActId,
    /// For whom.
    pub principal_id: PersonId,
    /// By whom.
    pub agent_id: PersonId,
    /// By a `delegation` or at a `desk`.
    pub by_kind: String,
    /// What was done.
    pub what: String,
    /// The id of what was made.
    pub subject_id: Id<Subject>,
    /// When.
    pub at: Timestamp,
    /// Until when it can be undone.
    pub undo_until: Timestamp,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// The id of an act.
pub type ActId = Id<DeputedAct>;

impl Named for DeputedAct {
    const PREFIX: &'static str = "act";
}

/// Whatever was made.
#[derive(Debug, Clone)]
pub struct Subject;

impl Named for Subject {
    const PREFIX: &'static str = "sub";
}

/// Writes down what somebody does for another, in the transaction of it, and tells that
/// person; nothing where one acts for oneself. What begins later can be undone until then,
/// at most for a day.
///
/// # Errors
/// Where the delegation or the desk session has ended since the request came.
pub fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    undoing: &Undoing,
    subject: Uuid,
    begins: Option<Timestamp>,
    today: i64,
) -> Result<()> {
    let (Some(acting), Some(signed)) = (actor.acting, actor.signed) else {
        return Ok(());
    };
    still(tx, acting, today)?;
    let now = clock::now();
    let day = Timestamp::from_micros(now.micros() + DAY_MICROS);
    let undo_until = begins.filter(|begins| *begins < day).unwrap_or(day);
    let (by_kind, by_id) = match acting.by {
        ActsBy::Delegation(id) => ("delegation", id),
        ActsBy::Desk { session, .. } => ("desk", session),
    };
    let id = ActId::new();
    let act = DeputedAct {
        id,
        principal_id: PersonId::from_uuid(acting.principal),
        agent_id: PersonId::from_uuid(signed.person),
        by_kind: by_kind.to_owned(),
        what: undoing.what.to_owned(),
        subject_id: Id::from_uuid(subject),
        at: now,
        undo_until,
        undone_at: None,
    };
    store::insert(tx, &act, by_id)?;
    tell(tx, acting.principal, "done_for_you", id, undoing)
}

fn tell(tx: &mut Tx<'_>, person: Uuid, kind: &'static str, id: ActId, undoing: &Undoing) -> Result<()> {
    let letter = Letter {
        kind,
        about: Some(("act", id.to_string())),
        words: vec![("what", Words::new(undoing.words.0, undoing.words.1))],
    };
    inbox::write_to(tx, person, &letter)?;
    Ok(())
}

/// What can still be undone of what was done at a desk for somebody.
pub(in crate::identity) fn open_at_desk(conn: &mut Conn, person: PersonId) -> Result<Vec<DeputedAct>> {
    let now = clock::now();
    Ok(acts_of(conn, person, None, 50)?
        .into_iter()
        .filter(|act| act.undone_at.is_none() && now < act.undo_until)
        .collect())
}

/// The person takes back what was done for them; whoever did it is told.
pub(super) fn undo(
    tx: &mut Tx<'_>,
    person: PersonId,
    id: ActId,
    undoings: &[Undoing],
    around: &Around,
) -> Result<DeputedAct> {
    let found = store::load_locked(tx, id)?;
    let act = found.filter(|act| act.principal_id == person);
    let act = act.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let now = clock::now();
    if act.undone_at.is_some() || now >= act.undo_until {
        return Err(Error::because(
            Reason::StateConflict,
            "已撤销，或已过可撤销的时间。",
            "It was undone already, or the time for it is over.",
        ));
    }
    let undoing = undoings.iter().find(|undoing| undoing.what == act.what);
    let undoing = undoing.ok_or_else(|| Error::internal("nobody knows how this is undone"))?;
    (undoing.undo)(tx, person, act.subject_id.uuid(), around)?;
    store::undone(tx, id, now)?;
    tell(tx, act.agent_id.uuid(), "undone_by_them", id, undoing)?;
    Ok(DeputedAct {
        undone_at: Some(now),
        ..act
    })
}
