//! Households as clients write and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::HouseholdId;
use crate::clock::Timestamp;
use crate::grid::members::view::PersonView;
use crate::grid::routes::UnitRef;
use crate::http::Input;
use crate::identity::PersonId;

/// Persons at one home who agreed to be one.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdView {
    /// Its id.
    pub id: HouseholdId,
    /// The building where they live.
    pub home: Option<UnitRef>,
    /// Who they are, from the one who has been there longest.
    pub members: Vec<HouseholdMemberView>,
    /// Until when the code is good that the head handed out; null where there is none.
    pub invitation_until: Option<Timestamp>,
    /// When it was founded.
    pub created_at: Timestamp,
}

/// Somebody of a household.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdMemberView {
    /// Who; their phone number is masked.
    pub person: PersonView,
    /// Whether they are its head: one is.
    pub is_head: bool,
    /// When they agreed to be of it.
    pub joined_at: Timestamp,
}

/// A code by which others at the home join a household.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationView {
    /// Eight letters and digits; who types them agrees to be of the household.
    pub code: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A code that somebody was given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinInput {
    /// The code; small letters and gaps are taken too.
    #[schema(format = "plain-text", min_length = 8, max_length = 20, example = "7K3M-9QXT")]
    pub code: String,
}

impl Input for JoinInput {}

/// Another head.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadInput {
    /// The id of the member who is to be the head.
    pub person_id: PersonId,
}

impl Input for HeadInput {}
