//! Consents: to what somebody agreed, in which wording, and when.
//!
//! A fact that is sensitive is kept only while its person agrees to just that. A room
//! declares the [`Matter`], asks [`need`] in the transaction that would write the fact, and
//! ends what it holds when the consent is taken back.

mod model;
pub mod routes;
mod store;
mod view;

pub use model::{ConsentId, Given, Matter};
pub use store::{give, need, of_person, withdraw_all};
