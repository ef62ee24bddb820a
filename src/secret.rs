//! Texts that must not be printed.

use std::fmt;

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
