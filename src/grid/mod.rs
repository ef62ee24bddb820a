//! The grid: the units of the administrative tree, and who may do what.
//!
//! Others may call: [`Unit`] and [`Level`], the [`Tree`] in memory (kept true by
//! [`LiveTree`]), [`import_units`] and [`access`].

pub mod access;
mod import;
mod model;
pub mod routes;
mod store;
mod tree;

pub use import::{UnitRow, import_units, store_units};
pub use model::{Level, Setting, Unit, UnitId};
pub use store::{is_empty, unit_ids_by_code};
pub use tree::{LiveTree, Tree};
