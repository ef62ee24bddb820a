//! The numbers of household cards: twelve digits, of which the last checks the others.

use crate::error::{Error, Result};

const DIGITS: usize = 12;

/// The check digit (ISO/IEC 7064, MOD 11,10): a wrong digit, and nearly any two that were
/// exchanged, are found.
fn check_digit(digits: &[u8]) -> u8 {
    let product = digits.iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        let sum = if sum == 0 { 10 } else { sum };
        sum * 2 % 11
    });
    (11 - product) % 10
}

/// A number that nobody can guess: eleven digits by chance.
pub(in crate::identity) fn new_card() -> Result<String> {
    let mut digits = Vec::with_capacity(DIGITS);
    while digits.len() < DIGITS - 1 {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("the system gives no random bits"))?;
        // Each digit is as likely as any other.
        digits.extend(bytes.iter().filter(|byte| **byte < 250).map(|byte| byte % 10));
    }
    digits.truncate(DIGITS - 1);
    digits.push(check_digit(&digits));
    Ok(digits.iter().map(|digit| char::from(b'0' + digit)).collect())
}

/// The number as somebody typed it, without what stands between its digits; none where it
/// cannot be one.
pub(in crate::identity) fn tidied(typed: &str) -> Option<String> {
    let number: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let digits: Vec<u8> = number.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    let is_number = digits.len() == DIGITS && digits.iter().all(|digit| *digit < 10);
    let (last, others) = digits.split_last()?;
    (is_number && check_digit(others) == *last).then_some(number)
}

/// The number as it is read out: four digits, and four, and four.
pub(in crate::identity) fn grouped(number: &str) -> String {
    let letters: Vec<char> = number.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_and_a_wrong_digit_is_found() {
        for _ in 0..100 {
            let number = new_card().expect("random bits");
            assert_eq!(tidied(&grouped(&number)), Some(number.clone()));
            for at in 0..DIGITS {
                let mut wrong: Vec<u8> = number.bytes().collect();
                wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
                assert_eq!(
                    tidied(&String::from_utf8(wrong).expect("digits")),
                    None,
                    "{number} at {at}"
                );
            }
        }
        for wrong in ["", "1", "12345678901a", "1234567890123"] {
            assert_eq!(tidied(wrong), None, "{wrong}");
        }
    }
}
