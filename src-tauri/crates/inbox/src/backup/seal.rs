//! The outer form of a backup: a file in the format of `age` (age-encryption.org/v1) with a passphrase, so that the seller can open
//! it without us: `age --decrypt -o copy.tar FILE`.
//!
//! ```text
//! age-encryption.org/v1
//! -> scrypt SALT LOG_N          the passphrase and the salt give a key …
//! FILE KEY, sealed with it      … that opens the file's own random key
//! --- MAC                       of the lines above, by the file's key
//! NONCE, chunks of 64 KiB       ChaCha20-Poly1305, numbered; the last one is marked as the last
//! ```
//!
//! Written here and not taken from the `age` crate: that brings 170 crates (translations, plug-ins, terminal), this needs the ciphers
//! we have anyway. A test opens a file made by the original program.

use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::BackupError;
use super::secret::BackupSecret;

const MAGIC: &str = "age-encryption.org/v1";
const SALT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
/// 256 MiB and some seconds: whoever made the file wanted more than we can give on every machine.
const MOST_LOG_N: u8 = 18;
/// Nothing in a header is longer than this.
const LONGEST_LINE: usize = 256;

/// Encrypts what is written to it. Call [`Sealer::finish`]; without it the file is cut.
pub(super) struct Sealer<W> {
    out: W,
    stream: Stream,
    chunk: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealer<W> {
    /// Writes the header.
    pub(super) fn begin(mut out: W, secret: &BackupSecret) -> Result<Self, BackupError> {
        let file_key = Zeroizing::new(rand::random::<[u8; 16]>());
        let salt: [u8; 16] = rand::random();
        let log_n = secret.log_n();
        let wrapped = cipher(&*stretch(secret, &salt, log_n)?)?
            .encrypt(&Nonce::default(), file_key.as_slice())
            .map_err(|_| BackupError::Damaged)?;
        let lines =
            format!("{MAGIC}\n-> scrypt {} {log_n}\n{}\n---", BASE64.encode(salt), BASE64.encode(wrapped));
        let mac = BASE64.encode(header_mac(&file_key, lines.as_bytes())?.finalize().into_bytes());
        let nonce: [u8; 16] = rand::random();
        out.write_all(format!("{lines} {mac}\n").as_bytes())?;
        out.write_all(&nonce)?;
        Ok(Self {
            out,
            stream: Stream::new(&file_key, &nonce)?,
            chunk: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    /// Writes the last chunk and gives the file back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_chunk(true)?;
        Ok(self.out)
    }

    fn write_chunk(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.stream.next_nonce(last);
        let sealed = self.stream.cipher.encrypt(&nonce, self.chunk.as_slice());
        self.out.write_all(&sealed.map_err(|_| io::Error::other("a chunk could not be sealed"))?)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits: only when more comes is it known not to be the last.
        if self.chunk.len() == CHUNK {
            self.write_chunk(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Decrypts what is read from it. Every byte it gives is authentic; a damaged or cut file ends in [`BackupError::Damaged`] inside
/// an [`io::Error`].
pub(super) struct Opener<R> {
    input: R,
    stream: Stream,
    chunk: Zeroizing<Vec<u8>>,
    read: usize,
    ended: bool,
}

impl<R: Read> Opener<R> {
    /// Reads the header.
    pub(super) fn begin(mut input: R, secret: &BackupSecret) -> Result<Self, BackupError> {
        let mut lines = Vec::new();
        let first = line(&mut input, &mut lines)?;
        if first.as_deref() != Some(MAGIC) {
            return Err(BackupError::NotABackup);
        }
        let stanza = line(&mut input, &mut lines)?.ok_or(BackupError::Damaged)?;
        let (salt, log_n) = match stanza.split(' ').collect::<Vec<_>>().as_slice() {
            ["->", "scrypt", salt, log_n] => (
                decode::<16>(salt)?,
                log_n.parse::<u8>().ok().filter(|log_n| (1..=MOST_LOG_N).contains(log_n)),
            ),
            // Encrypted for somebody's key: made by another program.
            ["->", ..] => return Err(BackupError::NotABackup),
            _ => return Err(BackupError::Damaged),
        };
        let log_n = log_n.ok_or(BackupError::Damaged)?;
        let wrapped = decode::<32>(&line(&mut input, &mut lines)?.ok_or(BackupError::Damaged)?)?;
        let before_mac = lines.len();
        let mac = line(&mut input, &mut lines)?.ok_or(BackupError::Damaged)?;
        let mac = decode::<32>(mac.strip_prefix("--- ").ok_or(BackupError::Damaged)?)?;
        let file_key = cipher(&*stretch(secret, &salt, log_n)?)?
            .decrypt(&Nonce::default(), wrapped.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| BackupError::WrongSecret)?;
        let file_key: Zeroizing<[u8; 16]> =
            Zeroizing::new(file_key.as_slice().try_into().map_err(|_| BackupError::Damaged)?);
        let covered = lines.get(..before_mac + "---".len()).unwrap_or_default();
        header_mac(&file_key, covered)?.verify_slice(&mac).map_err(|_| BackupError::Damaged)?;
        let mut nonce = [0; 16];
        input.read_exact(&mut nonce).map_err(cut)?;
        Ok(Self {
            input,
            stream: Stream::new(&file_key, &nonce)?,
            chunk: Zeroizing::new(Vec::new()),
            read: 0,
            ended: false,
        })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let mut sealed = Vec::with_capacity(CHUNK + TAG);
        let limit = u64::try_from(CHUNK + TAG).unwrap_or(u64::MAX);
        self.input.by_ref().take(limit).read_to_end(&mut sealed)?;
        // Whether this is the last chunk is told by its nonce alone, so both are tried; a full chunk is rarely the last.
        let full = sealed.len() == CHUNK + TAG;
        let plain = if full { self.stream.open(&sealed, false) } else { None };
        let plain = match plain {
            Some(plain) => plain,
            None => {
                let plain = self.stream.open(&sealed, true).ok_or_else(damaged)?;
                let mut more = [0];
                // Something behind the end, or an empty chunk that is not the only one, is nobody's.
                if self.input.read(&mut more)? > 0 || (plain.is_empty() && self.stream.count > 1) {
                    return Err(damaged());
                }
                self.ended = true;
                plain
            }
        };
        self.chunk = Zeroizing::new(plain);
        self.read = 0;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            if self.ended {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let rest = &self.chunk[self.read..];
        let given = rest.len().min(into.len());
        into[..given].copy_from_slice(&rest[..given]);
        self.read += given;
        Ok(given)
    }
}

/// The chunks' cipher and their numbers.
struct Stream {
    cipher: ChaCha20Poly1305,
    count: u64,
}

impl Stream {
    fn new(file_key: &[u8; 16], nonce: &[u8; 16]) -> Result<Self, BackupError> {
        let mut key = Zeroizing::new([0; 32]);
        expand(Some(nonce), file_key, b"payload", &mut key)?;
        Ok(Self { cipher: cipher(&key)?, count: 0 })
    }

    fn nonce(&self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.count.to_be_bytes());
        nonce[11] = u8::from(last);
        nonce.into()
    }

    fn next_nonce(&mut self, last: bool) -> Nonce {
        let nonce = self.nonce(last);
        self.count += 1;
        nonce
    }

    fn open(&mut self, sealed: &[u8], last: bool) -> Option<Vec<u8>> {
        let plain = self.cipher.decrypt(&self.nonce(last), sealed).ok()?;
        self.count += 1;
        Some(plain)
    }
}

fn stretch(secret: &BackupSecret, salt: &[u8; 16], log_n: u8) -> Result<Zeroizing<[u8; 32]>, BackupError> {
    let params = scrypt::Params::new(log_n, 8, 1).map_err(io::Error::other)?;
    let mut key = Zeroizing::new([0; 32]);
    let salt = [SALT_LABEL, salt].concat();
    scrypt::scrypt(secret.bytes(), &salt, &params, key.as_mut_slice()).map_err(io::Error::other)?;
    Ok(key)
}

fn expand(salt: Option<&[u8]>, key: &[u8], label: &[u8], into: &mut [u8; 32]) -> Result<(), BackupError> {
    let expanded = Hkdf::<Sha256>::new(salt, key).expand(label, into);
    Ok(expanded.map_err(|error| io::Error::other(error.to_string()))?)
}

fn header_mac(file_key: &[u8; 16], covered: &[u8]) -> Result<Hmac<Sha256>, BackupError> {
    let mut key = Zeroizing::new([0; 32]);
    expand(None, file_key, b"header", &mut key)?;
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_slice()).map_err(io::Error::other)?;
    mac.update(covered);
    Ok(mac)
}

fn cipher(key: &[u8; 32]) -> Result<ChaCha20Poly1305, BackupError> {
    ChaCha20Poly1305::new_from_slice(key).map_err(|_| BackupError::Damaged)
}

/// The next line, also put behind what was read; none when there is no line end for long.
fn line(input: &mut impl Read, read: &mut Vec<u8>) -> Result<Option<String>, BackupError> {
    let start = read.len();
    let mut byte = [0];
    while read.len() - start < LONGEST_LINE {
        match input.read_exact(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            other => other?,
        }
        read.push(byte[0]);
        if byte == *b"\n" {
            let text = read.get(start..read.len() - 1).unwrap_or_default();
            return Ok(String::from_utf8(text.to_vec()).ok());
        }
    }
    Ok(None)
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], BackupError> {
    let bytes = BASE64.decode(text).map_err(|_| BackupError::Damaged)?;
    bytes.try_into().map_err(|_| BackupError::Damaged)
}

fn cut(error: io::Error) -> BackupError {
    if error.kind() == io::ErrorKind::UnexpectedEof { BackupError::Damaged } else { error.into() }
}

fn damaged() -> io::Error {
    io::Error::other(BackupError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(words: &str) -> BackupSecret {
        BackupSecret::for_tests(words)
    }

    fn sealed(plain: &[u8], words: &str) -> Vec<u8> {
        let mut sealer = Sealer::begin(Vec::new(), &secret(words)).unwrap();
        sealer.write_all(plain).unwrap();
        sealer.finish().unwrap()
    }

    fn open(file: &[u8], words: &str) -> Result<Vec<u8>, BackupError> {
        let mut plain = Vec::new();
        Opener::begin(file, &secret(words))?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    fn some_bytes(count: usize) -> Vec<u8> {
        (0..count).map(|index| (index * 31 % 251) as u8).collect()
    }

    /// Where the payload begins: behind the four lines.
    fn payload(file: &[u8]) -> usize {
        file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(3).unwrap().0 + 1
    }

    #[test]
    fn what_was_sealed_is_opened_by_its_secret_only() {
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17] {
            let plain = some_bytes(size);
            let file = sealed(&plain, "верная фраза");
            assert_eq!(open(&file, "верная фраза").unwrap(), plain, "{size} bytes");
            assert!(matches!(open(&file, "неверная"), Err(BackupError::WrongSecret)));
        }
    }

    #[test]
    fn a_file_made_by_the_original_program_is_opened() {
        // Made with `age --passphrase`, version 1.1.1.
        let theirs = include_bytes!("testing/by-age.age");
        let plain = open(theirs, "кофемолка и самовар").unwrap();
        assert_eq!(String::from_utf8(plain).unwrap(), "Добрый день! Да, продаётся.\n");
    }

    #[test]
    fn ours_looks_as_the_format_demands() {
        let file = sealed(b"words", "фраза");
        let head = String::from_utf8(file[..payload(&file)].to_vec()).unwrap();
        let lines: Vec<&str> = head.lines().collect();
        assert_eq!(lines[0], "age-encryption.org/v1");
        let stanza: Vec<&str> = lines[1].split(' ').collect();
        assert_eq!((stanza[0], stanza[1], stanza[2].len(), stanza[3]), ("->", "scrypt", 22, "1"));
        assert_eq!((lines[2].len(), lines[3].len()), (43, 4 + 43), "unpadded base 64 of 32 bytes");
        assert_eq!(file.len(), head.len() + 16 + "words".len() + TAG);
    }

    #[test]
    fn a_cut_file_is_told_wherever_it_is_cut() {
        let file = sealed(&some_bytes(2 * CHUNK + 100), "фраза");
        let start = payload(&file);
        let whole_chunks = [start + 16, start + 16 + CHUNK + TAG, start + 16 + 2 * (CHUNK + TAG)];
        let others = [start - 1, start, start + 15, start + 17, start + 16 + CHUNK, file.len() - 1];
        for end in whole_chunks.into_iter().chain(others) {
            assert!(matches!(open(&file[..end], "фраза"), Err(BackupError::Damaged)), "cut at {end}");
        }
    }

    #[test]
    fn a_changed_byte_is_told_wherever_it_is() {
        let file = sealed(&some_bytes(CHUNK + 100), "фраза");
        let start = payload(&file);
        for place in [start, start + 20, start + 16 + CHUNK, start + 16 + CHUNK + TAG, file.len() - 1] {
            let mut changed = file.clone();
            changed[place] ^= 1;
            assert!(matches!(open(&changed, "фраза"), Err(BackupError::Damaged)), "changed at {place}");
        }
        // In the header the changed place may be taken for a wrong secret or another program's file, never for a good one.
        for place in 0..start {
            let mut changed = file.clone();
            changed[place] ^= 1;
            assert!(open(&changed, "фраза").is_err(), "changed at {place}");
        }
    }

    #[test]
    fn chunks_in_another_order_twice_or_behind_the_end_are_told() {
        let file = sealed(&some_bytes(3 * CHUNK), "фраза");
        let (head, body) = file.split_at(payload(&file) + 16);
        let chunks: Vec<&[u8]> = body.chunks(CHUNK + TAG).collect();
        for order in [vec![1, 0, 2], vec![0, 0, 1, 2], vec![0, 2], vec![0, 1, 2, 2], vec![2]] {
            let mut other = head.to_vec();
            for index in &order {
                other.extend_from_slice(chunks[*index]);
            }
            assert!(matches!(open(&other, "фраза"), Err(BackupError::Damaged)), "{order:?}");
        }
    }

    #[test]
    fn what_is_no_backup_is_told_from_a_damaged_one() {
        for file in [&b""[..], b"SQLite format 3\0", b"PK\x03\x04", b"age-encryption.org/v2\n-> x\n"] {
            assert!(matches!(open(file, "фраза"), Err(BackupError::NotABackup)), "{file:?}");
        }
        let other = b"age-encryption.org/v1\n-> X25519 abc\nAAAA\n--- AAAA\n";
        assert!(matches!(open(other, "фраза"), Err(BackupError::NotABackup)));
    }
}
