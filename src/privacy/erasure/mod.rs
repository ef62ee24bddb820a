//! Erasure: an account goes when its person says so, after a week in which they may think
//! again.
//!
//! All rooms forget in one transaction, by [`Holder`](crate::holdings::Holder); so a process
//! that dies in the middle has done nothing, and the job begins anew. What must stay keeps
//! the person's id, which leads to nobody once their key and their names are gone.

mod change;
mod job;
mod model;
pub mod routes;
mod store;
mod view;

pub use change::ask;
pub use job::Erase;
pub use model::{Erasure, ErasureId, GRACE_DAYS};
pub use store::of_person;
