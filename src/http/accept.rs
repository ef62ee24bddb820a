//! Which of two media types a client would rather have (RFC 9110, 12.5.1).

/// What an `Accept` header says of a media type: its quality, and where it is named.
fn wish(accept: &str, wanted: &str) -> Option<(f32, usize)> {
    let family = wanted.split('/').next().unwrap_or_default();
    let mut best: Option<(u8, f32, usize)> = None;
    for (position, item) in accept.split(',').take(64).enumerate() {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = weight.map_or(1.0, |text| text.parse().unwrap_or(0.0_f32));
        let precision = if range == wanted {
            3
        } else if range == format!("{family}/*") {
            2
        } else if range == "*/*" {
            1
        } else {
            continue;
        };
        if best.is_none_or(|(known, _, _)| precision > known) {
            let position = if precision == 3 { position } else { usize::MAX };
            best = Some((precision, quality, position));
        }
    }
    best.filter(|(_, quality, _)| *quality > 0.0)
        .map(|(_, quality, position)| (quality, position))
}

/// The media type of `offered` that the client prefers; the first one where it
/// has no preference or says nothing, none where it takes none of them.
pub fn preferred<'a>(accept: Option<&str>, offered: &[&'a str]) -> Option<&'a str> {
    let Some(accept) = accept else {
        return offered.first().copied();
    };
    let mut best: Option<(&'a str, f32, usize)> = None;
    for kind in offered {
        let Some((quality, position)) = wish(accept, kind) else {
            continue;
        };
        let is_better = best.is_none_or(|(_, known, at)| quality > known || (quality == known && position < at));
        if is_better {
            best = Some((kind, quality, position));
        }
    }
    best.map(|(kind, _, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_what_it_prefers_or_learns_that_it_cannot() {
        let of = |accept| preferred(accept, &["application/json", "application/geo+json"]);
        let (json, geo) = (Some("application/json"), Some("application/geo+json"));
        assert_eq!(of(None), json);
        assert_eq!(of(Some("*/*")), json);
        assert_eq!(of(Some("application/geo+json, application/json")), geo);
        assert_eq!(of(Some("application/json, application/geo+json")), json);
        assert_eq!(of(Some("application/geo+json;q=0.5, application/json")), json);
        assert_eq!(of(Some("application/geo+json, */*;q=0.1")), geo);
        assert_eq!(of(Some("APPLICATION/GEO+JSON")), geo);
        assert_eq!(of(Some("text/html, application/*;q=0.2")), json);
        assert_eq!(of(Some("application/json;q=0")), None);
        assert_eq!(of(Some("text/html")), None);
    }
}
