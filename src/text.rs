//! Text in Chinese and Latin script: search by name, pinyin and initials
//! ([`search`]), and numbers and times in words ([`speech`]).

pub mod search;
pub mod speech;

mod fold;
mod pinyin;

pub use fold::fold;
pub use search::{MAX_QUERY_CHARS, Query, SearchName, tokens};
