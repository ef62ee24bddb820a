//! Phone numbers, which are printed by nobody.

use std::fmt;
use std::str::FromStr;

use crate::text::mask_phone;

/// A number in E.164. `Debug` shows it masked and there is no `Display`, so that no
/// log line has one by accident.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// The whole number, for whoever dials it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What others are shown of it.
    pub fn masked(&self) -> String {
        mask_phone(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A text that is no phone number; it is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number: a mainland mobile, or + with the country code")]
pub struct NotAPhone;

impl FromStr for Phone {
    type Err = NotAPhone;

    fn from_str(text: &str) -> Result<Self, NotAPhone> {
        let international = match text.strip_prefix('+') {
            Some(digits) => digits.to_owned(),
            None if is_mainland_mobile(text) => format!("86{text}"),
            None => return Err(NotAPhone),
        };
        let is_number = international.bytes().all(|c| c.is_ascii_digit()) && !international.starts_with('0');
        let is_known = match international.strip_prefix("86") {
            Some(national) => is_mainland_mobile(national),
            None => (7..=15).contains(&international.len()),
        };
        if is_number && is_known {
            Ok(Self(format!("+{international}")))
        } else {
            Err(NotAPhone)
        }
    }
}

fn is_mainland_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && bytes[1] >= b'3' && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_whichever_way_they_are_written() {
        let read = |text: &str| text.parse::<Phone>().map(|phone| phone.0);
        assert_eq!(read("13800138000").as_deref(), Ok("+8613800138000"));
        assert_eq!(read("+8613800138000").as_deref(), Ok("+8613800138000"));
        assert_eq!(read("+85291234567").as_deref(), Ok("+85291234567"));
        assert_eq!(read("+886912345678").as_deref(), Ok("+886912345678"));
        for wrong in [
            "",
            "+",
            "138",
            "12800138000",
            "+8601012345678",
            "+8612800138000",
            "008613800138000",
            "+0138001380",
            "1380013800a",
            "+44 7911 123456",
            "+1234567890123456",
            "１３８００１３８０００",
        ] {
            assert_eq!(read(wrong), Err(NotAPhone), "{wrong}");
        }
    }

    #[test]
    fn the_published_pattern_takes_the_same_numbers() {
        use crate::identity::view::{CodeRequest, SignIn};
        use utoipa::PartialSchema;
        let of = |schema: utoipa::openapi::RefOr<utoipa::openapi::Schema>| {
            let schema = serde_json::to_value(schema).expect("JSON");
            schema["properties"]["phone"]["pattern"]
                .as_str()
                .expect("a pattern")
                .to_owned()
        };
        let published = of(CodeRequest::schema());
        assert_eq!(published, of(SignIn::schema()));
        let schema = serde_json::json!({ "type": "string", "pattern": published });
        let pattern = jsonschema::validator_for(&schema).expect("a pattern");
        for text in [
            "13800138000",
            "+8613800138000",
            "+85291234567",
            "+886912345678",
            "+447911123456",
            "+8601012345678",
            "+86138",
            "12800138000",
            "+0123456",
            "+123456",
            "+1234567",
            "+123456789012345",
            "+1234567890123456",
            "+81312345678",
            "+812345",
            "+8123456",
            "",
        ] {
            let by_pattern = pattern.is_valid(&serde_json::json!(text));
            assert_eq!(by_pattern, text.parse::<Phone>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_phone_is_not_printed() {
        let phone: Phone = "13800138000".parse().expect("a number");
        assert_eq!(format!("{phone:?}"), "138****8000");
    }
}
