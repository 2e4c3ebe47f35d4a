//! Prices as people read them.

/// A price with its thousands apart and nothing in it that a line may break: «24500 ₽» is «24 500 ₽», all with no-break spaces.
/// Words and kopecks stay as they are; equal prices in either spelling are one to the search and to the check of facts.
pub fn price(text: &str) -> String {
    let text: Vec<char> = text.trim().chars().collect();
    let digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len() + 8);
    let mut at = 0;
    while at < text.len() {
        let end = (at..text.len()).find(|at| !digit(*at)).unwrap_or(text.len());
        if end > at {
            let kopecks = at >= 2 && matches!(text[at - 1], '.' | ',') && digit(at - 2);
            for (written, c) in text[at..end].iter().enumerate() {
                if written > 0 && (end - at - written) % 3 == 0 && !kopecks {
                    out.push('\u{a0}');
                }
                out.push(*c);
            }
            at = end;
            continue;
        }
        let c = text[at];
        let within =
            c.is_whitespace() && at > 0 && digit(at - 1) && (digit(at + 1) || text.get(at + 1) == Some(&'₽'));
        out.push(if within { '\u{a0}' } else { c });
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::price;

    #[test]
    fn a_price_has_its_thousands_apart_and_never_breaks() {
        for (text, expected) in [
            ("24500 ₽", "24_500_₽"),
            ("500 ₽", "500_₽"),
            ("1234567 ₽", "1_234_567_₽"),
            ("4\u{a0}500 ₽", "4_500_₽"),
            ("2 800 ₽", "2_800_₽"),
            ("8750,5 ₽", "8_750,5_₽"),
            ("19990.0000 ₽", "19_990.0000_₽"),
            ("от 1500-20000 ₽", "от 1_500-20_000_₽"),
            ("Бесплатно", "Бесплатно"),
            ("", ""),
        ] {
            assert_eq!(price(text), expected.replace('_', "\u{a0}"), "{text}");
        }
    }
}
