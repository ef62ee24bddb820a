//! What roles are held at, whatever its kind.

pub mod routes;

use std::collections::HashMap;

use uuid::Uuid;

use super::departments::{self, DepartmentId};
use super::members::{BodyKind, Membership};
use super::model::UnitId;
use super::organisations::{self, OrganisationId};
use crate::db::Conn;
use crate::error::Result;

/// Where a body stands, and who may know of its members.
#[derive(Debug, Clone, Copy)]
pub struct At {
    /// The unit that it is or belongs to.
    pub unit: UnitId,
    /// Whether nobody outside knows its members, but its named officers: a party branch.
    pub is_closed_circle: bool,
}

impl At {
    /// The unit whose superiors may know of a membership; none where only those inside may.
    pub fn seen_from(self, membership: &Membership) -> Option<UnitId> {
        self.shown_to_those_above(membership.title.is_some())
    }

    /// The same of a membership that comes with or without a named office.
    pub fn shown_to_those_above(self, is_officer: bool) -> Option<UnitId> {
        (is_officer || !self.is_closed_circle).then_some(self.unit)
    }
}

/// Where a body stands; none where there is no such body.
pub fn place_of(conn: &mut Conn, kind: BodyKind, id: Uuid) -> Result<Option<At>> {
    let open_to_all = |unit| At {
        unit,
        is_closed_circle: false,
    };
    Ok(match kind {
        BodyKind::Unit => Some(open_to_all(UnitId::from_uuid(id))),
        BodyKind::Organisation => {
            organisations::load_one(conn, OrganisationId::from_uuid(id))?.map(|organisation| organisation.at())
        }
        BodyKind::Department => {
            departments::load_one(conn, DepartmentId::from_uuid(id))?.map(|department| open_to_all(department.unit_id))
        }
    })
}

/// The names of bodies that are no units, which the tree knows.
pub fn names(conn: &mut Conn, bodies: impl Iterator<Item = (BodyKind, Uuid)>) -> Result<HashMap<Uuid, String>> {
    let (mut of_departments, mut of_organisations) = (Vec::new(), Vec::new());
    for (kind, id) in bodies {
        match kind {
            BodyKind::Unit => {}
            BodyKind::Organisation => of_organisations.push(OrganisationId::from_uuid(id)),
            BodyKind::Department => of_departments.push(DepartmentId::from_uuid(id)),
        }
    }
    let mut names = HashMap::new();
    if !of_departments.is_empty() {
        names.extend(departments::names(conn, &of_departments)?);
    }
    if !of_organisations.is_empty() {
        names.extend(organisations::names(conn, &of_organisations)?);
    }
    Ok(names)
}
