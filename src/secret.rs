//! Texts that must not be printed.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A secret. It shows as `***`, and comparing takes the same time for every guess.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Of this text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a guess is right. Hashes are compared, so that where two differ
    /// says nothing about the secret.
    pub fn is(&self, guess: &str) -> bool {
        Sha256::digest(self.0.as_bytes()) == Sha256::digest(guess.as_bytes())
    }

    /// 244 random bits from the system, in hexadecimal.
    pub fn random() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A key of 256 bits. It shows as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 256 bits from the system.
    pub fn random() -> Result<Self, String> {
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "the system gives no random bits".to_owned())?;
        Ok(Self(bytes))
    }

    /// The bytes themselves.
    pub const fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// As 64 hexadecimal digits, for the file that keeps it.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FromStr for SecretKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a key has 64 hexadecimal digits; make one with bin/secrets".to_owned();
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(wrong)?;
        if digits.iter().all(|digit| *digit == digits[0]) {
            return Err("this looks like an example; make one with bin/secrets".into());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_digits_and_shows_nothing() {
        let key = SecretKey::random().expect("random bits");
        assert_eq!(key.to_hex().parse::<SecretKey>().as_ref(), Ok(&key));
        assert_eq!(format!("{key:?}"), "***");
        for wrong in ["", "abc", &"0".repeat(64), &"g1".repeat(32), &"a1".repeat(33)] {
            assert!(wrong.parse::<SecretKey>().is_err(), "{wrong}");
        }
    }
}
