//! Departments and their rules.

use diesel::prelude::Queryable;

use crate::clock::{self, Timestamp};
use crate::db::{Id, Named};
use crate::grid::model::{Level, UnitId};

/// The id of a department.
pub type DepartmentId = Id<Department>;

/// A department of the government.
#[derive(Debug, Clone, Queryable)]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// The city or county that it belongs to.
    pub unit_id: UnitId,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// When it was founded here.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

impl Named for Department {
    const PREFIX: &'static str = "dep";
}

impl Department {
    /// To be founded now.
    pub fn new(unit_id: UnitId, name: &str) -> Self {
        Self {
            id: DepartmentId::new(),
            unit_id,
            name: name.to_owned(),
            name_en: None,
            created_at: clock::now(),
            closed_at: None,
        }
    }
}

/// Whether units of a level have departments: streets and towns have offices of the
/// county's.
pub fn has_departments(level: Level) -> bool {
    matches!(level, Level::City | Level::County)
}
