//! What bookings hold about people.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::cells::CELL_MICROS;
use super::lane::{Booker, serve_waiting};
use super::model::{Booking, BookingId};
use super::resources::{ResourceId, lock_roots};
use super::undo::cancel_in;
use super::{calendars, step_store, store, waiting};
use crate::calendar::Calendar;
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Erased, Holder, Holding, Kept};
use crate::identity::{People, PersonId};

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 4] = [
    Holding {
        name: "bookings",
        columns: &[
            "booking.person_id",
            "booking.made_by",
            "booking_step.actor",
            "waiting.person_id",
        ],
        what: (
            "预约了什么、候补了什么、何时、几人、由谁办理及其经过",
            "What was booked or waited for, when, for how many, by whom, and what became of it",
        ),
        purpose: (
            "保证名额不重复，并让争议有据可查",
            "So that no place is given twice, and that it can be told what happened where it is argued about",
        ),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: Erased::Stays((
            "未到的预约取消；记录的先后和数目不变，但不再指向任何人",
            "Bookings to come are cancelled; the record keeps its order and its numbers but leads to nobody",
        )),
    },
    Holding {
        name: "calendar_feeds",
        columns: &["calendar_feed.person_id"],
        what: (
            "您的预约日历地址何时生成、何时撤销",
            "When you made an address of your calendar, and when it ended",
        ),
        purpose: (
            "让日历软件显示您的预约",
            "So that a calendar program shows your bookings",
        ),
        kept: Kept::Until(("直到注销账号", "Until the account is erased")),
        erased: Erased::Goes,
    },
    Holding {
        name: "booking_management",
        columns: &[
            "booking_rules_version.actor",
            "resource_closure.actor",
            "sharing_agreement.actor",
            "withheld_share.actor",
        ],
        what: (
            "谁制定预约规则、停用资源、登记共享协议和保留名额",
            "Who wrote rules of booking, closed resources, and entered sharing agreements and withheld shares",
        ),
        purpose: ("核对规则和停用由谁作出", "To check who decided on rules and closures"),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: Erased::Stays((
            "记录仍在，但不再指向任何人",
            "The record stays, though it leads to nobody",
        )),
    },
    Holding {
        name: "booking_reasons",
        columns: &["booking_reason.reason"],
        what: (
            "工作人员办理预约时写的理由",
            "Why the staff did something to a booking, in their words",
        ),
        purpose: ("让当事人知道原因", "So that those whom it concerns know why"),
        kept: Kept::Until(("与预约一同保存", "As long as the booking")),
        erased: Erased::Goes,
    },
];

/// Of so many bookings the steps are read in one go.
const AT_ONCE: usize = 500;

/// Tells and forgets what somebody has booked.
pub struct BookingHolder {
    /// Where days begin and end.
    pub calendar: Arc<Calendar>,
    /// Who knows the people.
    pub people: People,
}

impl Holder for BookingHolder {
    fn name(&self) -> &'static str {
        "bookings"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let mut told = Vec::new();
        let all = store::ever_of(conn, PersonId::from_uuid(person))?;
        let mut steps: HashMap<BookingId, Vec<Value>> = HashMap::new();
        let ids: Vec<BookingId> = all.iter().map(|booking| booking.id).collect();
        for some in ids.chunks(AT_ONCE) {
            for step in step_store::steps_of_all(conn, some)? {
                let told = json!({ "at": step.at, "act": step.act, "state": step.state, "reason": step.reason });
                steps.entry(step.booking_id).or_default().push(told);
            }
        }
        for booking in all {
            let steps = steps.remove(&booking.id).unwrap_or_default();
            told.push(json!({
                "booking": booking.id,
                "resource": booking.resource_id,
                "start": booking.start_at,
                "end": booking.end_at,
                "party": booking.party,
                "state": booking.state,
                "late": booking.is_late,
                "agreement": booking.right.agreement_id,
                "withheld_share": booking.share_id,
                "objection": booking.objection,
                "steps": steps,
            }));
        }
        let feeds = calendars::own_feeds(conn, PersonId::from_uuid(person))?.into_iter();
        let feeds: Vec<Value> = feeds
            .map(|(made, ended)| json!({ "made": made, "ended": ended }))
            .collect();
        let waited = waiting::own(conn, PersonId::from_uuid(person))?.into_iter();
        let waited: Vec<Value> = waited
            .map(|one| json!({ "resource": one.resource_id, "from": one.from_at, "to": one.to_at, "party": one.party, "state": one.state }))
            .collect();
        Ok(json!({ "waiting": waited, "bookings": told, "calendar_feeds": feeds }))
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        let person = PersonId::from_uuid(person);
        let now = clock::now();
        let booker = Booker::new(Arc::clone(&self.calendar), self.people.clone());
        let is_open = |booking: &Booking| booking.state.is_live();
        let mut theirs: Vec<ResourceId> = waiting::of_person(tx, person)?;
        let open = store::ever_of(tx, person)?.into_iter().filter(is_open);
        theirs.extend(open.map(|booking| booking.resource_id));
        lock_roots(tx, &theirs)?;
        // They wait for nothing any more, before anything comes free that could be offered to them.
        let mut awaited = waiting::leave_all(tx, person)?;
        for booking in store::ever_of(tx, person)? {
            if booking.state.is_live() && booking.end_at.micros() > now.micros() + CELL_MICROS {
                cancel_in(tx, person, booking.id, &booker)?;
                // Who gives an offer back waits again, unless they are gone.
                awaited.extend(waiting::leave_all(tx, person)?);
            }
        }
        awaited.sort_unstable();
        awaited.dedup();
        for resource in awaited {
            serve_waiting(tx, &booker, resource)?;
        }
        calendars::forget_of(tx, person)?;
        step_store::blank_reasons(tx, person)
    }
}
