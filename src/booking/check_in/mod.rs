//! Checking in: by a code or a QR at the desk, or by a code that changes on a screen at a door.
//!
//! Whatever is shown proves that somebody is there now: what the app shows is signed and good
//! for a minute, the door's code changes every half minute, and a printed poster proves nothing.

mod codes;
pub mod routes;
mod store;
mod view;

pub use codes::Codes;
