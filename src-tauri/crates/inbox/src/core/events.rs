//! The event log: what came to the endpoint, and what became of it.

use super::Core;
use crate::error::CoreError;
use crate::ids::{AccountId, EventId};
use crate::line::self_test;
use crate::store::events::{self, EventRow, Which};
use crate::view::{EventFilter, EventOutcome, EventQuery, EventRowView, Notice};

/// Longest page.
const PAGE: u32 = 200;
/// Longest body that is shown, bytes.
const BODY: usize = 64 * 1024;

impl Core {
    /// A page of the event log, the newest first.
    pub async fn event_log(&self, query: EventQuery) -> Result<Vec<EventRowView>, CoreError> {
        let which = match query.filter {
            EventFilter::All => Which::All,
            EventFilter::Messages => Which::Messages,
            EventFilter::SelfTests => Which::SelfTests,
            EventFilter::Other => Which::Other,
        };
        let limit = query.limit.min(PAGE);
        let rows = self
            .inner
            .store
            .read(move |c| events::page(c, query.account, which, query.before, limit))
            .await?;
        Ok(rows.into_iter().map(shape).collect())
    }

    /// The body of a delivery: JSON in lines, anything else as it came, and only its beginning when it is very long.
    pub async fn event_body(&self, id: EventId) -> Result<String, CoreError> {
        let body = self.inner.store.read(move |c| events::body(c, id)).await?;
        let body = body.ok_or_else(|| CoreError::not_found("no such delivery"))?;
        let json = serde_json::from_slice::<serde_json::Value>(&body).ok();
        let text = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
        let mut text = text.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
        if text.len() > BODY {
            text.truncate(text.floor_char_boundary(BODY));
            text.push('…');
        }
        Ok(text)
    }

    /// Empties the log; deliveries that are not taken in yet stay, and so do all messages.
    pub async fn clear_event_log(&self, account: Option<AccountId>) -> Result<(), CoreError> {
        self.inner.store.write(move |c| events::clear(c, account)).await?;
        self.notify(Notice::Accounts);
        Ok(())
    }
}

fn shape(row: EventRow) -> EventRowView {
    let outcome = match (row.state, row.outcome.as_str()) {
        (0, _) => EventOutcome::Waiting,
        (1, self_test::KIND) => EventOutcome::SelfTest,
        (1, _) => EventOutcome::Taken,
        (3, _) | (2, "not json") => EventOutcome::NotJson,
        (_, "empty") => EventOutcome::Empty,
        (_, "unknown kind") => EventOutcome::OtherKind,
        (_, "another account's") => EventOutcome::OtherAccount,
        _ => EventOutcome::Failed,
    };
    EventRowView {
        id: row.id,
        account: row.account,
        received_ms: row.received_ms,
        kind: row.kind,
        chat: row.chat,
        buyer: row.buyer,
        size: row.size,
        delay_ms: row.delay_ms,
        outcome,
    }
}
