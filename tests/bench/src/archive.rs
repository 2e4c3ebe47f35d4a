//! `bench archive`: a data folder with a large archive that the program opens as its own.
//!
//! The program itself makes the folder, the schema and the account; then this fills the two big tables through the store, in the
//! order of time, as years of deliveries would have. (Chat by chat would be faster to make and faster to read: neighbours would
//! share pages.) There are no pictures in it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use avito_sim::{NewChat, Scene, SellerAccount, Sim, SimConfig};
use clap::Args;
use inbox::{ArchiveKey, Core, CoreConfig, Store, StoreError, Vault};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rusqlite::Connection;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::output;
use crate::program::{Program, Running};
use crate::texts;

/// Raise it when the same parameters give another archive.
const FORMAT: u32 = 2;
/// Another schema is another archive.
const SCHEMA: &str = include_str!("../../../src-tauri/crates/inbox/src/store/schema.sql");
/// Other than the stand-in's: from the same seed come the same ids.
const SEED: u64 = 2026;
/// Messages of the longest chat, which is also the one written in last.
const LONGEST: usize = 10_000;
/// Chats with unread messages, as far as the archive has so many.
const UNREAD: usize = 300;
/// The span of the archive, in seconds.
const SPAN_S: i64 = 3 * 365 * 86_400;
/// Messages put into one transaction.
const CHUNK: usize = 50_000;
/// Where the stand-in's pictures would be: nowhere, always the same.
const NO_MEDIA: &str = "http://127.0.0.1:9";
/// Chats Avito lists in every run; a full page of unread ones, so that the absence of ours proves nothing to the program.
const LISTED: usize = 120;

/// Size of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Args)]
pub struct Size {
    /// Chats.
    #[arg(long, default_value_t = 50_000)]
    pub chats: usize,
    /// Messages in all of them; the longest chat has 10 000 of them.
    #[arg(long, default_value_t = 1_000_000)]
    pub messages: usize,
}

/// Whether the database is encrypted at rest, as a seller's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// As sellers have it.
    Encrypted,
    /// To see what encryption costs. A program that can encrypt leaves a large plain archive alone until the seller decides.
    Plain,
}

/// What an archive was made of, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    schema: String,
    size: Size,
    form: Form,
    /// When it was made, by the account's clock, UTC seconds.
    made_s: i64,
}

/// An archive on disk.
pub struct Archive {
    folder: PathBuf,
    app: PathBuf,
    manifest: Manifest,
}

impl Archive {
    /// The archive of this size in `folder`; made when it is not there or of another kind.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn at(app: &Path, folder: &Path, size: Size, form: Form) -> Result<Self> {
        let manifest_file = folder.join("archive.json");
        let known: Option<Manifest> =
            std::fs::read(&manifest_file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let made_s = known.as_ref().map_or_else(now_s, |known| known.made_s);
        let wanted = Manifest { format: FORMAT, schema: SCHEMA.to_owned(), size, form, made_s };
        let archive = Self { folder: folder.to_owned(), app: app.to_owned(), manifest: wanted };
        if known.as_ref() != Some(&archive.manifest) {
            let Size { chats, messages } = size;
            output::line(&format!("Making an archive of {chats} chats and {messages} messages (once)"));
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
            archive.make().await.context("the archive could not be made")?;
            std::fs::write(manifest_file, serde_json::to_vec_pretty(&archive.manifest)?)?;
        }
        Ok(archive)
    }

    /// The usual place of an archive under `target/bench`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn in_target(app: &Path, target: &Path, size: Size, form: Form) -> Result<Self> {
        let plain = if form == Form::Plain { "-plain" } else { "" };
        let folder = target.join(format!("archive-{}-{}{plain}", size.chats, size.messages));
        Self::at(app, &folder, size, form).await
    }

    /// The program on this archive.
    ///
    /// # Errors
    /// When its folder cannot be used.
    pub fn program(&self) -> Result<Program> {
        Program::on(&self.app, &self.folder)
    }

    /// Bytes of the database.
    ///
    /// # Errors
    /// When it is not there.
    pub fn bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.database()?)?.len())
    }

    fn database(&self) -> Result<PathBuf> {
        Ok(self.program()?.data_dir().join("shop").join("prilavok.db"))
    }

    /// Starts the Avito this archive's account belongs to.
    ///
    /// # Errors
    /// When the stand-in or the archive cannot be opened.
    pub async fn avito(&self) -> Result<Sim> {
        let sim = avito(self.manifest.made_s).await?;
        let url = format!("{}/", sim.base_url());
        let store = self.store().await?;
        let moved = store.write(move |c| {
            c.execute("UPDATE accounts SET api_url = ?1", [url])?;
            Ok(())
        });
        moved.await?;
        store.close().await;
        Ok(sim)
    }

    /// The core on this archive inside this process, without its tasks: it answers what the window asks.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn core(&self) -> Result<Core> {
        self.open(false).await
    }

    /// The same with its tasks.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn core_at_work(&self) -> Result<Core> {
        self.open(true).await
    }

    async fn open(&self, background: bool) -> Result<Core> {
        let vault = self.vault().await?;
        let config =
            CoreConfig { background, ..CoreConfig::new(&self.program()?.data_dir().join("shop"), vault) };
        Ok(Core::open(config).await?)
    }

    async fn vault(&self) -> Result<Vault> {
        let program = self.program()?;
        let vault = open_vault(&program).await;
        vault.unlock(SecretString::from(program.passphrase())).await?;
        Ok(vault)
    }

    /// The database itself.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn store(&self) -> Result<Store> {
        let key = match self.manifest.form {
            Form::Encrypted => {
                let code = self.vault().await?.get("archive-key").await?.context("the archive has no key")?;
                Some(ArchiveKey::parse(code.expose_secret())?)
            }
            Form::Plain => None,
        };
        Ok(Store::open(&self.database()?, key)?)
    }

    async fn make(&self) -> Result<()> {
        let sim = avito(self.manifest.made_s).await?;
        let seller = the_seller(&sim)?;
        let program = self.program()?;
        match self.manifest.form {
            Form::Encrypted => program.connect(&sim, &seller).await?,
            Form::Plain => self.connect_plain(&program, &sim, &seller).await?,
        }
        let store = self.store().await?;
        fill(&store, &seller, self.manifest.size, self.manifest.made_s).await?;
        store.close().await;
        Ok(())
    }

    /// A program that can keep no key leaves the archive plain; the account's secret is put where the next start finds it.
    async fn connect_plain(&self, program: &Program, sim: &Sim, seller: &SellerAccount) -> Result<()> {
        let running = program.headless_keeping_nothing().await?;
        add_account(&running, sim, seller).await?;
        running.stop().await?;
        let vault = open_vault(program).await;
        let passphrase = SecretString::from(program.passphrase());
        vault.choose(inbox::view::SecretFallback::Passphrase, Some(passphrase)).await?;
        let secret = SecretString::from(seller.client_secret.as_str());
        vault.set("account-1/client-secret", secret).await?;
        Ok(())
    }
}

/// The vault as the program names it: after the data folder.
async fn open_vault(program: &Program) -> Vault {
    let data_dir = program.data_dir();
    Vault::open(&data_dir, &data_dir.display().to_string()).await
}

/// Connects an account through the running program's door.
///
/// # Errors
/// When the program refuses.
pub async fn add_account(running: &Running, sim: &Sim, seller: &SellerAccount) -> Result<()> {
    let request = json!({"do": "accountAdd", "clientId": seller.client_id, "clientSecret": seller.client_secret,
        "apiUrl": sim.base_url(), "callsPerMinute": 60_000});
    running.door.ask(request).await?;
    running.door.wait_for_mode("live").await
}

/// The same Avito in every run: one account, and a page of chats older than the archive's last look.
async fn avito(made_s: i64) -> Result<Sim> {
    let config =
        SimConfig { scene: Scene::Empty, public_base: Some(NO_MEDIA.to_owned()), ..SimConfig::default() };
    let sim = Sim::start(config).await?;
    let seller = the_seller(&sim)?;
    for index in 0..LISTED {
        let ago = i64::try_from(LISTED - index)?;
        sim.add_chat(
            seller.user_id,
            NewChat {
                buyer_name: format!("Покупатель {index}"),
                created: Some(made_s - SPAN_S / 2 - ago),
                text: Some("Здравствуйте! Ещё продаёте?".to_owned()),
                kind: avito_sim::ChatKind::U2u,
                ..NewChat::default()
            },
        );
    }
    Ok(sim)
}

fn the_seller(sim: &Sim) -> Result<SellerAccount> {
    sim.accounts().into_iter().next().context("the stand-in has an account")
}

fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// How many messages each chat has, the longest first: few long talks and very many short ones.
fn lengths(size: Size) -> Vec<usize> {
    let first = LONGEST.min(size.messages / 2).max(1);
    let rest = size.chats.saturating_sub(1);
    let left = size.messages.saturating_sub(first);
    let weight = |index: usize| 1.0 / ((index + 1) as f64).sqrt();
    let sum: f64 = (0..rest).map(weight).sum();
    let spare = left.saturating_sub(rest) as f64;
    let mut lengths: Vec<usize> = vec![first];
    lengths.extend((0..rest).map(|index| 1 + (spare * weight(index) / sum) as usize));
    // What rounding down left over: less than one for each.
    let given: usize = lengths.iter().sum();
    for length in lengths.iter_mut().skip(1).take(size.messages.saturating_sub(given)) {
        *length += 1;
    }
    lengths
}

/// A message to be written: chat's place, second, whose, place in its chat.
struct Planned {
    sent_s: i64,
    chat: u32,
    outgoing: bool,
    unread: bool,
}

/// Every message of every chat in the order of time. A chat's last message lies the further back the shorter the chat is.
fn plan(lengths: &[usize], made_s: i64, rng: &mut StdRng) -> Vec<Planned> {
    let mut all = Vec::with_capacity(lengths.iter().sum());
    for (chat, length) in lengths.iter().enumerate() {
        let back = SPAN_S * i64::try_from(chat).unwrap_or(0) / i64::try_from(lengths.len()).unwrap_or(1);
        let end = made_s - 60 - back;
        // Longer talks last longer: an hour a message, but no longer than the archive.
        let span = (i64::try_from(*length).unwrap_or(1) * 3600).min(SPAN_S);
        let unread = chat > 2 && chat <= UNREAD + 2;
        for place in 0..*length {
            let from_end = i64::try_from(*length - 1 - place).unwrap_or(0);
            let sent_s = end - span * from_end / i64::try_from(*length).unwrap_or(1);
            let last = from_end == 0;
            let outgoing = place > 0 && !(last && unread) && rng.random_range(0..5) < 2;
            all.push(Planned {
                sent_s,
                chat: u32::try_from(chat).unwrap_or(0),
                outgoing,
                unread: last && unread,
            });
        }
    }
    all.sort_by_key(|message| message.sent_s);
    all
}

/// Who a chat is with and what about.
struct Talk {
    id: i64,
    buyer: i64,
    /// Text and place of the newest message so far.
    last: Option<(i64, String, bool)>,
    first_s: i64,
    last_s: i64,
    last_avito_id: String,
    unread: u32,
}

async fn fill(store: &Store, seller: &SellerAccount, size: Size, made_s: i64) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let planned = plan(&lengths(size), made_s, &mut rng);
    let indexes = store
        .write(|c| {
            // Indexes are made at the end, in order; and pages stay in memory until then.
            c.execute_batch("PRAGMA cache_size = -600000")?;
            let mut statement = c.prepare(
                "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('messages', 'chats') AND sql IS NOT NULL",
            )?;
            let sql: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            for name in sql.iter().filter_map(|sql| sql.split_whitespace().skip_while(|word| *word != "INDEX").nth(1)) {
                c.execute_batch(&format!("DROP INDEX {name}"))?;
            }
            Ok(sql)
        })
        .await?;
    let (chats, mut rng, mut talks) = (size.chats, rng, Vec::new());
    talks = store.write(move |c| add_chats(c, chats, talks, made_s)).await?;
    let user_id = seller.user_id;
    let mut planned = planned.into_iter().peekable();
    while planned.peek().is_some() {
        let chunk: Vec<Planned> = planned.by_ref().take(CHUNK).collect();
        (talks, rng) = store.write(move |c| add_messages(c, user_id, &chunk, talks, rng)).await?;
    }
    store
        .write(move |c| {
            finish_chats(c, &talks)?;
            for sql in indexes {
                c.execute_batch(&sql)?;
            }
            c.execute(
                "UPDATE accounts SET backfill_listed = 1, backfill_done = 1, caught_up_s = ?1, added_ms = ?1 * 1000",
                [made_s],
            )?;
            Ok(())
        })
        .await?;
    inbox::look_everything_through(store).await?;
    store.write(|c| Ok(c.execute_batch("PRAGMA cache_size = -2000; ANALYZE")?)).await?;
    Ok(())
}

const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

fn add_chats(
    c: &Connection,
    count: usize,
    mut talks: Vec<Talk>,
    made_s: i64,
) -> Result<Vec<Talk>, StoreError> {
    let mut rng = StdRng::seed_from_u64(SEED + 1);
    let mut insert = c.prepare(
        "INSERT INTO chats (account, avito_id, details_known, buyer_id, buyer_name, item_id, item_title, item_price, item_status,
                            search_text, history_done, confirmed_s)
         VALUES (1, ?1, 1, ?2, ?3, ?4, ?5, ?6, 4, fold(?3 || ' ' || ?5), 1, ?7)",
    )?;
    for _ in 0..count {
        let letters =
            (0..22).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect::<String>();
        let avito_id = format!("u2i-{letters}");
        let buyer = rng.random_range(200_000_000..399_999_999);
        let item = rng.random_range(7_100_000_000_i64..7_100_002_000);
        let price = format!("{} ₽", rng.random_range(3..900) * 100);
        insert.execute((
            &avito_id,
            buyer,
            texts::name(&mut rng),
            item,
            texts::item(&mut rng),
            price,
            made_s,
        ))?;
        talks.push(Talk {
            id: c.last_insert_rowid(),
            buyer,
            last: None,
            first_s: 0,
            last_s: 0,
            last_avito_id: String::new(),
            unread: 0,
        });
    }
    Ok(talks)
}

fn add_messages(
    c: &Connection,
    user_id: i64,
    chunk: &[Planned],
    mut talks: Vec<Talk>,
    mut rng: StdRng,
) -> Result<(Vec<Talk>, StdRng), StoreError> {
    let mut insert = c.prepare_cached(
        "INSERT INTO messages (account, chat, avito_id, author_id, outgoing, sent_s, kind, text, json, unread, read_s, source,
                               first_seen_ms)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, 'text', ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for message in chunk {
        let Some(talk) = talks.get_mut(message.chat as usize) else { continue };
        let avito_id = format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64());
        let outgoing = message.outgoing;
        let text = if outgoing { texts::seller(&mut rng) } else { texts::buyer(&mut rng) };
        let author = if outgoing { user_id } else { talk.buyer };
        let read_s = (!message.unread).then_some(message.sent_s + 90);
        // As Avito's list of messages gives it.
        let json = json!({"id": avito_id, "author_id": author, "created": message.sent_s, "type": "text",
            "direction": if outgoing { "out" } else { "in" }, "content": {"text": text}, "isRead": !message.unread,
            "read": read_s});
        insert.execute(rusqlite::params![
            talk.id,
            avito_id,
            author,
            outgoing,
            message.sent_s,
            text,
            json.to_string(),
            message.unread,
            if outgoing { read_s } else { None },
            3,
            message.sent_s * 1000,
        ])?;
        if talk.last.is_none() {
            talk.first_s = message.sent_s;
        }
        talk.last = Some((c.last_insert_rowid(), text, outgoing));
        talk.last_s = message.sent_s;
        talk.last_avito_id = avito_id;
        talk.unread += u32::from(message.unread);
    }
    drop(insert);
    Ok((talks, rng))
}

fn finish_chats(c: &Connection, talks: &[Talk]) -> Result<(), StoreError> {
    let mut update = c.prepare(
        "UPDATE chats SET last_message = ?2, last_words = fold(?3), last_words_ours = ?4, created_ms = ?5 * 1000,
           updated_ms = ?6 * 1000, seen_updated_s = ?6, seen_last_id = ?7, unread = ?8 WHERE id = ?1",
    )?;
    for talk in talks {
        let Some((id, text, ours)) = &talk.last else { continue };
        update.execute((
            talk.id,
            id,
            text,
            ours,
            talk.first_s,
            talk.last_s,
            &talk.last_avito_id,
            talk.unread,
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_the_messages_asked_for_and_one_long_chat() {
        let lengths = lengths(Size { chats: 50_000, messages: 1_000_000 });
        assert_eq!(lengths.len(), 50_000);
        assert_eq!(lengths.iter().sum::<usize>(), 1_000_000);
        assert_eq!(lengths[0], LONGEST);
        assert!(lengths[1..].iter().all(|length| (1..LONGEST).contains(length)));
    }

    #[test]
    fn messages_come_in_the_order_of_time_and_some_last_ones_are_unread() {
        let planned = plan(&[5, 4, 3, 2, 1], 1_700_000_000, &mut StdRng::seed_from_u64(1));
        assert!(planned.is_sorted_by_key(|message| message.sent_s));
        assert_eq!(planned.len(), 15);
        let unread =
            |chat: u32| planned.iter().filter(|message| message.chat == chat && message.unread).count();
        assert_eq!([0, 1, 2, 3, 4].map(unread), [0, 0, 0, 1, 1]);
    }
}
