//! Duties and their rules.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::grid::departments::DepartmentId;

/// The id of a duty.
pub type DutyId = Id<Duty>;

/// How the days of a deadline are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineIn {
    /// Days on which offices work.
    WorkingDays,
    /// All days.
    CalendarDays,
}

impl DeadlineIn {
    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WorkingDays => "working_days",
            Self::CalendarDays => "calendar_days",
        }
    }
}

impl FromStr for DeadlineIn {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::WorkingDays, Self::CalendarDays]
            .into_iter()
            .find(|unit| unit.name() == text)
            .ok_or(())
    }
}

/// Something that a department is bound to do.
#[derive(Debug, Clone)]
pub struct Duty {
    /// Its id.
    pub id: DutyId,
    /// Whose.
    pub department_id: DepartmentId,
    /// What.
    pub item: String,
    /// By which law.
    pub legal_basis: String,
    /// In how many days.
    pub deadline: i64,
    /// How these are counted.
    pub deadline_in: DeadlineIn,
    /// Whom one asks.
    pub contact: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

impl Named for Duty {
    const PREFIX: &'static str = "dut";
}
