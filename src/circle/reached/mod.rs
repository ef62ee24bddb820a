//! A place within reach: as clients read it, and how many of them are written fast.

pub(super) mod render;
pub mod view;
