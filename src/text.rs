//! Text in Chinese and Latin script: search by name, pinyin and initials
//! ([`search`]), numbers and times in words ([`speech`]), and what may be shown
//! of a phone number.

pub mod search;
pub mod speech;
pub mod strip;

mod fold;
mod mask;
mod pinyin;

pub use fold::fold;
pub use mask::mask_phone;
pub use search::{MAX_QUERY_CHARS, Query, SearchName, tokens};

/// Whether a text shows something and hides nothing: a letter or sign that is
/// not blank, no control character, and none that turns the direction of writing.
pub fn is_plain(text: &str) -> bool {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let turns_direction = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text.contains(char::is_control) && !text.contains(turns_direction) && !text.chars().all(is_blank)
}
