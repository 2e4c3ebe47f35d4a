//! Between the connection to the service and the crate's multiplexer: streams are let in when their request's head is there and
//! a place is free, so that no crowd of strangers holds up the crate or breaks it.
//!
//! The crate takes new streams one after the other: while it waits for the head of one, 64 more may queue, and then it reads
//! nothing at all, not even the head it waits for. It breaks the whole session at 512 streams, and at one that ends within its first
//! four bytes. So what the service opens is held here, where it costs its bytes and no more (muxado has no order among streams).
//! Requests that are whole are let in first: they are answered at once, and a delivery is one. Those whose bodies are still on the
//! way have few places, so that a flood of them takes little of the program's time.
//!
//! Who is silent for too long, or too many, is refused: the crate answers bytes for a stream it does not know with a reset, so bytes
//! that open nothing are all it takes; what still comes for such a stream is dropped. A reset by the service is passed on as an end,
//! which the crate's readers notice; a reset would leave them waiting.
//!
//! Of what the crate writes only the ends of streams are noted: each makes a place free. A muxado frame is
//! `length:24 kind:4 flags:4 stream:32`, big-endian, and then so many bytes.

mod held;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_util::bytes::{Buf as _, BufMut as _, BytesMut};
use tokio_util::io::poll_read_buf;

use held::{Held, Standing};

/// So many streams are in at once. Those that have ended count in the crate until it notices, which may be as many again, and each
/// may have sent 256 KiB that nobody has read yet.
const PLACES: usize = 160;
/// So many of them are for requests that are not whole.
const PART_PLACES: usize = 32;
/// The whole time a stream is held; a stranger's connection at the port lives no longer.
const LIFE: Duration = Duration::from_secs(10);
/// No more are held than these, and no more of their bytes; beyond, the oldest are refused.
const MOST: usize = 4096;
const WEIGHT: usize = 8 << 20;
/// Who has sent more and finds no place is refused. A delivery of Avito's has a few KiB.
const LARGE: usize = 64 << 10;
/// So many streams that were reset are remembered.
const REMEMBERED: usize = 1 << 16;
/// The window of a stream: a longer frame breaks the protocol, and is the crate's to answer.
const WINDOW: usize = 256 << 10;
/// So much is read at once.
const CHUNK: usize = 16 << 10;

const FRAME_HEAD: usize = 8;
const RESET: u8 = 0;
const DATA: u8 = 1;
const WINDOW_INCREASE: u8 = 2;
const FIN: u8 = 1;
const SYN: u8 = 2;

/// A connection to the service whose new streams come with their heads, and not too many at once.
pub(super) struct Gate<S> {
    connection: S,
    /// Read and not yet looked at.
    arrived: BytesMut,
    /// So much of what arrives next is the rest of a frame that passes as it is.
    passing: usize,
    /// For the reader.
    passed: BytesMut,
    /// By number, which is also the order in which they were opened.
    held: BTreeMap<u32, Held>,
    /// Bytes of all that is held.
    weight: usize,
    /// Those of them whose requests are whole, and those of whose requests only the heads are there; some may have left.
    whole: VecDeque<u32>,
    parts: VecDeque<u32>,
    /// Let in, and not ended by the crate.
    open: HashSet<u32>,
    /// Those of them that were not whole then.
    open_parts: HashSet<u32>,
    /// The crate has been made to reset them; nothing more is said of what comes for them.
    reset: HashSet<u32>,
    written: Written,
    reader: Option<Waker>,
    look: Pin<Box<Sleep>>,
}

/// A frame's head.
struct Head {
    length: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

impl Head {
    fn of([l0, l1, l2, kind_and_flags, s0, s1, s2, s3]: [u8; FRAME_HEAD]) -> Self {
        Self {
            length: u32::from_be_bytes([0, l0, l1, l2]) as usize,
            kind: kind_and_flags >> 4,
            flags: kind_and_flags & 0xf,
            stream: u32::from_be_bytes([s0, s1, s2, s3]),
        }
    }

    /// Whether the service has opened this stream: its numbers are even.
    fn is_theirs(&self) -> bool {
        self.stream != 0 && self.stream.is_multiple_of(2)
    }
}

/// How far the crate is within the frame it writes.
#[derive(Default)]
struct Written {
    head: Vec<u8>,
    left: usize,
}

impl Written {
    /// Goes through what was written, and tells of each stream that ends.
    fn note(&mut self, mut bytes: &[u8], mut ends: impl FnMut(u32)) {
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let missing = (FRAME_HEAD - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if let Ok(head) = <[u8; FRAME_HEAD]>::try_from(self.head.as_slice()) {
                self.head.clear();
                let head = Head::of(head);
                self.left = head.length;
                if head.kind == RESET || (head.kind == DATA && head.flags & FIN != 0) {
                    ends(head.stream);
                }
            }
        }
    }
}

impl<S> Gate<S> {
    pub(super) fn new(connection: S) -> Self {
        Self {
            connection,
            arrived: BytesMut::new(),
            passing: 0,
            passed: BytesMut::new(),
            held: BTreeMap::new(),
            weight: 0,
            whole: VecDeque::new(),
            parts: VecDeque::new(),
            open: HashSet::new(),
            open_parts: HashSet::new(),
            reset: HashSet::new(),
            written: Written::default(),
            reader: None,
            look: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Goes through what has arrived, as far as it is whole.
    fn sort(&mut self) {
        loop {
            let passing = self.arrived.split_to(self.passing.min(self.arrived.len()));
            self.passing -= passing.len();
            self.passed.unsplit(passing);
            if self.passing > 0 {
                return;
            }
            let Some((head, rest)) = self.arrived.split_first_chunk::<FRAME_HEAD>() else { return };
            let head = Head::of(*head);
            let is_held = self.held.contains_key(&head.stream);
            let is_open = self.open.contains(&head.stream);
            let waits = head.is_theirs()
                && match head.kind {
                    DATA => !is_open,
                    RESET => true,
                    WINDOW_INCREASE => is_held,
                    _ => false,
                };
            if !waits || head.length > WINDOW {
                self.passing = FRAME_HEAD + head.length;
                continue;
            }
            if rest.len() < head.length {
                return;
            }
            self.arrived.advance(FRAME_HEAD);
            let data = self.arrived.split_to(head.length);
            match head.kind {
                DATA if is_held || head.flags & SYN != 0 => {
                    self.hold(head.stream, &data, head.flags & FIN != 0);
                }
                DATA if head.flags & FIN != 0 => {
                    self.reset.remove(&head.stream);
                }
                DATA => self.reset(head.stream),
                RESET if is_open => self.pass(FIN, head.stream, &[]),
                RESET => {
                    self.take(head.stream);
                    self.reset.remove(&head.stream);
                }
                _ => {}
            }
        }
    }

    /// More of a stream that is held, or its beginning.
    fn hold(&mut self, stream: u32, data: &[u8], is_all: bool) {
        self.weight += data.len();
        let held = self.held.entry(stream).or_insert_with(|| Held::since(Instant::now()));
        let before = held.standing();
        held.add(data, is_all);
        match held.standing() {
            now if now == before => {}
            Standing::Whole => self.whole.push_back(stream),
            Standing::Part => self.parts.push_back(stream),
            Standing::Silent => {}
        }
        self.let_in();
        match self.held.get(&stream) {
            Some(held) if held.is_hopeless() || held.len() > LARGE => self.refuse(stream),
            _ => {}
        }
        while self.held.len() > MOST || self.weight > WEIGHT {
            let silent = self.held.iter().find(|(_, held)| held.standing() == Standing::Silent);
            let Some((oldest, _)) = silent.or_else(|| self.held.iter().next()) else { return };
            self.refuse(*oldest);
        }
    }

    /// Lets in those whose heads are there, as far as there are places.
    fn let_in(&mut self) {
        while self.open.len() < PLACES {
            let part = |gate: &mut Self| match gate.open_parts.len() < PART_PLACES {
                true => gate.parts.pop_front(),
                false => None,
            };
            let Some(stream) = self.whole.pop_front().or_else(|| part(self)) else { return };
            let Some(held) = self.take(stream) else { continue };
            self.open.insert(stream);
            if held.standing() == Standing::Part {
                self.open_parts.insert(stream);
            }
            self.pass(SYN, stream, held.data());
            if held.is_all() {
                self.pass(FIN, stream, &[]);
            }
        }
    }

    fn refuse(&mut self, stream: u32) {
        if self.take(stream).is_some() {
            self.reset(stream);
        }
    }

    /// Makes the crate reset a stream that it does not know, once.
    fn reset(&mut self, stream: u32) {
        if self.reset.len() >= REMEMBERED {
            self.reset.clear();
        }
        if self.reset.insert(stream) {
            self.pass(0, stream, &[]);
        }
    }

    /// Refuses those whose time is over.
    fn refuse_old(&mut self) {
        while let Some((oldest, held)) = self.held.iter().next()
            && held.since.elapsed() >= LIFE
        {
            self.refuse(*oldest);
        }
    }

    fn take(&mut self, stream: u32) -> Option<Held> {
        let held = self.held.remove(&stream)?;
        self.weight -= held.len();
        Some(held)
    }

    /// One frame for the reader; only between others.
    fn pass(&mut self, flags: u8, stream: u32, data: &[u8]) {
        // At most what a window holds: much less than 2^24.
        let length = u32::try_from(data.len()).unwrap_or_default();
        self.passed.put_u32(length << 8 | u32::from(DATA << 4 | flags));
        self.passed.put_u32(stream);
        self.passed.put_slice(data);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.passing == 0 {
                this.let_in();
                this.refuse_old();
            }
            if !this.passed.is_empty() {
                let bytes = this.passed.split_to(buf.remaining().min(this.passed.len()));
                buf.put_slice(&bytes);
                return Poll::Ready(Ok(()));
            }
            this.arrived.reserve(CHUNK);
            match poll_read_buf(Pin::new(&mut this.connection), cx, &mut this.arrived)? {
                Poll::Ready(0) => return Poll::Ready(Ok(())),
                Poll::Ready(_) => this.sort(),
                Poll::Pending => {
                    this.reader = Some(cx.waker().clone());
                    let oldest = this.held.values().next().filter(|_| this.passing == 0);
                    let Some(oldest) = oldest else { return Poll::Pending };
                    let due = oldest.since + LIFE;
                    if this.look.deadline() != due {
                        this.look.as_mut().reset(due);
                    }
                    ready!(this.look.as_mut().poll(cx));
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let count = ready!(Pin::new(&mut this.connection).poll_write(cx, buf))?;
        let before = this.open.len();
        let (open, open_parts) = (&mut this.open, &mut this.open_parts);
        this.written.note(&buf[..count], |stream| {
            open.remove(&stream);
            open_parts.remove(&stream);
        });
        let left = this.open.len() < before;
        if left
            && !this.held.is_empty()
            && let Some(reader) = this.reader.take()
        {
            reader.wake();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
