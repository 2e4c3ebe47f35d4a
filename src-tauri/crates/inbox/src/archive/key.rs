//! The key of an encrypted archive, and its written form: the recovery code.

use std::fmt;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest as _, Sha256};

/// Crockford's base 32: no I, L, O and U, which are misread or misheard.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 128 bits take 26 letters, 5 bits each.
const KEY_LETTERS: usize = 26;
/// Two letters that tell a typing error from a wrong code.
const CHECK_LETTERS: usize = 2;
const GROUP: usize = 4;

/// 128 random bits. Whoever has them can read the archive.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveKey(Zeroizing<[u8; 16]>);

/// The text is no recovery code: letters are missing, too many, or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a recovery code: check it letter by letter")]
pub struct BadCode;

impl ArchiveKey {
    /// A new key.
    pub(crate) fn generate() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// The written form: `ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345`, seven groups, the last two letters are a check.
    pub fn recovery_code(&self) -> SecretString {
        let digits = base32(&self.0).chain(check(&self.0));
        let mut code = Zeroizing::new(String::new());
        for (index, digit) in digits.enumerate() {
            if index > 0 && index % GROUP == 0 {
                code.push('-');
            }
            code.push(char::from(LETTERS[usize::from(digit)]));
        }
        SecretString::from(code.as_str())
    }

    /// Reads a recovery code as people type it: any case, with or without dashes and spaces, with Russian letters that look like
    /// Latin ones.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        let digits = text.chars().filter(|letter| !is_separator(*letter)).map(digit);
        let digits = Zeroizing::new(digits.collect::<Option<Vec<u8>>>().ok_or(BadCode)?);
        if digits.len() != KEY_LETTERS + CHECK_LETTERS {
            return Err(BadCode);
        }
        let mut bits = Zeroizing::new([0_u8; 16]);
        for (index, digit) in digits[..KEY_LETTERS].iter().enumerate() {
            for bit in 0..5 {
                let place = index * 5 + bit;
                let set = digit >> (4 - bit) & 1;
                match bits.get_mut(place / 8) {
                    Some(byte) => *byte |= set << (7 - place % 8),
                    None if set == 1 => return Err(BadCode), // the last letter carries two spare bits
                    None => {}
                }
            }
        }
        if !check(&bits).eq(digits[KEY_LETTERS..].iter().copied()) {
            return Err(BadCode);
        }
        Ok(Self(bits))
    }

    /// The value of SQLCipher's `PRAGMA key` and `ATTACH … KEY`: a raw key, so that opening a connection derives nothing.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        let raw = Zeroizing::new(self.digest(b"prilavok archive 1: database"));
        let mut text = Zeroizing::new(String::with_capacity(67));
        text.push_str("x'");
        for byte in raw.iter() {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\'');
        text
    }

    /// Tells this key from others without giving it away: 8 bytes of a digest of 128 random bits.
    pub(crate) fn fingerprint(&self) -> String {
        let digest = self.digest(b"prilavok archive 1: fingerprint");
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn digest(&self, purpose: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(purpose).chain_update(self.0.as_slice()).finalize().into()
    }
}

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveKey(…)")
    }
}

/// The bits in groups of five, the last group filled with zeros.
fn base32(bytes: &[u8; 16]) -> impl Iterator<Item = u8> {
    (0..KEY_LETTERS).map(|index| {
        (0..5).fold(0, |digit, bit| {
            let place = index * 5 + bit;
            let set = bytes.get(place / 8).map_or(0, |byte| byte >> (7 - place % 8) & 1);
            digit << 1 | set
        })
    })
}

fn check(bytes: &[u8; 16]) -> impl Iterator<Item = u8> {
    let digest = Sha256::new().chain_update(b"prilavok archive 1: check").chain_update(bytes).finalize();
    [digest[0] & 31, digest[1] & 31].into_iter()
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '.' | '_')
}

/// The value of a letter as it is typed or read from paper.
fn digit(letter: char) -> Option<u8> {
    let letter = letter.to_uppercase().next()?;
    let latin = match letter {
        'О' | 'O' => '0',
        'I' | 'L' => '1',
        'З' => '3',
        'А' => 'A',
        'В' => 'B',
        'С' => 'C',
        'Е' | 'Ё' => 'E',
        'Н' => 'H',
        'К' => 'K',
        'М' => 'M',
        'Р' => 'P',
        'Т' => 'T',
        'Х' => 'X',
        'У' => 'Y',
        other => other,
    };
    let place = LETTERS.iter().position(|known| char::from(*known) == latin)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn code(key: &ArchiveKey) -> String {
        key.recovery_code().expose_secret().to_owned()
    }

    #[test]
    fn a_recovery_code_is_seven_groups_of_four_and_gives_the_key_back() {
        for _ in 0..200 {
            let key = ArchiveKey::generate();
            let code = code(&key);
            assert_eq!(code.len(), 34);
            assert!(code.split('-').all(|group| group.len() == 4));
            assert_eq!(ArchiveKey::parse(&code), Ok(key));
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let key = ArchiveKey(Zeroizing::new([0xA5; 16]));
        let code = code(&key);
        assert_eq!(ArchiveKey::parse(&code.to_lowercase()), Ok(key.clone()));
        assert_eq!(ArchiveKey::parse(&format!("  {} ", code.replace('-', " "))), Ok(key.clone()));
        assert_eq!(ArchiveKey::parse(&code.replace('-', "")), Ok(key.clone()));
        let russian = code.replace('M', "М").replace('T', "Т").replace('A', "а").replace('0', "о");
        assert_eq!(ArchiveKey::parse(&russian), Ok(key));
    }

    #[test]
    fn a_mistyped_letter_or_two_swapped_groups_are_told() {
        let key = ArchiveKey(Zeroizing::new(*b"0123456789abcdef"));
        let good = code(&key);
        let mut told = 0;
        let mut tried = 0;
        for (place, letter) in good.char_indices().filter(|(_, letter)| *letter != '-') {
            for other in LETTERS.iter().map(|other| char::from(*other)).filter(|other| *other != letter) {
                let mut wrong = good.clone();
                wrong.replace_range(place..=place, &other.to_string());
                tried += 1;
                told += usize::from(ArchiveKey::parse(&wrong).is_err());
            }
        }
        // Ten bits of check: one error in 1024 passes and then simply does not open the archive.
        assert!(told * 100 > tried * 99, "{told} of {tried}");
        let groups: Vec<&str> = good.split('-').collect();
        let swapped = [groups[1], groups[0]].into_iter().chain(groups[2..].iter().copied());
        assert_eq!(ArchiveKey::parse(&swapped.collect::<Vec<_>>().join("-")), Err(BadCode));
        assert_eq!(ArchiveKey::parse(""), Err(BadCode));
        assert_eq!(ArchiveKey::parse(&good[1..]), Err(BadCode));
    }

    #[test]
    fn nothing_shows_the_key_by_accident() {
        let key = ArchiveKey(Zeroizing::new([7; 16]));
        assert_eq!(format!("{key:?}"), "ArchiveKey(…)");
        assert!(!key.pragma().contains(&key.fingerprint()));
        assert_ne!(key.fingerprint(), ArchiveKey::generate().fingerprint());
    }
}
