//! The analysis holds for any text: it never fails, is stable, and knows where every token stood.

use knowledge::analysis::{Kind, sentences, stem, tokens};
use proptest::prelude::*;

fn texts(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.text).collect()
}

/// Text as people type it, with what breaks tokenizers: numbers, marks, other alphabets, invisible characters.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[а-яА-ЯёЁ]{1,9}",
        2 => "[a-zA-Z]{1,6}",
        3 => "[0-9]{1,4}",
        2 => "[ .,:;/x×х-]{1,2}",
        1 => "[₽%°«»—–\u{a0}\u{202f}\u{200b}\u{ad}\u{301}\u{306}\u{308}½²①ﬁ]",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_has_tokens_in_order_that_are_not_empty_and_do_not_overlap(text in any_text()) {
        let mut end = 0;
        for token in tokens(&text) {
            prop_assert!(!token.text.is_empty());
            prop_assert!(token.span.start >= end && token.span.end > token.span.start);
            prop_assert!(text.is_char_boundary(token.span.start) && text.is_char_boundary(token.span.end));
            prop_assert!(!stem(&token.text).is_empty());
            end = token.span.end;
        }
        prop_assert!(end <= text.len());
    }

    #[test]
    fn the_normal_form_of_a_normal_form_is_itself(text in any_text()) {
        for token in tokens(&text) {
            prop_assert_eq!(texts(&token.text), vec![token.text.clone()], "from {:?}", text);
        }
    }

    #[test]
    fn case_and_yo_change_no_token(text in "[а-яёa-z0-9 ,.-]{0,40}") {
        prop_assert_eq!(texts(&text), texts(&text.to_uppercase().replace('Ё', "Е")));
    }

    #[test]
    fn sentences_are_in_order_and_lose_no_word(text in any_text()) {
        let mut end = 0;
        let mut kept = 0;
        for span in sentences(&text) {
            prop_assert!(span.start >= end);
            kept += text[span.clone()].chars().filter(|character| character.is_alphanumeric()).count();
            end = span.end;
        }
        prop_assert_eq!(kept, text.chars().filter(|character| character.is_alphanumeric()).count());
    }
}

#[test]
fn what_a_token_stands_for_reads_as_the_token() {
    let text = "Ксенон «D2S», 9\u{a0}000 ₽ за пару; 14,5 кг, 3–4 дня, с 10:00";
    let read: Vec<(&str, String)> =
        tokens(text).into_iter().map(|token| (&text[token.span], token.text)).collect();
    let of = |word: &str| read.iter().find(|(original, _)| *original == word).unwrap().1.clone();
    assert_eq!(of("9\u{a0}000"), "9000");
    assert_eq!(of("14,5"), "14.5");
    assert_eq!(of("D2S"), "d2s");
    assert_eq!(of("10:00"), "10");
    assert_eq!(of("₽"), "руб");
}

#[test]
fn numbers_sizes_and_part_numbers_are_exact() {
    assert_eq!(texts("1.500 1,500 0,125 2,50"), ["1500", "1500", "0.125", "2.5"]);
    assert_eq!(texts("120×60 120x60 120х60"), ["120", "60", "120", "60", "120", "60"]);
    assert_eq!(texts("модули 3,0 и 3.0 дюйма"), ["модули", "3", "и", "3", "дюйма"]);
    assert_eq!(texts("iPhone 13 128 ГБ"), ["iphone", "13", "128", "гб"]);
    assert_eq!(texts("айфон13 64гб"), ["айфон", "13", "64", "гб"]);
    assert_eq!(texts("13й, 2в1, 30к, 12.5т"), ["13", "2", "1", "30000", "12500"]);
    assert_eq!(texts("30.09.2024"), ["30", "09", "2024"]);
    assert_eq!(tokens("А54")[0].kind, Kind::Code);
    assert_eq!(texts("б/у, Б.У. и бу"), ["бу", "бу", "и", "бу"]);
    assert_eq!(texts("Wi-Fi"), ["wifi"]);
    assert_eq!(texts("cдэк сaмовывоз"), ["сдэк", "самовывоз"], "Latin c and a inside");
}
