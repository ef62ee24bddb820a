//! The service circle: what is within some minutes' walk of a point.
//!
//! Rooms inside: [`streets`] (the map of walkable ways and the search on it),
//! [`osm`] (reading OpenStreetMap), [`kinds`] (the ten categories and the kinds
//! below them), places (`model`, `store`, `import`, `osm_import`), the catalogue of
//! places in memory, and the lookup that brings all of it together.
//!
//! Others may call: [`Catalogue`], [`Circles`], the imports, and the operations.

mod catalogue;
mod import;
pub mod kinds;
mod live_hours;
mod lookup;
mod model;
pub mod osm;
mod osm_doors;
mod osm_import;
pub mod osm_places;
mod outline;
pub mod places;
pub mod routes;
mod speech;
mod store;
pub mod streets;
mod tag_rules;

pub use catalogue::Catalogue;
pub use import::{PlaceRow, import_places_csv, import_places_geojson, store_places};
pub use lookup::Circles;
pub use model::{Door, DoorKind, Facts, Place, Source, Status, Stop, Wheelchair};
pub use osm_import::import_osm_places;
