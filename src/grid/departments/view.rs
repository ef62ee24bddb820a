//! Departments as clients write and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Department, DepartmentId};
use crate::clock::Timestamp;
use crate::grid::model::UnitId;
use crate::grid::routes::{UnitRef, in_short};
use crate::grid::tree::Tree;
use crate::http::Input;

/// A department of the government.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepartmentView {
    /// Its id.
    pub id: DepartmentId,
    /// The id of the city or county that it belongs to.
    pub unit_id: UnitId,
    /// That unit.
    pub unit: Option<UnitRef>,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// When it was founded here.
    pub created_at: Timestamp,
    /// When it was closed; null as long as it is open.
    pub closed_at: Option<Timestamp>,
}

impl DepartmentView {
    /// Of a department.
    pub fn of(department: Department, tree: &Tree) -> Self {
        Self {
            id: department.id,
            unit_id: department.unit_id,
            unit: tree.node(department.unit_id).map(|node| in_short(node)),
            name: department.name,
            name_en: department.name_en,
            created_at: department.created_at,
            closed_at: department.closed_at,
        }
    }
}

/// A department to be founded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentInput {
    /// Its name in Chinese.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "住房和城乡建设局")]
    pub name: String,
    /// Its name in English.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 120,
        example = "Housing and Construction Bureau"
    )]
    pub name_en: Option<String>,
}

impl Input for DepartmentInput {}
