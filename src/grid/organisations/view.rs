//! Organisations as clients write and read them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::model::{Organisation, OrganisationId, OrganisationKind};
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::grid::estates::EstateId;
use crate::grid::model::UnitId;
use crate::grid::routes::{UnitRef, in_short};
use crate::grid::tree::Tree;
use crate::http::Input;

/// One of the 1+N+X of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationView {
    /// Its id.
    pub id: OrganisationId,
    /// The id of the unit that it belongs to; of an estate's council the grid.
    pub unit_id: UnitId,
    /// That unit.
    pub unit: Option<UnitRef>,
    /// The id of the estate whose council it is.
    pub estate_id: Option<EstateId>,
    /// Its kind.
    pub kind: OrganisationKind,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// When it was founded here.
    pub created_at: Timestamp,
    /// When it was closed; null as long as it is open.
    pub closed_at: Option<Timestamp>,
}

impl OrganisationView {
    /// Of an organisation.
    pub fn of(one: Organisation, tree: &Tree) -> Self {
        Self {
            id: one.id,
            unit_id: one.unit_id,
            unit: tree.node(one.unit_id).map(|node| in_short(node)),
            estate_id: one.estate_id,
            kind: one.kind,
            name: one.name,
            name_en: one.name_en,
            created_at: one.created_at,
            closed_at: one.closed_at,
        }
    }
}

/// An organisation to be founded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationInput {
    /// Its kind; a unit has one party branch at the most.
    pub kind: OrganisationKind,
    /// Its name in Chinese.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "幸福里业主议事会")]
    pub name: String,
    /// Its name in English.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 120,
        example = "Residents' Council of Xingfuli"
    )]
    pub name_en: Option<String>,
    /// The id of the estate in the unit whose council it is.
    pub estate_id: Option<EstateId>,
}

impl Input for OrganisationInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        let is_council = value["kind"] == OrganisationKind::Council.name();
        if value["estate_id"].is_string() && !is_council {
            faults.push(FieldError::body(
                "/estate_id",
                "only_councils",
                "只有理事会、议事会属于小区。",
                "Only councils are of an estate.",
            ));
        }
    }
}

/// Somebody in a named office of an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfficerView {
    /// The office: 书记.
    pub title: String,
    /// Their name, where they have said it.
    pub name: Option<String>,
}

/// Which organisations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrganisationsQuery {
    /// Only those of this kind.
    #[param(inline)]
    pub kind: Option<OrganisationKind>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

fn usual_limit() -> usize {
    100
}

impl Input for OrganisationsQuery {}
