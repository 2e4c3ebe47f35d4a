//! Reading request bodies within bounds: each of them, all of them together, and in time.
//!
//! Small bodies have a room of their own, so that large ones, however many come, do not keep out a delivery of ordinary size.

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
/// A message of 1000 characters, each of them escaped, takes half of this.
const SMALL: usize = 16 * 1024;

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

/// The bytes of a body. They take their room until they are dropped.
pub(crate) struct Bytes {
    bytes: Vec<u8>,
    _taken: Taken,
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The memory that bodies may take together, bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rooms {
    /// For small bodies alone.
    pub(crate) small: usize,
    /// For all others, and for small ones that find the first room full.
    pub(crate) large: usize,
}

/// What a body has taken of a room.
#[derive(Default)]
struct Taken {
    permits: Option<OwnedSemaphorePermit>,
    of_large: bool,
}

/// Reads bodies; clones share the rooms.
#[derive(Clone)]
pub(crate) struct Reader {
    limit: usize,
    small: usize,
    patience: Duration,
    small_room: Arc<Semaphore>,
    large_room: Arc<Semaphore>,
}

impl Reader {
    /// Bodies of at most `limit` bytes, all that are held at one time within `rooms`.
    pub(crate) fn new(limit: usize, rooms: Rooms) -> Self {
        Self {
            limit,
            small: SMALL,
            patience: PATIENCE,
            small_room: Arc::new(Semaphore::new(rooms.small)),
            large_room: Arc::new(Semaphore::new(rooms.large)),
        }
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
        let mut taken = Taken::default();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Refused::Broken)?;
            let length = bytes.len() + chunk.len();
            if length > self.limit {
                return Err(Refused::TooLarge);
            }
            self.make_room(&mut taken, bytes.len(), length)?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(Bytes { bytes, _taken: taken })
    }

    /// Takes room for a body that grows from one length to another. One that is small no longer moves to the other room.
    fn make_room(&self, taken: &mut Taken, from: usize, to: usize) -> Result<(), Refused> {
        let some = |room: &Arc<Semaphore>, length: usize| {
            let length = u32::try_from(length).map_err(|_| Refused::TooLarge)?;
            room.clone().try_acquire_many_owned(length).map_err(|_| Refused::NoRoom)
        };
        if !taken.of_large {
            if to <= self.small
                && let Ok(more) = some(&self.small_room, to - from)
            {
                taken.add(more);
                return Ok(());
            }
            *taken = Taken { permits: Some(some(&self.large_room, to)?), of_large: true };
            return Ok(());
        }
        taken.add(some(&self.large_room, to - from)?);
        Ok(())
    }
}

impl Taken {
    /// More of the same room.
    fn add(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.permits {
            Some(permits) => permits.merge(more),
            None => self.permits = Some(more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(length: usize) -> Body {
        Body::from(vec![b'x'; length])
    }

    /// Bodies of at most 100 bytes, 250 of them together; those of 10 are small, and have 20 more.
    fn reader() -> Reader {
        Reader { small: 10, ..Reader::new(100, Rooms { small: 20, large: 250 }) }
    }

    /// A body in pieces of these lengths that never comes to its end.
    fn unfinished(pieces: &'static [usize]) -> Body {
        use futures_util::stream::{iter, pending};
        let pieces = iter(pieces.iter().map(|&length| Ok::<_, std::io::Error>(vec![b'x'; length])));
        Body::from_stream(pieces.chain(pending()))
    }

    #[tokio::test]
    async fn large_bodies_in_any_number_leave_room_for_small_ones() {
        let reader = reader();
        let none = HeaderMap::new();
        // All of them begin small, and none of them ends.
        let mut crowd: Vec<_> =
            (0..50).map(|_| Box::pin(reader.read(&none, unfinished(&[5, 5, 80])))).collect();
        let mut refused = 0;
        for large in &mut crowd {
            refused += usize::from(futures_util::poll!(large.as_mut()).is_ready());
        }
        assert_eq!(refused, 48, "two of 90 bytes find room");
        let mut rest = Box::pin(reader.read(&none, unfinished(&[70])));
        assert!(
            futures_util::poll!(rest.as_mut()).is_pending(),
            "and nothing is left for others of their size"
        );
        let small = [reader.read(&none, body(10)).await, reader.read(&none, body(10)).await];
        assert!(small.iter().all(Result::is_ok));
        assert_eq!(
            reader.read(&none, body(10)).await.err(),
            Some(Refused::NoRoom),
            "theirs is bounded as well"
        );
        drop(rest);
        assert!(reader.read(&none, body(10)).await.is_ok(), "what large ones leave is theirs too");
        drop(crowd);
        assert!(reader.read(&none, body(100)).await.is_ok());
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded_and_the_room_comes_back() {
        let reader = reader();
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
        let reader = reader();
        assert_eq!(reader.read(&HeaderMap::new(), body(101)).await.err(), Some(Refused::TooLarge));
        for announced in ["101", "18446744073709551615"] {
            let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, announced.parse().unwrap())]);
            assert_eq!(reader.read(&headers, body(1)).await.err(), Some(Refused::TooLarge), "{announced}");
        }
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let reader = Reader { patience: Duration::from_millis(1), ..reader() };
        let endless = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert_eq!(reader.read(&HeaderMap::new(), endless).await.err(), Some(Refused::TooSlow));
    }
}
