//! What the grid holds about people.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::members::{self, By, PersonId};
use super::{audit, bodies, households, store};
use crate::calendar::Calendar;
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Both, Erased, Holder, Holding, Kept};
use crate::identity::delegations::{self, Way};
use crate::privacy::consents::Matter;
use crate::privacy::erasure;

const RECORD: Kept = Kept::Until((
    "作为记录长期保存",
    "As a record of who did what for whom, without an end",
));

const OFFICE: Both = (
    "说明谁在何时担任什么、由谁确认，以便追究和核对",
    "To tell who was what at which time and who decided so, where it is argued about",
);

const STAYS: Erased = Erased::Stays((
    "记录的先后和数目不变，但不再指向任何人；理由等文字一并清除",
    "The record keeps its order and its numbers but leads to nobody; what was written about you goes",
));

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 5] = [
    Holding {
        name: "memberships",
        columns: &[
            "membership.person_id",
            "membership.granted_by",
            "membership.ended_by",
            "membership.reason",
        ],
        what: (
            "居住在哪栋楼、担任什么职务、属于哪些组织，及确认人和理由",
            "Where one lives, which offices one holds, of which organisations one is, who decided so and why",
        ),
        purpose: OFFICE,
        kept: RECORD,
        erased: STAYS,
    },
    Holding {
        name: "households",
        columns: &["household_member.person_id"],
        what: (
            "与谁同户、从何时到何时",
            "With whom one is a household, from when to when",
        ),
        purpose: (
            "按户计算限额，并由户内成员互相可见",
            "To count limits by household; its members see each other",
        ),
        kept: RECORD,
        erased: STAYS,
    },
    Holding {
        name: "audit",
        columns: &["audit_entry.person_id", "audit_entry.actor", "audit_reason.reason"],
        what: (
            "谁对谁的身份做了什么、谁查看了谁的手机号，及理由",
            "Who did what to whose roles, who looked at whose phone number, and why",
        ),
        purpose: (
            "让您和上级能够核查每一次查看和决定",
            "So that you and those above can check each look and each decision",
        ),
        kept: RECORD,
        erased: STAYS,
    },
    Holding {
        name: "reveals",
        columns: &["reveal.asked_by", "reveal.decided_by", "reveal.reason"],
        what: (
            "哪位工作人员申请查看多人的手机号、由谁同意，及理由",
            "Who of the staff asked to see the phone numbers of many, who approved it, and why",
        ),
        purpose: (
            "批量查看须两人同意，并可核查",
            "So that two agree before many numbers are seen, and it can be checked",
        ),
        kept: RECORD,
        erased: STAYS,
    },
    Holding {
        name: "unit_history",
        columns: &["unit_history.actor"],
        what: ("谁更改了区划和名称", "Who changed the tree and its names"),
        purpose: ("说明区划的沿革", "To tell how the tree came to be as it is"),
        kept: RECORD,
        erased: STAYS,
    },
];

/// What takes a consent of its own.
pub const MATTERS: [Matter; 2] = [PARTY_MEMBERSHIP, CHILD_ACCOUNT];

/// That a child under 14 has an account, as its guardian agrees.
pub const CHILD_ACCOUNT: Matter = Matter {
    name: "child_account",
    version: 1,
    wording: (
        "我是未满十四周岁孩子的监护人，同意为孩子建立账号，登记姓名和出生年份，由我代孩子办事。我可以随时撤回，撤回后孩子的账号七天内注销。",
        "I am the guardian of a child under 14. I agree that an account is kept for the child, with name and year of birth, \
         and that I act for them. I can take this back at any time; then the child's account is erased within seven days.",
    ),
    withdrawn: erase_children,
};

fn erase_children(tx: &mut Tx<'_>, guardian: PersonId, today: NaiveDate) -> Result<()> {
    let today = i64::from(members::day_number(today));
    for one in delegations::of_person(tx, guardian)? {
        let is_guardian = one.way == Way::Guardian && one.agent_id == guardian && one.counts_on(today);
        if let Some(child) = one.principal_id.filter(|_| is_guardian) {
            erasure::ask(tx, child)?;
        }
    }
    Ok(())
}

/// That somebody is of a party branch.
pub const PARTY_MEMBERSHIP: Matter = Matter {
    name: "party_membership",
    version: 1,
    wording: (
        "我同意登记我所在的党支部，用于支部联系和组织活动。只有本支部成员能看到名单，支部负责人的姓名和职务公开。我可以随时撤回，撤回后登记立即结束。",
        "I agree that the party branch to which I belong is kept, so that the branch can reach me and organise. Only its \
         members see who they are; the names and offices of its officers are public. I can take this back at any time; \
         then my membership here ends at once.",
    ),
    withdrawn: leave_party_branches,
};

fn leave_party_branches(tx: &mut Tx<'_>, person: PersonId, today: NaiveDate) -> Result<()> {
    let name = person.to_string();
    members::end_all_of(tx, By { name: &name, today }, person, true)
}

/// Tells and forgets what the grid holds of one person.
pub struct GridHolder {
    /// Where days begin and end.
    pub calendar: Arc<Calendar>,
}

impl Holder for GridHolder {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let person = PersonId::from_uuid(person);
        let own = members::all_of(conn, person)?;
        let mut names = bodies::names(conn, own.iter().map(|one| (one.body_kind, one.body_id)))?;
        for one in &own {
            if let Some((zh, _)) = store::names_of(conn, super::UnitId::from_uuid(one.body_id))? {
                names.insert(one.body_id, zh);
            }
        }
        let memberships: Vec<Value> = own
            .iter()
            .map(|one| {
                json!({
                    "id": one.id, "role": one.role, "at": names.get(&one.body_id), "title": one.title,
                    "from": one.from_day, "to": one.to_day, "state": one.state, "reason": one.reason,
                    "granted_by": one.granted_by, "ended_by": one.ended_by, "created_at": one.created_at,
                })
            })
            .collect();
        let households: Vec<Value> = households::stretches_of(conn, person)?
            .into_iter()
            .map(|(id, is_head, since, until)| json!({ "id": id, "is_head": is_head, "since": since, "until": until }))
            .collect();
        let audit: Vec<Value> = audit::about(conn, person)?
            .into_iter()
            .map(|(at, by, act, of, reason)| json!({ "at": at, "by": by, "act": act, "person": of, "reason": reason }))
            .collect();
        Ok(json!({ "memberships": memberships, "households": households, "audit": audit }))
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        let person = PersonId::from_uuid(person);
        let name = person.to_string();
        let today = self.calendar.date_of(clock::now().to_utc());
        members::end_all_of(tx, By { name: &name, today }, person, false)?;
        households::leave(tx, person)?;
        members::blank_reasons(tx, person)?;
        audit::blank_reasons(tx, person)
    }
}
