//! What roles are held at, whatever its kind.

pub mod routes;

use std::collections::HashMap;

use uuid::Uuid;

use super::departments::{self, DepartmentId};
use super::members::BodyKind;
use super::model::UnitId;
use crate::db::Conn;
use crate::error::Result;

/// The unit that a body is or belongs to; none where there is no such body.
pub fn unit_of(conn: &mut Conn, kind: BodyKind, id: Uuid) -> Result<Option<UnitId>> {
    Ok(match kind {
        BodyKind::Unit => Some(UnitId::from_uuid(id)),
        BodyKind::Organisation => None,
        BodyKind::Department => {
            departments::load_one(conn, DepartmentId::from_uuid(id))?.map(|department| department.unit_id)
        }
    })
}

/// The names of bodies that are no units, which the tree knows.
pub fn names(conn: &mut Conn, bodies: impl Iterator<Item = (BodyKind, Uuid)>) -> Result<HashMap<Uuid, String>> {
    let departments: Vec<DepartmentId> = bodies
        .filter(|(kind, _)| *kind == BodyKind::Department)
        .map(|(_, id)| DepartmentId::from_uuid(id))
        .collect();
    match departments.is_empty() {
        true => Ok(HashMap::new()),
        false => departments::names(conn, &departments),
    }
}
