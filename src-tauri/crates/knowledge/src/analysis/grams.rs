//! Character 3- and 4-grams of a word with its borders: what typos and word formation leave standing.

/// Three or four characters, packed; equal grams are equal numbers.
pub(crate) type Gram = u64;

/// The different grams of `word`, sorted. A border counts as a character, so a one-letter word has one gram.
pub(crate) fn grams(word: &str) -> Vec<Gram> {
    let mut characters: Vec<u16> = vec![u16::from(b' ')];
    // Characters beyond 16 bits do not occur in words that are compared; they share a number.
    characters.extend(word.chars().map(|character| u16::try_from(u32::from(character)).unwrap_or(u16::MAX)));
    characters.push(u16::from(b' '));
    let mut out: Vec<Gram> = [3, 4].iter().flat_map(|size| characters.windows(*size)).map(pack).collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn pack(characters: &[u16]) -> Gram {
    characters.iter().fold(0, |packed, character| packed << 16 | Gram::from(*character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_its_borders_in_its_grams() {
        assert_eq!(grams("я").len(), 1);
        assert_eq!(grams("дом").len(), 3 + 2);
        assert_ne!(grams("дома"), grams("мода"));
    }
}
