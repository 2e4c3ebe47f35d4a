//! Identifiers in the forms that Avito's have.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use crate::model::{ChatKind, MessageId};

const CHAT_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
const PLAIN_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `u2i-` and 22 characters; `~`, `_` and `-` occur in every id, because clients trip over them.
pub(crate) fn chat(rng: &mut StdRng, kind: ChatKind) -> String {
    let mut body: Vec<u8> = (0..22).map(|_| CHAT_ALPHABET[rng.random_range(0..62)]).collect();
    for (third, special) in [b'~', b'_', b'-'].into_iter().enumerate() {
        let place = 1 + third * 7 + rng.random_range(0..6_usize);
        body[place] = special;
    }
    format!("{}-{}", kind.name(), String::from_utf8_lossy(&body))
}

pub(crate) fn message(rng: &mut StdRng) -> MessageId {
    MessageId((u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64()))
}

pub(crate) fn plain(rng: &mut StdRng, length: usize) -> String {
    (0..length).map(|_| char::from(PLAIN_ALPHABET[rng.random_range(0..PLAIN_ALPHABET.len())])).collect()
}

pub(crate) fn uuid(rng: &mut StdRng) -> String {
    let mut bytes = [0_u8; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Like `12345.12345abcdefghijklm`.
pub(crate) fn image(rng: &mut StdRng) -> String {
    let number = rng.random_range(10_000_000_000_u64..99_999_999_999);
    format!("{number}.{number}{}", plain(rng, 12).to_lowercase())
}

/// Beyond 2³¹, as today's are.
pub(crate) fn item(rng: &mut StdRng) -> i64 {
    rng.random_range(7_100_000_000..7_699_999_999)
}

pub(crate) fn buyer(rng: &mut StdRng) -> i64 {
    rng.random_range(200_000_000..399_999_999)
}
