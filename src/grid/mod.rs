//! The grid: the units of the administrative tree, and who may do what.
//!
//! Others may call: [`Unit`] and [`Level`], the [`Door`] that places have as well,
//! the [`Tree`] in memory (kept true by [`LiveTree`]), [`import_units`] and [`access`].

pub mod access;
mod doors;
mod import;
mod model;
pub mod routes;
mod store;
mod tree;
pub mod view;

pub use doors::{DOORS_WITHIN_M, Door, DoorKind, MOST_DOORS, is_door_name};
pub use import::{UnitRow, import_units, store_units};
pub use model::{Level, Setting, Unit, UnitId};
pub use store::{is_empty, unit_ids_by_code};
pub use tree::{LiveTree, Tree};
