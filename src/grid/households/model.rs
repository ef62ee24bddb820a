//! Households and their rules.

use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::error::{Error, Result};
use crate::grid::model::UnitId;
use crate::identity::PersonId;

/// The id of a household.
pub type HouseholdId = Id<Household>;

/// Persons at one home who agreed to be one.
#[derive(Debug, Clone)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// The building where they live.
    pub unit_id: UnitId,
    /// Until when the code is good by which others join, where there is one.
    pub invitation_until: Option<Timestamp>,
    /// When it was founded.
    pub created_at: Timestamp,
    /// When the last of them left.
    pub closed_at: Option<Timestamp>,
    /// Who they are, from the one who has been there longest.
    pub members: Vec<HouseholdMember>,
}

impl Named for Household {
    const PREFIX: &'static str = "hsh";
}

/// Somebody of a household.
#[derive(Debug, Clone, Copy)]
pub struct HouseholdMember {
    /// Who.
    pub person_id: PersonId,
    /// Whether they are its head.
    pub is_head: bool,
    /// When they agreed to be of it.
    pub joined_at: Timestamp,
}

/// A row of the table of members.
#[derive(Debug)]
pub(super) struct Stretch;
impl Named for Stretch {
    const PREFIX: &'static str = "hsm";
}
/// The id of one.
pub(super) type StretchId = Id<Stretch>;

/// How many persons are of one household at the most.
pub(super) const MOST: usize = 30;

/// How long a code is good, in seconds: a day, so that who comes home in the evening can
/// still type it.
pub(super) const CODE_GOOD_S: i64 = 24 * 3600;

/// Crockford's base 32: no letter that is read as another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Eight letters at random, 40 bits.
pub(super) fn new_code() -> Result<String> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("the system gives no random bits"))?;
    let letter = |byte: u8| char::from(LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'0'));
    Ok(bytes.into_iter().map(letter).collect())
}

/// A code as it was handed out, however it was typed: in small letters, with gaps, or with
/// letters that look alike.
pub(super) fn tidied(typed: &str) -> String {
    let letters = typed.chars().filter(|letter| letter.is_ascii_alphanumeric());
    letters
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        assert_eq!(tidied("ab1o-lIz9"), "AB1011Z9");
        let code = new_code().expect("random bits");
        assert_eq!(tidied(&code.to_ascii_lowercase()), code);
        assert_eq!(code.len(), 8);
        assert_ne!(code, new_code().expect("random bits"));
    }
}
