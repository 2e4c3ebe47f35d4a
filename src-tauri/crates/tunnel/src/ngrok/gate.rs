//! A stream of the service is let in when its request's head is there, so that nobody waits for one that has only begun.
//!
//! The crate takes new streams one after the other: while it waits for the head of one, 64 more may queue, and then it reads
//! nothing at all, not even the head it waits for. A crowd whose streams are all opened before their heads are written brings the
//! session to a stop until a missed heartbeat ends it. So what the service opens is held here, between the connection and the
//! crate's multiplexer, until the head of the request has come (muxado has no order among streams), or for a moment at the most.
//!
//! Only what we read is looked at; what the crate writes passes as it is. A muxado frame is `length:24 kind:4 flags:4 stream:32`,
//! big-endian, and then so many bytes.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_util::bytes::{Buf as _, BufMut as _, BytesMut};
use tokio_util::io::poll_read_buf;

/// A stream is held no longer, whatever has come of it. Who really delivers sends its head at once.
const PATIENCE: Duration = Duration::from_millis(500);
/// No more are held than these; beyond, the oldest are let in as they are.
const MOST: usize = 512;
/// A head is no longer than this, and a longer frame is not held.
const LONG: usize = 16 * 1024;
const FRAME_HEAD: usize = 8;
const DATA: u8 = 1;
const FIN: u8 = 1;
const SYN: u8 = 2;
/// The kind of stream that carries a caller's connection; its head has a length before it.
const PROXY: u32 = 3;

/// A connection to the service whose new streams come with their heads.
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
    look: Pin<Box<Sleep>>,
    ended: bool,
}

/// A stream that is not let in yet.
struct Held {
    since: Instant,
    data: BytesMut,
}

impl Held {
    /// Whether the head of its request is there, or it is no request at all.
    fn is_ready(&self) -> bool {
        let Some((kind, rest)) = self.data.split_first_chunk() else { return false };
        if u32::from_be_bytes(*kind) != PROXY {
            return true;
        }
        let Some((length, rest)) = rest.split_first_chunk() else { return false };
        let Ok(length) = usize::try_from(i64::from_le_bytes(*length)) else { return true };
        let Some(request) = rest.get(length..) else { return length > LONG };
        request.len() > LONG || request.windows(4).any(|end| end == b"\r\n\r\n")
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
            look: Box::pin(tokio::time::sleep(Duration::ZERO)),
            ended: false,
        }
    }

    /// Goes through what has arrived, as far as it is whole.
    fn sort(&mut self) {
        loop {
            let passing = self.arrived.split_to(self.passing.min(self.arrived.len()));
            self.passing -= passing.len();
            self.passed.unsplit(passing);
            let Some((head, rest)) = self.arrived.split_first_chunk::<FRAME_HEAD>() else { return };
            let [l0, l1, l2, kind_and_flags, s0, s1, s2, s3] = *head;
            let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            let (kind, flags) = (kind_and_flags >> 4, kind_and_flags & 0xf);
            let stream = u32::from_be_bytes([s0, s1, s2, s3]);
            let begins = flags & SYN != 0 || self.held.contains_key(&stream);
            let goes_on = flags & FIN == 0;
            if !(begins && goes_on && kind == DATA && length <= LONG) {
                self.let_in(stream);
                self.passing = FRAME_HEAD + length;
                continue;
            }
            if rest.len() < length {
                return;
            }
            self.arrived.advance(FRAME_HEAD);
            let data = self.arrived.split_to(length);
            let held = self
                .held
                .entry(stream)
                .or_insert_with(|| Held { since: Instant::now(), data: BytesMut::new() });
            held.data.unsplit(data);
            if held.is_ready() {
                self.let_in(stream);
            }
            if self.held.len() > MOST {
                self.let_in_oldest();
            }
        }
    }

    /// Lets in whoever was held for long enough; not in the middle of another frame.
    fn let_in_those_due(&mut self) {
        while self.passing == 0
            && self.held.values().next().is_some_and(|oldest| oldest.since.elapsed() >= PATIENCE)
        {
            self.let_in_oldest();
        }
    }

    fn let_in_oldest(&mut self) {
        if let Some(oldest) = self.held.keys().next().copied() {
            self.let_in(oldest);
        }
    }

    /// All that has come of a stream, as one frame that opens it.
    fn let_in(&mut self, stream: u32) {
        let Some(held) = self.held.remove(&stream) else { return };
        // Much less than 2^24.
        let length = u32::try_from(held.data.len()).unwrap_or_default();
        self.passed.put_u32(length << 8 | u32::from(DATA << 4 | SYN));
        self.passed.put_u32(stream);
        self.passed.unsplit(held.data);
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
            if !this.passed.is_empty() {
                let bytes = this.passed.split_to(buf.remaining().min(this.passed.len()));
                buf.put_slice(&bytes);
                return Poll::Ready(Ok(()));
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            this.arrived.reserve(LONG);
            match poll_read_buf(Pin::new(&mut this.connection), cx, &mut this.arrived)? {
                Poll::Ready(0) => {
                    this.ended = true;
                    while !this.held.is_empty() {
                        this.let_in_oldest();
                    }
                }
                Poll::Ready(_) => {
                    this.sort();
                    this.let_in_those_due();
                }
                Poll::Pending => {
                    let oldest = this.held.values().next().filter(|_| this.passing == 0);
                    let Some(oldest) = oldest else { return Poll::Pending };
                    let due = oldest.since + PATIENCE;
                    if this.look.deadline() != due {
                        this.look.as_mut().reset(due);
                    }
                    ready!(this.look.as_mut().poll(cx));
                    this.let_in_those_due();
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, data: &[u8]) -> Vec<u8> {
        let mut frame =
            (u32::try_from(data.len()).unwrap() << 8 | u32::from(kind << 4 | flags)).to_be_bytes().to_vec();
        frame.extend(stream.to_be_bytes());
        frame.extend(data);
        frame
    }

    /// What opens a stream that carries a connection, up to its own head.
    fn opening(head: &str) -> (Vec<u8>, Vec<u8>) {
        let length = i64::try_from(head.len()).unwrap().to_le_bytes();
        (PROXY.to_be_bytes().to_vec(), [&length, head.as_bytes()].concat())
    }

    const REQUEST: &[u8] = b"POST / HTTP/1.1\r\n\r\nbody";

    /// What the reader has got when all of this was written, in pieces of this size, and nothing more comes for now.
    async fn read(
        written: &[Vec<u8>],
        piece: usize,
    ) -> (Vec<u8>, Gate<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (mut far, near) = tokio::io::duplex(1 << 20);
        let mut gate = Gate::new(near);
        for part in written.concat().chunks(piece) {
            far.write_all(part).await.unwrap();
        }
        let mut got = Vec::new();
        let all = async { while gate.read_buf(&mut got).await.unwrap() > 0 {} };
        let _ = tokio::time::timeout(PATIENCE / 2, all).await;
        (got, gate, far)
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_let_in_with_its_head_however_many_were_opened_before() {
        let (kind, head) = opening("{}");
        let mut written = Vec::new();
        for stream in (2..=200).step_by(2) {
            written.push(frame(DATA, SYN, stream, &kind));
        }
        written.push(frame(2, 0, 7, &[0, 0, 1, 0])); // another stream's business passes
        written.push(frame(DATA, 0, 9, b"too"));
        written.push(frame(DATA, 0, 100, &head));
        written.push(frame(DATA, 0, 100, &REQUEST[..10]));
        written.push(frame(DATA, 0, 100, &REQUEST[10..]));
        written.push(frame(DATA, 0, 100, b"more"));
        let whole = [&kind[..], &head, REQUEST].concat();
        let expected = [
            frame(2, 0, 7, &[0, 0, 1, 0]),
            frame(DATA, 0, 9, b"too"),
            frame(DATA, SYN, 100, &whole),
            frame(DATA, 0, 100, b"more"),
        ]
        .concat();
        for piece in [1, 7, 1 << 20] {
            let (got, mut gate, _far) = read(&written, piece).await;
            assert_eq!(got, expected, "in pieces of {piece}");
            // The silent ones come after a moment, in their order.
            let mut first = [0; 12];
            gate.read_exact(&mut first).await.unwrap();
            assert_eq!(first.as_slice(), frame(DATA, SYN, 2, &kind));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_let_in_in_the_middle_of_another_frame() {
        let (kind, _) = opening("{}");
        let long = frame(DATA, 0, 7, &vec![b'x'; 3 * LONG]);
        let (first, rest) = long.split_at(LONG);
        let (mut got, mut gate, mut far) = read(&[frame(DATA, SYN, 2, &kind), first.to_vec()], 1 << 20).await;
        assert_eq!(got, first);
        tokio::time::sleep(2 * PATIENCE).await;
        let mut more = [0; 100];
        assert!(
            tokio::time::timeout(PATIENCE, gate.read(&mut more)).await.is_err(),
            "the frame has not come yet"
        );
        for part in [&rest[..100], &rest[100..]] {
            far.write_all(part).await.unwrap();
            let all = async { while gate.read_buf(&mut got).await.unwrap() > 0 {} };
            let _ = tokio::time::timeout(PATIENCE, all).await;
        }
        assert_eq!(got, [long, frame(DATA, SYN, 2, &kind)].concat());
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_ends_a_stream_or_is_no_request_is_not_held() {
        let (kind, head) = opening("{}");
        let begun = [&kind[..], &head, b"POST"].concat();
        let large = vec![b'x'; LONG + 1];
        let written = [
            frame(DATA, SYN, 2, &[0, 0, 0, 5]), // a command of the dashboard
            frame(DATA, SYN, 4, &begun),
            frame(0, 0, 4, &[0, 0, 0, 1]), // taken back
            frame(DATA, SYN, 6, &begun),
            frame(DATA, FIN, 6, b""),
            frame(DATA, SYN, 8, &begun),
            frame(DATA, 0, 8, &large),
            frame(3, 0, 0, b"goodbye!"),
        ];
        assert_eq!(read(&written, 1 << 20).await.0, written.concat());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_is_bounded_and_nothing_of_it_is_lost_at_the_end() {
        let (kind, _) = opening("{}");
        let count = u32::try_from(MOST).unwrap() + 10;
        let written: Vec<Vec<u8>> = (1..=count).map(|number| frame(DATA, SYN, 2 * number, &kind)).collect();
        let (mut got, mut gate, far) = read(&written, 1 << 20).await;
        assert_eq!(got, written[..10].concat(), "the oldest make room");
        drop(far);
        gate.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, written.concat());
    }
}
