//! Delegations: one person lets another act for them, in some matters, until a day.
//!
//! The principal agrees by a code that is sent to their phone, or face to face at a desk
//! before two of the staff. [`admit`] says at each request whether somebody may act; a
//! change that is made for another is written down by [`record`] in its own transaction,
//! which asks once more, tells the principal, and lets them undo it for a while.

mod acts;
mod change;
mod model;
pub mod routes;
mod store;
pub(in crate::identity) mod view;

pub use acts::{Around, DeputedAct, Undoing, record};
pub(in crate::identity) use acts::{acts_of, open_at_desk};
pub(in crate::identity) use change::{Terms, check_until, guard, propose};
pub use change::{admit, end_all_of};
pub use model::{Delegation, DelegationId, ScopeName, Way};
pub(in crate::identity) use store::Place;
pub use store::of_person;
