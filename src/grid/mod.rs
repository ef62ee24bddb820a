//! The grid: the units of the administrative tree, and who may do what.
//!
//! [`members`] says who is what, [`access`] decides by it, [`audit`] keeps who did it;
//! [`departments`] publish their [`duties`]; [`organisations`] are the 1+N+X, and
//! [`estates`] sets of buildings; [`households`] are persons at one home.
//! [`reveals`] lets two of the staff together look at many numbers.
//! Others may call: [`Unit`] and [`Level`], the [`Door`] that places have as well,
//! the [`Tree`] in memory (kept true by [`LiveTree`]), [`import_units`] and [`access`].

pub mod access;
pub mod audit;
mod bodies;
pub mod departments;
mod doors;
pub mod duties;
pub mod estates;
mod holds;
pub mod households;
mod import;
pub mod members;
mod model;
pub mod organisations;
mod reshape;
mod reveals;
pub mod routes;
mod shared;
mod store;
mod tree;
mod undoing;
pub mod view;

pub use doors::{DOORS_WITHIN_M, Door, DoorKind, MOST_DOORS, is_door_name};
pub use holds::{CHILD_ACCOUNT, GridHolder, HOLDINGS, MATTERS, PARTY_MEMBERSHIP};
pub use import::{UnitRow, import_units, store_units};
pub use model::{Level, Setting, Unit, UnitId};
pub use shared::Shared;
pub use store::{find_unit, is_empty, unit_ids_by_code, units_above};
pub use tree::{LiveTree, Tree};
pub use undoing::UNDOINGS;
