//! Households: persons at one home who agreed to be one, with one head.
//!
//! The head hands out a code, and who types it agrees to be of the household; nobody is put
//! into one, and nobody learns from it who lives where. Whoever moves out leaves it
//! ([`leave`]), and a household whose building is merged into another goes along
//! ([`hand_over`]). Quotas that count by household ask [`of_person`].

mod change;
mod model;
pub mod routes;
mod store;
mod view;

pub use change::{found, invite, join, leave};
pub use model::{Household, HouseholdId};
pub use store::{hand_over, housemates, of_person, stretches_of};
