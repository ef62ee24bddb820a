//! Resources: what is booked, where and when it is offered, and what it is part of.

mod change;
mod model;
pub mod routes;
mod store;
pub mod view;

pub use change::look;
pub use model::{Closure, Facts, Kind, Resource, ResourceId, Status};
pub use store::{
    Wanted, closures_from, found_resource, list, load_one, load_these, load_trees, load_trees_of, lock_roots,
    set_rules_version, set_sharing,
};
