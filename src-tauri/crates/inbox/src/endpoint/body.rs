//! Reading request bodies within bounds: each of them, all of them together, and in time.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Avito waits 2 s for the answer; a body that has not arrived by then never will be answered in time.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Longer than allowed, announced or not.
    TooLarge,
    /// Not here in time.
    TooSlow,
    /// The connection broke, or the body is not written as HTTP has it.
    Broken,
    /// Others take all the room there is.
    NoRoom,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
        }
        .into_response()
    }
}

/// The bytes of a body. They count against the room of all bodies until they are dropped.
pub(crate) struct Bytes {
    bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads bodies; clones share the room.
#[derive(Clone)]
pub(crate) struct Reader {
    limit: usize,
    patience: Duration,
    room: Arc<Semaphore>,
}

impl Reader {
    /// Bodies of at most `limit` bytes, all that are held at one time of at most `room`.
    pub(crate) fn new(limit: usize, room: usize) -> Self {
        Self { limit, patience: PATIENCE, room: Arc::new(Semaphore::new(room)) }
    }

    /// Reads a body to its end.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|l| l > self.limit as u64) {
            return Err(Refused::TooLarge);
        }
        tokio::time::timeout(self.patience, self.collect(body)).await.unwrap_or(Err(Refused::TooSlow))
    }

    async fn collect(&self, body: Body) -> Result<Bytes, Refused> {
        let mut stream = body.into_data_stream();
        let mut bytes = Vec::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Refused::Broken)?;
            if bytes.len() + chunk.len() > self.limit {
                return Err(Refused::TooLarge);
            }
            let needed = u32::try_from(chunk.len()).map_err(|_| Refused::TooLarge)?;
            let more = self.room.clone().try_acquire_many_owned(needed).map_err(|_| Refused::NoRoom)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Bytes { bytes, _room: room })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(length: usize) -> Body {
        Body::from(vec![b'x'; length])
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded_and_the_room_comes_back() {
        let reader = Reader::new(100, 250);
        let none = HeaderMap::new();
        let held = [reader.read(&none, body(100)).await.ok(), reader.read(&none, body(100)).await.ok()];
        assert!(held.iter().all(Option::is_some));
        assert_eq!(reader.read(&none, body(100)).await.err(), Some(Refused::NoRoom));
        assert!(reader.read(&none, body(50)).await.is_ok(), "what fits is read");
        drop(held);
        assert!(reader.read(&none, body(100)).await.is_ok());
    }

    #[tokio::test]
    async fn one_body_is_bounded_announced_or_not() {
        let reader = Reader::new(100, 250);
        assert_eq!(reader.read(&HeaderMap::new(), body(101)).await.err(), Some(Refused::TooLarge));
        for announced in ["101", "18446744073709551615"] {
            let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, announced.parse().unwrap())]);
            assert_eq!(reader.read(&headers, body(1)).await.err(), Some(Refused::TooLarge), "{announced}");
        }
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let reader = Reader { patience: Duration::from_millis(1), ..Reader::new(100, 250) };
        let endless = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert_eq!(reader.read(&HeaderMap::new(), endless).await.err(), Some(Refused::TooSlow));
    }
}
