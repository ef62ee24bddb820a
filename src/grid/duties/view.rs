//! Duties as clients write and read them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{DeadlineIn, Duty, DutyId};
use crate::clock::Timestamp;
use crate::grid::departments::view::DepartmentView;
use crate::grid::departments::{Department, DepartmentId};
use crate::grid::model::UnitId;
use crate::grid::tree::Tree;
use crate::http::Input;

/// Something that a department is bound to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyView {
    /// Its id.
    pub id: DutyId,
    /// Whose it is.
    pub department: DepartmentView,
    /// What is done.
    pub item: String,
    /// The law or rule that binds the department to it.
    pub legal_basis: String,
    /// In how many days it is done.
    pub deadline: i64,
    /// How these days are counted.
    pub deadline_in: DeadlineIn,
    /// Whom one asks: an office, its window, its number.
    pub contact: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was withdrawn; null as long as it stands.
    pub withdrawn_at: Option<Timestamp>,
}

impl DutyView {
    pub(super) fn of(duty: Duty, department: Department, tree: &Tree) -> Self {
        Self {
            id: duty.id,
            department: DepartmentView::of(department, tree),
            item: duty.item,
            legal_basis: duty.legal_basis,
            deadline: duty.deadline,
            deadline_in: duty.deadline_in,
            contact: duty.contact,
            published_at: duty.published_at,
            withdrawn_at: duty.withdrawn_at,
        }
    }
}

/// A duty to be published. It is public: no private number belongs in it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyInput {
    /// What is done.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 120,
        example = "既有住宅加装电梯审批"
    )]
    pub item: String,
    /// The law or rule that binds the department to it.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 500,
        example = "《行政许可法》第四十二条"
    )]
    pub legal_basis: String,
    /// In how many days it is done.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    pub deadline: i64,
    /// How these days are counted.
    pub deadline_in: DeadlineIn,
    /// Whom one asks: an office, its window, its number.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 200,
        example = "政务服务中心 3 号窗口，0712-0000000"
    )]
    pub contact: String,
}

impl Input for DutyInput {}

/// Which duties to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DutiesQuery {
    /// Only those of this department.
    #[param(inline)]
    pub department: Option<DepartmentId>,
    /// Only those of the departments of this unit.
    #[param(inline)]
    pub unit: Option<UnitId>,
    /// Words of the item, in Chinese (simplified or traditional), pinyin, pinyin initials or English; of
    /// duties beyond the first 5,000 that have them nothing is said.
    #[param(min_length = 1, max_length = 64, format = "search-words")]
    pub q: Option<String>,
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

impl Input for DutiesQuery {}
