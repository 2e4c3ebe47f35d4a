//! Words typed with the keyboard in the other language: `ghbdtn` is «привет», «шзрщту» is iphone.

const ENGLISH: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";

/// The text that the same keys give in the Russian layout, letter for letter.
pub fn english_keys_to_russian(text: &str) -> String {
    map(text, ENGLISH, RUSSIAN).replace('ё', "е")
}

/// The text that the same keys give in the English layout, letter for letter.
pub fn russian_keys_to_english(text: &str) -> String {
    map(text, RUSSIAN, ENGLISH)
}

fn map(text: &str, from: &str, to: &str) -> String {
    let key =
        |character: char| from.chars().position(|key| key == character).and_then(|at| to.chars().nth(at));
    text.chars().flat_map(char::to_lowercase).map(|character| key(character).unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layout_reads_what_the_other_typed() {
        assert_eq!(english_keys_to_russian("ghbdtn"), "привет");
        assert_eq!(english_keys_to_russian("Crjkmrj cnjbn lbdfy?"), "сколько стоит диван?");
        assert_eq!(russian_keys_to_english("шзрщту"), "iphone");
    }
}
