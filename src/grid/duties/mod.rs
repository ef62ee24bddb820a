//! Duties: what a department is bound to do, by which law, by when, and who is asked.
//!
//! A published duty never changes: a case that was sent by it can be held against the very
//! words. Whoever wants other words withdraws it and publishes another.

mod change;
mod model;
pub mod routes;
mod store;
mod view;

pub use change::publish;
pub use model::{DeadlineIn, Duty, DutyId};
pub use store::withdraw_all;
