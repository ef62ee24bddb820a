//! What may be shown of a text that names a person.

/// A phone number in E.164 with its middle hidden: `138****8000` for a mainland
/// mobile, elsewhere the first three and the last two digits.
pub fn mask_phone(number: &str) -> String {
    let (shown, hidden_from, hidden_to) = match number.strip_prefix("+86") {
        Some(national) if national.len() == 11 => (national, 3, 7),
        _ => (number, 4, number.len().saturating_sub(2)),
    };
    shown
        .char_indices()
        .map(|(at, c)| if (hidden_from..hidden_to).contains(&at) { '*' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_hides_at_least_four_digits() {
        assert_eq!(mask_phone("+8613800138000"), "138****8000");
        assert_eq!(mask_phone("+447911123456"), "+447*******56");
        assert_eq!(mask_phone("+85291234567"), "+852******67");
        assert_eq!(mask_phone("+3161234"), "+316**34", "a short number shows five");
    }
}
