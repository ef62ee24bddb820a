//! Exports: all that is held of somebody, made in the background, fetched once.
//!
//! Each room tells what it holds, by [`Holder`](crate::holdings::Holder). The bundle lies
//! sealed with the person's own key; when it is fetched it goes.

mod job;
mod model;
pub mod routes;
mod store;
mod view;

pub use job::Export;
pub use model::{ExportId, Exported};
pub use store::{forget_before, forget_of, of_person};
