//! What a unit was, and where it may hang.

use crate::db::{Id, Named};
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::model::{Level, Unit, UnitId};

/// A row of the history.
#[derive(Debug)]
pub(super) struct Change;
impl Named for Change {
    const PREFIX: &'static str = "uch";
}
/// The id of one.
pub(super) type ChangeId = Id<Change>;

/// What a unit was at a time.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its id.
    pub id: UnitId,
    /// The unit above.
    pub parent_id: Option<UnitId>,
    /// Its level.
    pub level: Level,
    /// Its division code.
    pub code: String,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
}

/// Refuses to hang a unit below another that is not of a higher level. Levels fall from the
/// root down, so that no unit comes to stand above itself either.
pub(super) fn refuse_wrong_level(unit: Level, parent: &Unit) -> Result<()> {
    if parent.level < unit {
        return Ok(());
    }
    Err(Error::because(
        Reason::StateConflict,
        "上级单元的层级必须更高。",
        format!("A {unit} cannot be below a {}.", parent.level),
    ))
}

/// Refuses to merge a unit into itself or into one of another level.
pub(super) fn refuse_unlike(unit: &Unit, into: &Unit) -> Result<()> {
    if into.id == unit.id || into.level != unit.level {
        return Err(Error::field(FieldError::body(
            "/into_id",
            "not_of_the_level",
            "应为同一层级的另一个单元。",
            "It takes another unit of the same level.",
        )));
    }
    Ok(())
}
