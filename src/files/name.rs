//! What a file is called: for people to read, never a path.

/// So many letters at the most.
const MOST: usize = 100;

/// The name as it may be shown, without folders, without letters that cannot be seen or
/// that turn the direction of others, and not too long; none where nothing is left.
pub(super) fn cleaned(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let is_shown = |letter: &char| {
        let turns =
            matches!(*letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        !letter.is_control() && !turns && !matches!(letter, '"' | '<' | '>' | '|' | '?' | '*')
    };
    let shown: String = last.chars().filter(is_shown).take(MOST).collect();
    let trimmed = shown.trim_matches(|letter: char| letter.is_whitespace() || letter == '.');
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The name without its ending, which is ours to say.
pub(super) fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_shows_what_it_is() {
        for (name, shown) in [
            ("照片.jpg", Some("照片.jpg")),
            ("../../etc/passwd", Some("passwd")),
            ("..\\..\\boot.ini", Some("boot.ini")),
            ("C:\\x\\a.png", Some("a.png")),
            ("a\0b\r\nc.jpg", Some("abc.jpg")),
            ("\u{202e}gpj.exe", Some("gpj.exe")),
            ("...", None),
            ("/", None),
            (" .htaccess", Some("htaccess")),
            ("a\"; filename=x", Some("a; filename=x")),
        ] {
            assert_eq!(cleaned(name).as_deref(), shown, "{name:?}");
        }
        assert_eq!(cleaned(&"名".repeat(500)).map(|name| name.chars().count()), Some(MOST));
        assert_eq!((stem("照片.jpg"), stem("照片"), stem(".x")), ("照片", "照片", ".x"));
    }
}
