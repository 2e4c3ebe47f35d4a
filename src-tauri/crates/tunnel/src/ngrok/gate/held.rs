//! A stream that is not let in yet.

use tokio::time::Instant;

/// A head is no longer than this; a longer one is the server's to refuse.
const LONG: usize = 16 * 1024;
/// The kind of stream that carries a caller's connection; its head has a length before it.
const PROXY: u32 = 3;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// How far its request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its head is not there.
    Silent,
    /// Its head is there, and more of it is to come, or it is none at all.
    Part,
    /// It can be answered at once; also whatever is no request.
    Whole,
}

pub(super) struct Held {
    pub(super) since: Instant,
    /// A copy: a piece of what was read would keep all of it in memory.
    data: Vec<u8>,
    /// The head's end is not before this.
    searched: usize,
    /// So long is the whole of it; none: not known, or without end.
    whole: Option<usize>,
    has_head: bool,
    all: bool,
}

impl Held {
    pub(super) fn since(since: Instant) -> Self {
        Self { since, data: Vec::new(), searched: 0, whole: None, has_head: false, all: false }
    }

    /// More of it, and whether it is all.
    pub(super) fn add(&mut self, data: &[u8], is_all: bool) {
        self.data.extend_from_slice(data);
        self.all |= is_all;
        if !self.has_head {
            self.has_head = self.look_for_head();
        }
    }

    pub(super) fn standing(&self) -> Standing {
        match self.whole {
            _ if !self.has_head => Standing::Silent,
            Some(whole) if self.data.len() >= whole => Standing::Whole,
            _ => Standing::Part,
        }
    }

    /// Whether the head of its request is there, or it is no request at all.
    fn look_for_head(&mut self) -> bool {
        let Some((kind, rest)) = self.data.split_first_chunk() else { return false };
        if u32::from_be_bytes(*kind) != PROXY {
            self.whole = Some(0);
            return true;
        }
        let Some((length, rest)) = rest.split_first_chunk() else { return false };
        let Ok(length) = usize::try_from(i64::from_le_bytes(*length)) else { return true };
        let Some(request) = rest.get(length..) else { return length > LONG };
        let ends = request[self.searched..].windows(HEAD_END.len()).position(|end| end == HEAD_END);
        if let Some(end) = ends {
            let head = &request[..self.searched + end];
            let before = self.data.len() - request.len() + head.len() + HEAD_END.len();
            self.whole = body_length(head).and_then(|body| before.checked_add(body));
            return true;
        }
        self.searched = (request.len() + 1).saturating_sub(HEAD_END.len());
        request.len() > LONG
    }

    /// Whether its head will never come.
    pub(super) fn is_hopeless(&self) -> bool {
        self.all && !self.has_head
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

/// How long the body after this head is; none when it does not say.
fn body_length(head: &[u8]) -> Option<usize> {
    let mut length = Some(0);
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return None;
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
        }
    }
    length
}
