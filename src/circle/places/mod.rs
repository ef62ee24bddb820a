//! Places: the ten categories and their kinds, what is known of each place, where
//! it comes from (over HTTP, from tables, from OpenStreetMap), and the catalogue
//! that lookups read.
//!
//! The circle around may call: the catalogue and its entries, the kinds and the
//! facts; the command line and the demo: the imports.

mod catalogue;
pub mod extract;
mod import;
pub mod kinds;
mod live_hours;
mod model;
mod ordered;
mod osm_import;
mod rendered;
pub mod routes;
mod store;
mod tag_rules;
mod view;

pub use crate::grid::{Door, DoorKind};
pub use catalogue::{Catalogue, Entry, Snapshot, Target};
pub use import::{PlaceRow, import_places_csv, import_places_geojson, store_places};
pub use live_hours::LiveHours;
pub use model::{Facts, OSM_ATTRIBUTION, Place, PlaceId, Source, Status, Stop, Wheelchair};
pub use osm_import::import_osm_places;
pub(super) use store::steps_by;
pub use store::{find_place, ids_by_reference};
