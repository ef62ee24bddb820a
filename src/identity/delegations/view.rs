//! Delegations, and what was done by them, as clients see them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::acts::{ActId, DeputedAct, Undoing};
use super::model::{Delegation, DelegationId, ScopeName, Way};
use crate::clock::{self, Timestamp};
use crate::grid::members::day_of;
use crate::grid::members::view::PersonView;
use crate::http::Input;
use crate::identity::{PersonId, PersonRef};
use crate::language::Language;
use std::collections::HashMap;

/// For whom, in what, and until when.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegationInput {
    /// The phone of the person for whom the caller wants to act; a code goes there.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: String,
    /// In what.
    #[schema(min_items = 1, max_items = 4)]
    pub scopes: Vec<ScopeName>,
    /// The last day on which it counts, within a year.
    pub until: NaiveDate,
}

impl Input for DelegationInput {}

/// The code that the person read out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegationCode {
    /// The phone to which it was sent.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: String,
    /// The six digits.
    #[schema(pattern = "^[0-9]{6}$", example = "271828")]
    pub code: String,
}

impl Input for DelegationCode {}

/// That a code is on its way, or would be if the number is one.
#[derive(Debug, Serialize, ToSchema)]
pub struct DelegationAsked {
    /// The id of the delegation that waits for it.
    pub id: DelegationId,
    /// For how many seconds the code is good.
    pub expires_in_s: i64,
}

/// One person may act for another.
#[derive(Debug, Serialize, ToSchema)]
pub struct DelegationView {
    /// Its id: what goes into the header `Acting-For`.
    pub id: DelegationId,
    /// For whom; null until they agreed.
    pub principal: Option<PersonView>,
    /// Who acts.
    pub agent: PersonView,
    /// In what.
    pub scopes: Vec<ScopeName>,
    /// The last day on which it counts.
    pub until: Option<NaiveDate>,
    /// How the principal agreed, or is to.
    pub way: Way,
    /// Whether it counts today.
    pub counts: bool,
    /// When it was asked for or proposed.
    pub asked_at: Timestamp,
    /// Since when it counts; null as long as nobody agreed.
    pub confirmed_at: Option<Timestamp>,
    /// When it was ended; null as long as it goes on.
    pub ended_at: Option<Timestamp>,
}

impl DelegationView {
    pub(in crate::identity) fn of(one: &Delegation, people: &HashMap<PersonId, PersonRef>, today: i64) -> Self {
        Self {
            id: one.id,
            principal: one.principal_id.map(|id| PersonView::of(id, people)),
            agent: PersonView::of(one.agent_id, people),
            scopes: one.scopes.clone(),
            until: day_of(one.until_day),
            way: one.way,
            counts: one.counts_on(today),
            asked_at: one.asked_at,
            confirmed_at: one.confirmed_at,
            ended_at: one.ended_at,
        }
    }
}

/// The caller's delegations that go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct DelegationList {
    /// Who may act for the caller.
    pub given: Vec<DelegationView>,
    /// For whom the caller may act.
    pub held: Vec<DelegationView>,
}

/// Something that one person did for another.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeputedActView {
    /// Its id.
    pub id: ActId,
    /// What was done: a name that stays, such as `home_asked`. New ones may come.
    pub what: String,
    /// The same in words, in the language of the request.
    pub text: String,
    /// By whom.
    pub by: PersonView,
    /// By a `delegation` or at a `desk`.
    pub way: String,
    /// When.
    pub at: Timestamp,
    /// Until when it can be undone.
    pub undo_until: Timestamp,
    /// Whether it can be undone now.
    pub can_be_undone: bool,
    /// When it was undone; null where it was not.
    pub undone_at: Option<Timestamp>,
}

impl DeputedActView {
    pub(super) fn of(
        act: DeputedAct,
        people: &HashMap<PersonId, PersonRef>,
        undoings: &[Undoing],
        language: Language,
    ) -> Self {
        let undoing = undoings.iter().find(|undoing| undoing.what == act.what);
        let text = undoing.map_or("", |undoing| match language {
            Language::Zh => undoing.words.0,
            Language::En => undoing.words.1,
        });
        Self {
            id: act.id,
            text: text.to_owned(),
            by: PersonView::of(act.agent_id, people),
            way: act.by_kind,
            at: act.at,
            undo_until: act.undo_until,
            can_be_undone: act.undone_at.is_none() && clock::now() < act.undo_until,
            undone_at: act.undone_at,
            what: act.what,
        }
    }
}
