//! An agent's resets as the service takes them: the stream is over, also for whoever only reads from it.
//!
//! The multiplexer tells a reset to those who write and to nobody else. So on the way from the agent a reset becomes an end. A
//! frame is `length:24 kind:4 flags:4 stream:32`, big-endian, and then so many bytes.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_util::bytes::{Buf as _, BufMut as _, BytesMut};

const HEAD: usize = 8;
/// The kind of frame, in the upper half of its byte.
const RESET: u8 = 0;
/// Data with the flag of the end, and no bytes.
const END: [u8; 4] = [0, 0, 0, 0x11];

/// Copies what an agent says until it is silent for good.
pub(crate) async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    at_once: usize,
) -> io::Result<()> {
    let (mut arrived, mut passed) = (BytesMut::with_capacity(at_once), BytesMut::new());
    let mut passing = 0_usize;
    while from.read_buf(&mut arrived).await? > 0 {
        loop {
            let part = arrived.split_to(passing.min(arrived.len()));
            passing -= part.len();
            passed.unsplit(part);
            let Some((head, rest)) = arrived.split_first_chunk::<HEAD>() else { break };
            let [l0, l1, l2, kind_and_flags, stream @ ..] = *head;
            let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            if kind_and_flags >> 4 != RESET {
                passing = HEAD + length;
                continue;
            }
            if rest.len() < length {
                break;
            }
            arrived.advance(HEAD + length);
            passed.put_slice(&END);
            passed.put_slice(&stream);
        }
        to.write_all_buf(&mut passed).await?;
        arrived.reserve(at_once);
    }
    to.shutdown().await
}
