//! Departments of the government, at cities and counties.
//!
//! Others call [`load_one`], and [`load_open_locked`] in a transaction that needs one to
//! stay open. Their officers are memberships.

mod change;
mod model;
pub mod routes;
mod store;
pub mod view;

pub use change::found;
pub use model::{Department, DepartmentId};
pub use store::{hand_over, load_one, load_open_locked, names};
