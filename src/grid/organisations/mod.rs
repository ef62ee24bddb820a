//! Organisations by the 1+N+X: at most one party branch a unit, councils of a unit or of an
//! estate, and associations.
//!
//! Their members are memberships. Of a party branch nobody outside learns who its members
//! are, but for its named officers: [`Organisation::at`] says so, and whatever shows or
//! audits a membership asks it.

mod change;
mod model;
pub mod routes;
mod store;
mod view;

pub use change::found;
pub use model::{Organisation, OrganisationId, OrganisationKind};
pub use store::{hand_over, has_any, load_one, names};
