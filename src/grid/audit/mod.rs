//! The audit: who granted what to whom, and every look at what is usually masked.
//!
//! Others call [`record`] in the transaction of the act. Entries are never changed;
//! what somebody wrote as their reason stands beside, where it can be blanked.

mod model;
pub mod routes;
mod store;
mod view;

pub use model::{Act, Entry, OPERATOR, for_whom, who};
pub use store::{about, blank_reasons, of_unit, record};
