//! Rules as clients write and read them.

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::model::{Rules, RulesId, RulesVersionId, Terms, Version};
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::grid::UnitId;
use crate::http::Input;

/// A set of rules to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRulesInput {
    /// Whose they are: resources of this unit and of those below it can have them.
    pub unit_id: UnitId,
    /// What they are called.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "活动室预约规则")]
    pub name: String,
    /// What they say.
    #[serde(default)]
    pub terms: Terms,
}

/// Another version of a set of rules.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesInput {
    /// What they are called.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "活动室预约规则")]
    pub name: String,
    /// What they say: all of it.
    pub terms: Terms,
}

/// What does not go together in the terms of a body.
fn contradictions(value: &Value, faults: &mut Vec<FieldError>) {
    let terms: Option<Terms> = serde_json::from_value(value["terms"].clone()).ok();
    for (pointer, code, zh, en) in terms.iter().flat_map(Terms::contradictions) {
        faults.push(FieldError::body(format!("/terms{pointer}"), code, zh, en));
    }
}

impl Input for NewRulesInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        contradictions(value, faults);
    }
}

impl Input for RulesInput {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        contradictions(value, faults);
    }
}

/// A set of rules as it is in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulesView {
    /// Its id.
    pub id: RulesId,
    /// Whose it is.
    pub unit_id: UnitId,
    /// What it is called.
    pub name: String,
    /// The number of the version in force.
    pub version: i64,
    /// The id of the version in force, which bookings made now keep.
    pub version_id: RulesVersionId,
    /// What it says.
    pub terms: Terms,
    /// Since when the version is in force.
    pub updated_at: Timestamp,
}

impl RulesView {
    /// Of a set and its version in force.
    pub fn of(rules: Rules, version: &Version) -> Self {
        Self {
            id: rules.id,
            unit_id: rules.unit_id,
            name: rules.name,
            version: rules.version,
            version_id: version.id,
            terms: version.terms.clone(),
            updated_at: rules.updated_at,
        }
    }
}

/// A set of rules in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulesRef {
    /// Its id.
    pub id: RulesId,
    /// What it is called.
    pub name: String,
    /// The number of the version in force.
    pub version: i64,
}

impl From<Rules> for RulesRef {
    fn from(rules: Rules) -> Self {
        Self {
            id: rules.id,
            name: rules.name,
            version: rules.version,
        }
    }
}

/// Whose rules to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RulesQuery {
    /// Of which unit.
    #[param(inline)]
    pub unit: UnitId,
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

impl Input for RulesQuery {}
