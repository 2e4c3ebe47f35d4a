//! A stream that is not let in yet.

use tokio::time::Instant;

/// A head is no longer than this; a longer one is the server's to refuse.
const LONG: usize = 16 * 1024;
/// The kind of stream that carries a caller's connection; its head has a length before it.
const PROXY: u32 = 3;
const HEAD_END: &[u8] = b"\r\n\r\n";

pub(super) struct Held {
    pub(super) since: Instant,
    /// A copy: a piece of what was read would keep all of it in memory.
    data: Vec<u8>,
    /// The head's end is not before this.
    searched: usize,
    ready: bool,
    all: bool,
}

impl Held {
    pub(super) fn since(since: Instant) -> Self {
        Self { since, data: Vec::new(), searched: 0, ready: false, all: false }
    }

    /// More of it, and whether it is all. True when that has made it ready.
    pub(super) fn add(&mut self, data: &[u8], is_all: bool) -> bool {
        self.data.extend_from_slice(data);
        self.all |= is_all;
        let became_ready = !self.ready && self.has_head();
        self.ready |= became_ready;
        became_ready
    }

    /// Whether the head of its request is there, or it is no request at all.
    fn has_head(&mut self) -> bool {
        let Some((kind, rest)) = self.data.split_first_chunk() else { return false };
        if u32::from_be_bytes(*kind) != PROXY {
            return true;
        }
        let Some((length, rest)) = rest.split_first_chunk() else { return false };
        let Ok(length) = usize::try_from(i64::from_le_bytes(*length)) else { return true };
        let Some(request) = rest.get(length..) else { return length > LONG };
        let found = request[self.searched..].windows(HEAD_END.len()).any(|end| end == HEAD_END);
        self.searched = (request.len() + 1).saturating_sub(HEAD_END.len());
        found || request.len() > LONG
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether its head will never come.
    pub(super) fn is_hopeless(&self) -> bool {
        self.all && !self.ready
    }

    /// Whether nothing more of it comes.
    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }
}
