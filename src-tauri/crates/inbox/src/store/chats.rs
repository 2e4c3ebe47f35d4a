//! Table `chats`: who talks with whom about what, and how far each chat was read from Avito.

use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, ChatId, MediaId, MessageId};

/// A chat as stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredChat {
    pub(crate) id: ChatId,
    pub(crate) account: AccountId,
    pub(crate) avito_id: String,
    pub(crate) buyer_id: Option<i64>,
    pub(crate) buyer_name: Option<String>,
    pub(crate) buyer_profile_url: Option<String>,
    pub(crate) buyer_avatar: Option<MediaId>,
    pub(crate) item_id: Option<i64>,
    pub(crate) item_title: Option<String>,
    pub(crate) item_price: Option<String>,
    pub(crate) item_url: Option<String>,
    pub(crate) item_place: Option<String>,
    pub(crate) item_status: Option<i64>,
    pub(crate) item_picture: Option<MediaId>,
    pub(crate) updated_ms: i64,
    pub(crate) last_message: Option<MessageId>,
    pub(crate) last_words_ours: Option<bool>,
    pub(crate) unread: u32,
    pub(crate) hidden_by_tariff: bool,
    pub(crate) history_done: bool,
    pub(crate) composer_text: String,
}

/// Columns of [`StoredChat`], for queries that join (alias `c`).
pub(crate) const COLUMNS: &str = "c.id, c.account, c.avito_id, c.buyer_id, c.buyer_name, c.buyer_profile_url, \
    c.buyer_avatar, c.item_id, c.item_title, c.item_price, c.item_url, c.item_place, c.item_status, c.item_picture, \
    c.updated_ms, c.last_message, c.last_words_ours, c.unread, c.hidden_by_tariff, c.history_done, c.composer_text";

/// Reads the columns named by [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<StoredChat> {
    Ok(StoredChat {
        id: row.get(0)?,
        account: row.get(1)?,
        avito_id: row.get(2)?,
        buyer_id: row.get(3)?,
        buyer_name: row.get(4)?,
        buyer_profile_url: row.get(5)?,
        buyer_avatar: row.get(6)?,
        item_id: row.get(7)?,
        item_title: row.get(8)?,
        item_price: row.get(9)?,
        item_url: row.get(10)?,
        item_place: row.get(11)?,
        item_status: row.get(12)?,
        item_picture: row.get(13)?,
        updated_ms: row.get(14)?,
        last_message: row.get(15)?,
        last_words_ours: row.get(16)?,
        unread: row.get(17)?,
        hidden_by_tariff: row.get(18)?,
        history_done: row.get(19)?,
        composer_text: row.get(20)?,
    })
}

/// One chat by local id.
pub(crate) fn get(connection: &Connection, id: ChatId) -> Result<Option<StoredChat>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM chats c WHERE c.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Notes that the seller has blocked a buyer.
pub(crate) fn set_blocked(
    connection: &Connection,
    account: AccountId,
    buyer: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO blocked_buyers (account, buyer_id, blocked_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        (account, buyer, now_ms),
    )?;
    Ok(())
}

/// When the seller blocked a buyer, if so.
pub(crate) fn blocked_ms(
    connection: &Connection,
    account: AccountId,
    buyer: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT blocked_ms FROM blocked_buyers WHERE account = ?1 AND buyer_id = ?2")?
        .query_row((account, buyer), |row| row.get(0))
        .optional()?)
}

/// What chats may have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Common {
    Item,
    Buyer,
}

/// The index is named: by the one that gives their order all chats of the account would be read.
fn others_sql(common: Common) -> String {
    let (column, index) = match common {
        Common::Item => ("item_id", "chats_by_item"),
        Common::Buyer => ("buyer_id", "chats_by_buyer"),
    };
    format!(
        "SELECT {COLUMNS} FROM chats c INDEXED BY {index}
         WHERE c.account = ?1 AND c.{column} = (SELECT {column} FROM chats WHERE id = ?2)
         AND c.id <> ?2 ORDER BY c.updated_ms DESC, c.id DESC LIMIT ?3"
    )
}

/// The account's other chats about the same item, or with the same buyer, newest first.
pub(crate) fn others_with(
    connection: &Connection,
    chat: &StoredChat,
    common: Common,
    limit: u32,
) -> Result<Vec<StoredChat>, StoreError> {
    let mut statement = connection.prepare_cached(&others_sql(common))?;
    Ok(statement.query_map((chat.account, chat.id, limit), read)?.collect::<Result<_, _>>()?)
}

/// Local id of a chat, when we know it.
pub(crate) fn find(
    connection: &Connection,
    account: AccountId,
    avito_id: &str,
) -> Result<Option<ChatId>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM chats WHERE account = ?1 AND avito_id = ?2")?
        .query_row((account, avito_id), |row| row.get(0))
        .optional()?)
}

/// Local id of a chat, made when it is new (details follow).
pub(crate) fn id_of(
    connection: &Connection,
    account: AccountId,
    avito_id: &str,
) -> Result<ChatId, StoreError> {
    if let Some(id) = find(connection, account, avito_id)? {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO chats (account, avito_id) VALUES (?1, ?2)")?
        .execute((account, avito_id))?;
    Ok(ChatId(connection.last_insert_rowid()))
}

/// What Avito says of a chat. `None` keeps what we had: a listing that Avito no longer names stays in the archive.
#[derive(Debug, Default)]
pub(crate) struct ChatDetails {
    pub(crate) buyer_id: Option<i64>,
    pub(crate) buyer_name: Option<String>,
    pub(crate) buyer_profile_url: Option<String>,
    pub(crate) buyer_avatar: Option<MediaId>,
    pub(crate) item_id: Option<i64>,
    pub(crate) item_title: Option<String>,
    pub(crate) item_price: Option<String>,
    pub(crate) item_url: Option<String>,
    pub(crate) item_place: Option<String>,
    pub(crate) item_status: Option<i64>,
    pub(crate) item_picture: Option<MediaId>,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) hidden_by_tariff: bool,
    pub(crate) search_text: String,
}

/// Writes the details. Answers whether anything changed; if not, nothing is written: a poll asks about every chat of a page.
pub(crate) fn set_details(
    connection: &Connection,
    id: ChatId,
    new: &ChatDetails,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE chats SET
               details_known = 1,
               buyer_id = coalesce(?2, buyer_id), buyer_name = coalesce(?3, buyer_name),
               buyer_profile_url = coalesce(?4, buyer_profile_url), buyer_avatar = coalesce(?5, buyer_avatar),
               item_id = coalesce(?6, item_id), item_title = coalesce(?7, item_title),
               item_price = coalesce(?8, item_price), item_url = coalesce(?9, item_url),
               item_place = coalesce(?10, item_place), item_status = coalesce(?11, item_status),
               item_picture = coalesce(?12, item_picture),
               created_ms = coalesce(nullif(?13, 0), created_ms),
               updated_ms = max(updated_ms, ?14), hidden_by_tariff = ?15, search_text = ?16
             WHERE id = ?1 AND
               (details_known, buyer_id, buyer_name, buyer_profile_url, buyer_avatar, item_id, item_title, item_price,
                item_url, item_place, item_status, item_picture, created_ms, hidden_by_tariff, search_text, updated_ms)
               IS NOT
               (1, coalesce(?2, buyer_id), coalesce(?3, buyer_name), coalesce(?4, buyer_profile_url),
                coalesce(?5, buyer_avatar), coalesce(?6, item_id), coalesce(?7, item_title), coalesce(?8, item_price),
                coalesce(?9, item_url), coalesce(?10, item_place), coalesce(?11, item_status), coalesce(?12, item_picture),
                coalesce(nullif(?13, 0), created_ms), ?15, ?16, max(updated_ms, ?14))",
        )?
        .execute(rusqlite::params![
            id,
            new.buyer_id,
            new.buyer_name,
            new.buyer_profile_url,
            new.buyer_avatar,
            new.item_id,
            new.item_title,
            new.item_price,
            new.item_url,
            new.item_place,
            new.item_status,
            new.item_picture,
            new.created_ms,
            new.updated_ms,
            new.hidden_by_tariff,
            new.search_text,
        ])?;
    Ok(changed > 0)
}

/// How far a chat was read from Avito.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadState {
    pub(crate) seen_updated_s: i64,
    pub(crate) seen_last_id: String,
    pub(crate) confirmed_s: Option<i64>,
    pub(crate) history_offset: u32,
    pub(crate) history_done: bool,
}

/// How far this chat was read.
pub(crate) fn read_state(connection: &Connection, id: ChatId) -> Result<ReadState, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT seen_updated_s, seen_last_id, confirmed_s, history_offset, history_done FROM chats WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(ReadState {
                seen_updated_s: row.get(0)?,
                seen_last_id: row.get(1)?,
                confirmed_s: row.get(2)?,
                history_offset: row.get(3)?,
                history_done: row.get(4)?,
            })
        })?)
}

/// Notes that the chat was read to its end: everything up to `confirmed_s` is in the store.
pub(crate) fn set_seen(
    connection: &Connection,
    id: ChatId,
    updated_s: i64,
    last_id: &str,
    confirmed_s: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE chats SET seen_updated_s = ?2, seen_last_id = ?3, confirmed_s = max(coalesce(confirmed_s, 0), ?4)
             WHERE id = ?1",
        )?
        .execute((id, updated_s, last_id, confirmed_s))?;
    Ok(())
}

/// Notes how far old messages were read.
pub(crate) fn set_history(
    connection: &Connection,
    id: ChatId,
    offset: u32,
    done: bool,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE chats SET history_offset = ?2, history_done = ?3 WHERE id = ?1")?
        .execute((id, offset, done))?;
    Ok(())
}

/// Brings the derived columns (order, last words, unread) up to date with the messages.
pub(crate) fn refresh(connection: &Connection, id: ChatId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE chats SET
               last_message = (SELECT id FROM messages WHERE chat = ?1
                               ORDER BY sent_s DESC, rank DESC, tie DESC, avito_id DESC LIMIT 1),
               last_words_ours = (SELECT outgoing FROM messages WHERE chat = ?1 AND rank = 0
                                  ORDER BY sent_s DESC, rank DESC, tie DESC, avito_id DESC LIMIT 1),
               last_words = coalesce((SELECT fold(text) FROM messages WHERE chat = ?1
                                      ORDER BY sent_s DESC, rank DESC, tie DESC, avito_id DESC LIMIT 1), ''),
               updated_ms = max(updated_ms, coalesce((SELECT max(sent_s) * 1000 FROM messages WHERE chat = ?1), 0)),
               unread = (SELECT count(*) FROM messages WHERE chat = ?1 AND unread = 1)
             WHERE id = ?1",
        )?
        .execute([id])?;
    Ok(())
}

/// The seller has looked: everything in the chat counts as read, and Avito shall be told. False: nothing was unread.
pub(crate) fn mark_read(connection: &Connection, id: ChatId) -> Result<bool, StoreError> {
    let changed =
        connection.execute("UPDATE messages SET unread = 0 WHERE chat = ?1 AND unread = 1", [id])?;
    if changed == 0 {
        return Ok(false);
    }
    connection.execute("UPDATE chats SET unread = 0, read_pending = read_pending + 1 WHERE id = ?1", [id])?;
    Ok(true)
}

/// Read elsewhere, as far as `through`: no need to tell Avito. Later messages stay unread.
pub(crate) fn set_read_elsewhere(
    connection: &Connection,
    id: ChatId,
    through: MessageId,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE messages SET unread = 0 WHERE chat = ?1 AND unread = 1 AND id <= ?2",
        (id, through),
    )?;
    refresh(connection, id)
}

/// A chat the seller has read and Avito does not know of yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadPending {
    pub(crate) chat: ChatId,
    pub(crate) avito_id: String,
    /// How often the seller has looked; when it has grown meanwhile, Avito must be told again.
    pub(crate) looks: i64,
}

/// Chats Avito must still be told the seller has read. Avito can be told of whole chats only: one with something new in it waits until
/// the seller looks again.
pub(crate) fn read_pending(
    connection: &Connection,
    account: AccountId,
) -> Result<Vec<ReadPending>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, avito_id, read_pending FROM chats WHERE account = ?1 AND read_pending > 0 AND unread = 0",
    )?;
    let rows = statement
        .query_map([account], |row| {
            Ok(ReadPending { chat: row.get(0)?, avito_id: row.get(1)?, looks: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Avito was told of this look.
pub(crate) fn clear_read_pending(connection: &Connection, told: &ReadPending) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE chats SET read_pending = 0 WHERE id = ?1 AND read_pending = ?2",
        (told.chat, told.looks),
    )?;
    Ok(())
}

/// Chats known from events only.
pub(crate) fn without_details(
    connection: &Connection,
    account: AccountId,
) -> Result<Vec<(ChatId, String)>, StoreError> {
    pairs(connection, account, "SELECT id, avito_id FROM chats WHERE account = ?1 AND details_known = 0")
}

/// Whether buyer and listing of a chat were read, or cannot be.
pub(crate) fn are_details_known(connection: &Connection, id: ChatId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM chats WHERE id = ?1 AND details_known = 1";
    Ok(connection.prepare_cached(sql)?.exists([id])?)
}

/// A chat with unread messages, by our count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnreadChat {
    pub(crate) chat: ChatId,
    pub(crate) avito_id: String,
    /// The last unread message we have had since before the time asked for.
    pub(crate) through: MessageId,
}

/// The index is named: by another, all chats of the account would be read.
const UNREAD: &str = "
    SELECT c.id, c.avito_id, max(m.id) FROM chats c INDEXED BY chats_unread JOIN messages m ON m.chat = c.id AND m.unread = 1
    WHERE c.account = ?1 AND c.unread > 0 AND m.first_seen_ms <= ?2 GROUP BY c.id";

/// Chats with messages that were unread and here before `before_ms`.
pub(crate) fn unread(
    connection: &Connection,
    account: AccountId,
    before_ms: i64,
) -> Result<Vec<UnreadChat>, StoreError> {
    let mut statement = connection.prepare_cached(UNREAD)?;
    let rows = statement
        .query_map((account, before_ms), |row| {
            Ok(UnreadChat { chat: row.get(0)?, avito_id: row.get(1)?, through: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

fn pairs(
    connection: &Connection,
    account: AccountId,
    sql: &str,
) -> Result<Vec<(ChatId, String)>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows =
        statement.query_map([account], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The chat whose old messages are read next: newest first, each chat's first page before anyone's second.
pub(crate) fn next_to_backfill(
    connection: &Connection,
    account: AccountId,
    except: &[ChatId],
) -> Result<Option<(ChatId, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, avito_id FROM chats WHERE account = ?1 AND history_done = 0
         ORDER BY history_offset > 0, updated_ms DESC, id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query((account, i64::try_from(except.len() + 1).unwrap_or(i64::MAX)))?;
    while let Some(row) = rows.next()? {
        let id: ChatId = row.get(0)?;
        if !except.contains(&id) {
            return Ok(Some((id, row.get(1)?)));
        }
    }
    Ok(None)
}

/// Chats after this one that may want a draft, or have something of drafts that may be done with, by id: those whose buyer spoke
/// last since a moment, those that wait for a draft, those that have one.
pub(crate) fn of_drafts(
    connection: &Connection,
    from_ms: i64,
    after: ChatId,
    limit: u32,
) -> Result<Vec<ChatId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM chats WHERE id > ?2
           AND ((updated_ms >= ?1 AND last_words_ours = 0)
                OR id IN (SELECT chat FROM draft_work UNION SELECT chat FROM drafts WHERE state IN (0, 1)))
         ORDER BY id LIMIT ?3",
    )?;
    Ok(statement.query_map((from_ms, after, limit), |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Keeps half-typed text.
pub(crate) fn set_composer_text(connection: &Connection, id: ChatId, text: &str) -> Result<bool, StoreError> {
    let changed = connection
        .execute("UPDATE chats SET composer_text = ?2 WHERE id = ?1 AND composer_text <> ?2", (id, text))?;
    Ok(changed > 0)
}

/// Avito tells nothing about this chat; do not ask again.
pub(crate) fn set_details_unavailable(connection: &Connection, id: ChatId) -> Result<(), StoreError> {
    connection.execute("UPDATE chats SET details_known = 1 WHERE id = ?1", [id])?;
    Ok(())
}

/// Chats whose history is complete, and all chats.
pub(crate) fn backfill_counts(connection: &Connection, account: AccountId) -> Result<(u32, u32), StoreError> {
    let count = |sql: &str| connection.prepare_cached(sql)?.query_row([account], |row| row.get::<_, u32>(0));
    let (all, to_do) = (count(ALL_OF_ACCOUNT)?, count(TO_BACKFILL)?);
    Ok((all.saturating_sub(to_do), all))
}

const ALL_OF_ACCOUNT: &str = "SELECT count(*) FROM chats WHERE account = ?1";
/// Asked before every page of old messages: without the index named, SQLite may look at every chat of the account.
const TO_BACKFILL: &str =
    "SELECT count(*) FROM chats INDEXED BY chats_to_backfill WHERE account = ?1 AND history_done = 0";

/// Moves a chat up the list because the seller has just written in it.
pub(crate) fn touch(connection: &Connection, id: ChatId, now_ms: i64) -> Result<(), StoreError> {
    connection.execute("UPDATE chats SET updated_ms = max(updated_ms, ?2) WHERE id = ?1", (id, now_ms))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{plan, testing};

    #[test]
    fn progress_is_counted_without_looking_at_every_chat() {
        let connection = testing();
        assert!(plan(&connection, ALL_OF_ACCOUNT)[0].contains("COVERING INDEX"));
        assert!(plan(&connection, TO_BACKFILL)[0].contains("chats_to_backfill (account=?"));
    }

    #[test]
    fn related_and_unread_chats_are_found_without_looking_at_every_chat() {
        let connection = testing();
        for (common, wanted) in [
            (Common::Item, "chats_by_item (account=? AND item_id=?)"),
            (Common::Buyer, "chats_by_buyer (account=? AND buyer_id=?)"),
        ] {
            let lines = plan(&connection, &others_sql(common));
            assert!(lines[0].contains(wanted), "{lines:?}");
        }
        let lines = plan(&connection, UNREAD);
        assert!(lines[0].contains("chats_unread (account=?"), "{lines:?}");
        assert!(lines[1].contains("messages_unread (chat=?"), "{lines:?}");
    }
}
