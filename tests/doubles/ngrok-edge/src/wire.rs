//! Streams and messages as they stand on the wire.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use muxado::typed::{StreamType, TypedStream};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

pub(crate) const AUTH: u32 = 0;
pub(crate) const BIND: u32 = 1;
pub(crate) const UNBIND: u32 = 2;
pub(crate) const PROXY: u32 = 3;
pub(crate) const RESTART: u32 = 4;
pub(crate) const STOP: u32 = 5;
pub(crate) const STOP_TUNNEL: u32 = 9;
pub(crate) const HEARTBEAT: u32 = u32::MAX;

/// More is no message.
const LIMIT: usize = 256 * 1024;

/// A stream that can be handed on as one.
pub(crate) struct Pipe(pub(crate) TypedStream);

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

pub(crate) fn kind(kind: u32) -> StreamType {
    StreamType::clamp(kind)
}

/// One JSON value; nothing tells its length, and the other side keeps the stream open.
pub(crate) async fn read_json(pipe: &mut Pipe) -> io::Result<Value> {
    let mut bytes = Vec::new();
    loop {
        if pipe.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => return Ok(value),
            Err(error) if error.is_eof() && bytes.len() < LIMIT => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// An answer: one JSON value and the end of the stream.
pub(crate) async fn answer(pipe: &mut Pipe, value: &Value) -> io::Result<()> {
    pipe.write_all(value.to_string().as_bytes()).await?;
    pipe.shutdown().await
}

/// The head of a stream that carries one public connection.
pub(crate) async fn write_proxy_head(pipe: &mut Pipe, value: &Value) -> io::Result<()> {
    let text = value.to_string();
    let mut head = i64::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes().to_vec();
    head.extend_from_slice(text.as_bytes());
    pipe.write_all(&head).await
}
