//! Estates as clients write and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Estate, EstateId};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::grid::model::UnitId;
use crate::grid::routes::{UnitRef, in_short};
use crate::grid::tree::Tree;
use crate::http::{Entity, Input, Version};

/// A named set of buildings in one grid.
#[derive(Debug, Serialize, ToSchema)]
pub struct EstateView {
    /// Its id.
    pub id: EstateId,
    /// The id of the grid that it is in.
    pub unit_id: UnitId,
    /// Its name.
    pub name: String,
    /// Its buildings; none where it is closed.
    pub buildings: Vec<UnitRef>,
    /// When it was drawn first.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was closed; null as long as it is open.
    pub closed_at: Option<Timestamp>,
}

impl EstateView {
    /// Of an estate.
    pub fn of(estate: &Estate, tree: &Tree) -> Self {
        let buildings = estate.buildings.iter().filter_map(|id| tree.node(*id));
        Self {
            id: estate.id,
            unit_id: estate.unit_id,
            name: estate.name.clone(),
            buildings: buildings.map(|node| in_short(node)).collect(),
            created_at: estate.created_at,
            updated_at: estate.updated_at,
            closed_at: estate.closed_at,
        }
    }

    /// With its version.
    pub fn entity(estate: &Estate, tree: &Tree) -> Entity<Self> {
        Entity {
            value: Self::of(estate, tree),
            version: Version::Number(estate.version, Crs::Wgs84),
        }
    }
}

/// An estate to be drawn.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EstateInput {
    /// Its name.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "幸福里")]
    pub name: String,
    /// The ids of its buildings, all in the grid and in no other estate.
    #[schema(min_items = 1, max_items = 300)]
    pub buildings: Vec<UnitId>,
}

impl Input for EstateInput {}
