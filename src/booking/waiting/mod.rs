//! The waiting list: who waits for a place gets the offer of one that comes free, in the
//! transaction that frees it, so that nobody takes it between.

mod model;
mod offer;
mod release;
pub mod routes;
mod store;
mod view;

pub use model::{Waiting, WaitingId, WaitingState};
pub use offer::{answer_until, offer, offered};
pub use release::{Released, watch_all};
pub use store::{awaited, leave_all, near_all, of_bookings, of_person, own, update};
