//! Organisations and their rules.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{self, Timestamp};
use crate::db::{Id, Named};
use crate::grid::bodies::At;
use crate::grid::estates::EstateId;
use crate::grid::model::UnitId;

/// The id of an organisation.
pub type OrganisationId = Id<Organisation>;

/// The 1, the N and the X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// 党组织: one at the most.
    PartyBranch,
    /// 自治组织: 理事会, 议事会.
    Council,
    /// 社会组织: associations of volunteers and others.
    Association,
}

impl OrganisationKind {
    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PartyBranch => "party_branch",
            Self::Council => "council",
            Self::Association => "association",
        }
    }
}

impl FromStr for OrganisationKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::PartyBranch, Self::Council, Self::Association]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(())
    }
}

/// One of the 1+N+X of a unit.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// The unit that it belongs to; of an estate's council the grid.
    pub unit_id: UnitId,
    /// The estate whose council it is.
    pub estate_id: Option<EstateId>,
    /// Its kind.
    pub kind: OrganisationKind,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// When it was founded here.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

impl Named for Organisation {
    const PREFIX: &'static str = "org";
}

impl Organisation {
    /// To be founded now.
    pub fn new(unit_id: UnitId, kind: OrganisationKind, name: &str) -> Self {
        Self {
            id: OrganisationId::new(),
            unit_id,
            estate_id: None,
            kind,
            name: name.to_owned(),
            name_en: None,
            created_at: clock::now(),
            closed_at: None,
        }
    }

    /// Where it stands, and who may know of its members.
    pub fn at(&self) -> At {
        At {
            unit: self.unit_id,
            is_closed_circle: self.kind == OrganisationKind::PartyBranch,
        }
    }
}
