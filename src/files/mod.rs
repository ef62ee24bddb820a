//! Files that people hand in: pictures and spoken messages; and bundles that are made for
//! them.
//!
//! What a file is, is read from its bytes. Pictures are made anew, without whatever else
//! came with them ([`picture`]); of voice only the length is looked at ([`voice`]). Bytes
//! lie in a folder or in S3 ([`Objects`]), rows in the database; a row is there before its
//! objects and goes before them, so that neither a crash nor a store that fails leaves
//! bytes that nobody knows of for longer than a day. A file that no room [`refer`]s to
//! goes after a day. Who may see one gets an address for it that is good for five
//! minutes ([`signed`]).

mod holds;
mod kind;
mod model;
mod name;
mod objects;
mod picture;
pub mod routes;
mod signed;
mod store;
mod sweep;
mod upload;
mod view;
mod voice;

pub use holds::{FilesHolder, HOLDINGS};
pub use model::{Bundle, File, FileId, Kind, Variant};
pub use objects::Objects;
pub use store::{refer, unrefer};
pub use sweep::{Removal, sweep};
pub use upload::Files;
