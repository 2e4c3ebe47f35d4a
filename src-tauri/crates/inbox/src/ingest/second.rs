//! Order within one second. Avito's seconds are all a message tells of its time; the order among messages of one second is that of
//! Avito's list, and a second may lie on the border of two pages.

use rusqlite::Connection;

use crate::ids::{ChatId, MessageId};
use crate::store::{StoreError, messages};

/// Whether a page of a chat's messages may leave some out at its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// Newer ones: it is not the first page.
    pub(crate) newer: bool,
    /// Older ones: it is a full page.
    pub(crate) older: bool,
}

impl Beyond {
    /// Of the page of this length (with what could not be read) at this offset.
    pub(crate) fn of(offset: u32, length: u32) -> Self {
        Self { newer: offset > 0, older: length >= crate::sync::PAGE }
    }
}

/// Makes room for the messages of one second of a page (Avito's ids, oldest first) among those we hold of that second and which
/// are not on it. Answers the place of the first, and whether others had to move.
///
/// `beyond` is about this second. On both sides, our own order of the others decides, as an earlier reading left it.
pub(super) fn make_room(
    connection: &Connection,
    chat: ChatId,
    sent_s: i64,
    run: &[&str],
    beyond: Beyond,
) -> Result<(i64, bool), StoreError> {
    let held = messages::of_second(connection, chat, sent_s)?;
    let (on_page, others): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|message| run.contains(&message.avito_id.as_str()));
    if others.is_empty() {
        return Ok((0, false));
    }
    let first = on_page.iter().map(|message| message.tie).min();
    let is_before = |tie: i64| match (beyond.older, beyond.newer) {
        (false, _) => false,
        (true, false) => true,
        (true, true) => first.is_some_and(|first| tie < first),
    };
    let (before, after): (Vec<_>, Vec<_>) = others.into_iter().partition(|message| is_before(message.tie));
    let place = count(before.len());
    let behind = place + count(run.len());
    let wanted = |(list, start): (Vec<messages::InSecond>, i64)| {
        list.into_iter().zip(start..).filter(|(message, tie)| message.tie != *tie)
    };
    let moves: Vec<(MessageId, i64)> =
        [(before, 0), (after, behind)].into_iter().flat_map(wanted).map(|(m, tie)| (m.id, tie)).collect();
    for (message, tie) in &moves {
        messages::set_tie(connection, *message, *tie)?;
    }
    Ok((place, !moves.is_empty()))
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
