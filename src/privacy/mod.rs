//! What people may ask of whoever holds data about them.
//!
//! The table of purposes is public, and retention goes by it ([`forget`]). What is
//! sensitive is kept only with a consent of its own ([`consents`]), a person is given all
//! that is held of them ([`exports`]), and is forgotten when they say so ([`erasure`]). What a room
//! holds, how it tells it and how it forgets it, it says by [`holdings`](crate::holdings).

pub mod consents;
pub mod erasure;
pub mod exports;
mod holds;
mod retention;
pub mod routes;
mod view;

use std::sync::Arc;

pub use holds::{HOLDINGS, OwnHolder};
pub use retention::{Forgotten, forget};

use crate::calendar::Calendar;
use crate::db::Db;
use crate::files::Files;
use crate::holdings::{Holder, Holding};
use crate::identity::People;
use consents::Matter;

/// What this room's handlers and jobs share. Clones are the same.
#[derive(Clone)]
pub struct Privacy {
    /// The database.
    pub db: Db,
    /// Where days begin and end.
    pub calendar: Arc<Calendar>,
    /// Who seals and opens.
    pub people: People,
    /// Where bundles lie.
    pub files: Files,
    /// The table of purposes.
    pub holdings: Arc<[Holding]>,
    /// What takes a consent of its own.
    pub matters: Arc<[Matter]>,
    /// Whoever holds something of people, in the order in which they forget: accounts last.
    pub holders: Arc<[Arc<dyn Holder>]>,
}
