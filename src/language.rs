//! The two languages in which the product speaks.

use std::borrow::Cow;

/// A language of answers. Chinese where the client does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese, `zh-CN`.
    #[default]
    Zh,
    /// English, `en`.
    En,
}

impl Language {
    /// The first of the two that an `Accept-Language` header prefers (RFC 9110,
    /// 12.5.4); Chinese where it names neither.
    pub fn from_accept_language(header: Option<&str>) -> Self {
        let mut best = (0.0_f32, Self::default());
        for item in header.unwrap_or_default().split(',').take(32) {
            let mut parts = item.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |q| q.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)))
                .unwrap_or(0.0);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = if primary.eq_ignore_ascii_case("zh") {
                Self::Zh
            } else if primary.eq_ignore_ascii_case("en") {
                Self::En
            } else {
                continue;
            };
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The short name by which it is stored: `zh`, `en`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The language of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Zh, Self::En]
            .into_iter()
            .find(|language| language.name() == name)
    }

    /// The tag for `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }
}

/// The same said in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In simplified Chinese.
    pub zh: Cow<'static, str>,
    /// In English.
    pub en: Cow<'static, str>,
}

impl Words {
    /// Both texts.
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The text in that language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_the_client_prefers_wins() {
        let of = |header| Language::from_accept_language(header);
        assert_eq!(of(None), Language::Zh);
        assert_eq!(of(Some("en-GB,zh;q=0.8")), Language::En);
        assert_eq!(of(Some("en;q=0.5, zh-TW")), Language::Zh);
        assert_eq!(of(Some("fr, *;q=0.1")), Language::Zh);
        assert_eq!(of(Some("en;q=nonsense,zh;q=0.1")), Language::Zh);
        assert_eq!(of(Some("en;q=0")), Language::Zh);
    }
}
