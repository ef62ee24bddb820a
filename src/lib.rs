//! OneGrid: the backend of a grid-based smart community.
//!
//! ```text
//!  clients ── HTTPS ──> http      who are you, may you, is it well-formed
//!                        │
//!                       rooms     identity, grid, circle, booking, chat (later cases …)
//!                        │
//!     db   bus   kv               SQLite or PostgreSQL; local or Redis
//! ```
//!
//! Arrows run one way, downwards. A room is a folder: `model` holds types and
//! their rules, `store` alone touches its tables, `routes` alone knows HTTP, and
//! the other files are named after the room's own work. `server` assembles all
//! of it; `config`, `error`, `clock`, `calendar`, `coordinates`, `text` and the other
//! single files are what any room may use.

pub mod addr_range;
pub mod booking;
pub mod bus;
pub mod calendar;
pub mod chat;
pub mod circle;
pub mod clock;
pub mod config;
pub mod coordinates;
pub mod db;
pub mod demo;
pub mod error;
pub mod files;
pub mod gate;
pub mod grid;
pub mod holdings;
pub mod holidays;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod kept_secrets;
pub mod kv;
pub mod language;
pub mod live;
pub mod metrics;
pub mod outgoing;
pub mod privacy;
pub mod rows;
pub mod secret;
pub mod server;
pub mod text;
