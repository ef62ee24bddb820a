//! What the grid holds about people.

use crate::privacy::{Both, Holding, Kept};

const RECORD: Kept = Kept::Until((
    "作为记录长期保存",
    "As a record of who did what for whom, without an end",
));

const OFFICE: Both = (
    "说明谁在何时担任什么、由谁确认，以便追究和核对",
    "To tell who was what at which time and who decided so, where it is argued about",
);

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 4] = [
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
    },
    Holding {
        name: "unit_history",
        columns: &["unit_history.actor"],
        what: ("谁更改了区划和名称", "Who changed the tree and its names"),
        purpose: ("说明区划的沿革", "To tell how the tree came to be as it is"),
        kept: RECORD,
    },
];
