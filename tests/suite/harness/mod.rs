//! The product from outside: one executable, started as a child process, on a
//! database of one's own, asked over HTTP.
//!
//! [`both_databases!`] makes two tests of one: on SQLite with the local bus, and
//! on PostgreSQL with Redis. A [`World`] is a folder with a database; it runs
//! commands and starts servers. A [`Server`] has a [`Client`] for each role.

mod client;
mod database;
mod dump;
pub mod facility;
mod fake_service;
mod fixtures;
pub mod people;
mod program;
pub mod proxy;
pub mod roles;
mod server;
pub mod small_s3;
pub mod socket;
mod town;
mod world;

pub use client::{Answer, Client, agent};
pub use fake_service::{Asked, FakeService};
pub use fixtures::{Fixture, place, unit_id};
pub use program::Program;
pub use server::Server;
pub use town::{Town, at, metres_between};
pub use world::World;

use std::time::Duration;

/// How long a state may take to come true.
pub const CEILING: Duration = Duration::from_secs(20);

/// Declares tests that run on both back ends, each in a world of its own.
macro_rules! both_databases {
    ($($(#[$attribute:meta])* fn $name:ident($world:ident: $type:ty) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            use super::*;

            fn proves($world: $type) $body

            #[test]
            fn sqlite() {
                proves(&$crate::harness::World::sqlite());
            }

            #[test]
            fn postgres() {
                proves(&$crate::harness::World::postgres());
            }
        }
    )+};
}
pub(crate) use both_databases;

/// Looks again and again until `state` says something; panics with `what` at the ceiling.
#[track_caller]
pub fn until<T>(what: &str, mut state: impl FnMut() -> Option<T>) -> T {
    let started = onegrid::clock::monotonic();
    loop {
        if let Some(value) = state() {
            return value;
        }
        assert!(started.elapsed() < CEILING, "not within {CEILING:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
