//! A language model behind any OpenAI-compatible address.

mod client;
mod embeddings;
mod error;
mod presets;
mod transport;

pub use client::{Check, Client, Endpoint, Usage, Words};
pub use embeddings::{Embedded, Reads};
pub use error::{ModelError, Retry};
pub use presets::{PRESETS, Preset};
