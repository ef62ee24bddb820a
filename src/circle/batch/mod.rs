//! Many circles at once, summaries only: a community's staff look at every building
//! of theirs.

pub mod routes;
pub mod view;
