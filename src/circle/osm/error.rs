//! Why an `OpenStreetMap` file could not be read.

use std::path::PathBuf;

/// A file that is not there, is no `OpenStreetMap` data, or is broken.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OsmError {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} is neither OSM XML nor OSM PBF: {reason}", path.display())]
    NotOsm { path: PathBuf, reason: String },
    #[error("{}, line {line}: {reason}", path.display())]
    Xml { path: PathBuf, line: u64, reason: String },
    /// `offset` is that of the broken blob, in bytes from the file's start.
    #[error("{}, block at byte {offset}: {reason}", path.display())]
    Pbf { path: PathBuf, offset: u64, reason: String },
    #[error("{}: {reason}", path.display())]
    TooMuch { path: PathBuf, reason: String },
}
