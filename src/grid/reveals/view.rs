//! Requests to see many numbers as clients write and read them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::change::Seen;
use super::model::{Reveal, RevealId, RevealState};
use crate::clock::{self, Timestamp};
use crate::error::FieldError;
use crate::grid::members::view::PersonView;
use crate::grid::members::{MembershipId, Role};
use crate::grid::routes::{UnitRef, in_short};
use crate::grid::tree::Tree;
use crate::http::Input;
use crate::identity::{PersonId, PersonRef};

/// Whose whole numbers are needed, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealInput {
    /// The ids of memberships at the unit or below it, each once.
    #[schema(min_items = 1, max_items = 500)]
    pub memberships: Vec<MembershipId>,
    /// Why; each person reads it.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 200,
        example = "台风前逐户通知转移"
    )]
    pub reason: String,
}

impl Input for RevealInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        let ids = value["memberships"].as_array().map_or(&[][..], Vec::as_slice);
        for (number, id) in ids.iter().enumerate() {
            if ids.iter().take(number).any(|earlier| earlier == id) {
                faults.push(FieldError::body(
                    format!("/memberships/{number}"),
                    "twice",
                    "重复了。",
                    "This one stands there already.",
                ));
            }
        }
    }
}

/// A request to see the numbers of many.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevealView {
    /// Its id.
    pub id: RevealId,
    /// The unit in whose name it is asked.
    pub unit: Option<UnitRef>,
    /// Where it stands.
    pub state: RevealState,
    /// Whose numbers: the ids of memberships.
    pub memberships: Vec<MembershipId>,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked_by: PersonView,
    /// When.
    pub asked_at: Timestamp,
    /// The second person; null as long as nobody answered.
    pub decided_by: Option<PersonView>,
    /// When they answered.
    pub decided_at: Option<Timestamp>,
}

impl RevealView {
    pub(super) fn of(one: Reveal, people: &HashMap<PersonId, PersonRef>, tree: &Tree) -> Self {
        Self {
            id: one.id,
            unit: tree.node(one.unit_id).map(|node| in_short(node)),
            state: one.state_at(clock::now()),
            asked_by: PersonView::of(one.asked_by, people),
            asked_at: one.asked_at,
            decided_by: one.decided_by.map(|id| PersonView::of(id, people)),
            decided_at: one.decided_at,
            reason: one.reason,
            memberships: one.memberships,
        }
    }
}

/// The numbers, told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberList {
    /// One of each member who is still there.
    pub items: Vec<NumberView>,
}

/// A member with their whole number.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberView {
    /// The membership.
    pub membership_id: MembershipId,
    /// As what.
    pub role: Role,
    /// Their name, where they have said it.
    pub name: Option<String>,
    /// The number; null where they have none.
    pub phone: Option<String>,
}

impl NumberView {
    pub(super) fn of(seen: Seen) -> Self {
        Self {
            membership_id: seen.membership.id,
            role: seen.membership.role,
            name: seen.person.and_then(|person| person.name),
            phone: seen.phone,
        }
    }
}
