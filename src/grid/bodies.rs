//! What roles are held at, whatever its kind.

use uuid::Uuid;

use super::members::BodyKind;
use super::model::UnitId;
use crate::db::Conn;
use crate::error::Result;

/// The unit that a body is or belongs to; none where there is no such body.
pub fn unit_of(_: &mut Conn, kind: BodyKind, id: Uuid) -> Result<Option<UnitId>> {
    Ok(match kind {
        BodyKind::Unit => Some(UnitId::from_uuid(id)),
        BodyKind::Organisation | BodyKind::Department => None,
    })
}
