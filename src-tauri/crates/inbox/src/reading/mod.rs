//! Reading the store into the rows of [`crate::view`]. Nothing here writes.

pub(crate) mod chats;
pub(crate) mod thread;
