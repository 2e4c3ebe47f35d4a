//! Knowledge: what the seller writes is found, quoted, changed and switched off.

use std::time::Duration;

use inbox::view::{EntryInput, FoundPassage, MatchKind, Scope, SourceKind};
use inbox::{AccountId, Clock, Core, SourceId, Timing};

use crate::support::{Setup, Shop, open, timing, until};

/// A core without accounts: knowledge needs none.
pub(crate) async fn core(folder: &tempfile::TempDir) -> Core {
    open(folder.path(), &Setup::default()).await
}

pub(crate) fn question(title: &str, text: &str, scope: Scope) -> EntryInput {
    EntryInput {
        kind: SourceKind::Question,
        scope,
        title: title.to_owned(),
        text: text.to_owned(),
        url: None,
    }
}

pub(crate) fn everywhere() -> Scope {
    Scope::default()
}

fn of_account(account: i64) -> Scope {
    Scope { account: Some(AccountId(account)), item: None }
}

fn of_item(account: i64, item: &str) -> Scope {
    Scope { account: Some(AccountId(account)), item: Some(item.to_owned()) }
}

pub(crate) async fn found(core: &Core, scope: &Scope, question: &str) -> Vec<FoundPassage> {
    core.find_knowledge(scope, question, 10).await.unwrap()
}

async fn sources(core: &Core, scope: &Scope, question: &str) -> Vec<SourceId> {
    found(core, scope, question).await.into_iter().map(|passage| passage.source).collect()
}

const DELIVERY: &str =
    "Отправляем СДЭК и Почтой каждый будний день. По городу курьером 400 ₽, за город не возим.";

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_found_with_reasons_and_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let delivery = core.add_entry(question("Как вы доставляете?", DELIVERY, everywhere())).await.unwrap();
    let note = EntryInput {
        kind: SourceKind::Note,
        ..question("", "Мастерская на Лесной, 4.", everywhere())
    };
    core.add_entry(note).await.unwrap();

    let passages = found(&core, &everywhere(), "а курьером по городу скока будет?").await;
    assert_eq!(passages[0].source, delivery);
    assert_eq!(passages[0].heading, "Как вы доставляете?");
    assert_eq!(passages[0].kind, SourceKind::Question);
    assert!(passages[0].score > 0.0 && passages[0].changed_ms > 0);
    assert!(passages[0].asked_about.iter().any(|about| about == "price"), "{:?}", passages[0].asked_about);
    let courier = passages[0].words.iter().find(|word| word.word == "курьером").unwrap();
    assert_eq!((courier.how, courier.in_heading), (MatchKind::Same, false));
    let units: Vec<u16> = passages[0].text.encode_utf16().collect();
    let marked = String::from_utf16(&units[courier.start as usize..courier.end as usize]).unwrap();
    assert_eq!(marked, "курьером");

    let answer = core
        .quoted_answer(&everywhere(), "сколько стоит доставка курьером по городу")
        .await
        .unwrap()
        .unwrap();
    assert!(answer.quote.contains("400 ₽"), "{answer:?}");
    assert_eq!(answer.passage.source, delivery);
    assert!(answer.given && answer.confidence > 0.5, "{answer:?}");
    assert!(core.quoted_answer(&everywhere(), "щщщ").await.unwrap().is_none_or(|answer| !answer.given));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_for_an_item_or_another_account_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let general = core.add_entry(question("Гарантия", "Гарантия месяц.", everywhere())).await.unwrap();
    let item = core
        .add_entry(question("Гарантия", "На этот самовар гарантия год.", of_item(1, "5550001")))
        .await
        .unwrap();
    let other = core.add_entry(question("Гарантия", "Гарантии нет.", of_account(2))).await.unwrap();
    let asked = "какая гарантия?";
    assert_eq!(sources(&core, &of_item(1, "5550001"), asked).await, [item, general]);
    assert!(!sources(&core, &of_account(1), asked).await.contains(&other));
    assert_eq!(sources(&core, &of_account(2), asked).await[0], other);
    assert_eq!(sources(&core, &everywhere(), asked).await, [general]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_entry_is_found_by_its_new_words_only_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let core_before = core(&folder).await;
    let id = core_before.add_entry(question("Размеры", "Рама 54 сантиметра.", everywhere())).await.unwrap();
    core_before.edit_entry(id, question("Вес", "Весит девять килограммов.", everywhere())).await.unwrap();
    let after = |core: Core| async move {
        assert_eq!(sources(&core, &everywhere(), "сколько килограммов").await, [id]);
        assert_eq!(sources(&core, &everywhere(), "54 сантиметра рама").await, []);
        core
    };
    let core_before = after(core_before).await;
    core_before.close().await;
    after(core(&folder).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_off_entry_is_kept_and_a_removed_one_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let id = core.add_entry(question("Торг", "Торг при осмотре.", everywhere())).await.unwrap();
    core.switch_source_off(id, true).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, []);
    core.switch_source_off(id, false).await.unwrap();
    let passage = found(&core, &everywhere(), "торг уместен?").await.remove(0);
    core.switch_passage_off(passage.id, true).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, []);
    core.switch_passage_off(passage.id, false).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, [id]);
    core.remove_source(id).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, []);
    assert!(core.remove_source(id).await.is_err());
    assert!(core.edit_entry(id, question("а", "б", everywhere())).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_entry_is_had_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let long = format!("{}\n\n{}", "Торг при осмотре. ".repeat(35), "Забрать можно в будни. ".repeat(30));
    let note = EntryInput { kind: SourceKind::Note, ..question("", &long, everywhere()) };
    let id = core.add_entry(note).await.unwrap();
    let off = found(&core, &everywhere(), "когда забрать?").await.remove(0).id;
    core.switch_passage_off(off, true).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, [id]);
    let kept = core.source_view(id, -1).await.unwrap();
    assert_eq!(kept.passages.len(), 2);
    core.remove_source(id).await.unwrap();
    assert!(core.source_view(id, -1).await.is_err());
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, []);
    core.restore_source(id).await.unwrap();
    assert_eq!(core.source_view(id, -1).await.unwrap(), kept);
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, [id]);
    assert_eq!(sources(&core, &everywhere(), "когда забрать?").await, [], "what was switched off stays so");
    assert!(core.restore_source(id).await.is_err(), "it is there");

    // Nobody has it back after the next start, and nothing of it is left.
    core.remove_source(id).await.unwrap();
    core.close().await;
    let core = self::core(&folder).await;
    until_nothing_is_left(&core, &folder).await;
    assert!(core.restore_source(id).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_entry_that_nobody_has_back_is_deleted_while_the_program_runs() {
    let folder = tempfile::tempdir().unwrap();
    let timing = Timing { source_grace: Duration::from_millis(50), ..timing() };
    let core = open(folder.path(), &Setup { timing, ..Setup::default() }).await;
    let id = core.add_entry(question("Торг", "Торг при осмотре.", everywhere())).await.unwrap();
    core.remove_source(id).await.unwrap();
    until_nothing_is_left(&core, &folder).await;
}

// On one thread a removal's timer has begun before the removal ends.
#[tokio::test]
async fn what_is_removed_again_can_be_had_back_for_its_whole_time() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(1_795_000_000_000);
    let timing = Timing { source_grace: Duration::from_secs(600), ..timing() };
    let core = open(folder.path(), &Setup { timing, clock: clock.clone(), ..Setup::default() }).await;
    let id = core.add_entry(question("Торг", "Торг при осмотре.", everywhere())).await.unwrap();
    let other = core.add_entry(question("Гарантия", "Два года.", everywhere())).await.unwrap();
    core.remove_source(id).await.unwrap();
    core.restore_source(id).await.unwrap();
    core.remove_source(other).await.unwrap();
    clock.advance_ms(300_000);
    core.remove_source(id).await.unwrap();
    clock.advance_ms(310_000);
    let db = rusqlite::Connection::open(folder.path().join("prilavok.db")).unwrap();
    let there = |id: SourceId| {
        db.query_row("SELECT count(*) FROM sources WHERE id = ?1", [id.0], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    until(&core, "what was removed as long ago is deleted", async || there(other) == 0).await;
    core.restore_source(id).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "торг уместен?").await, [id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_file_is_had_back_once_also_when_it_was_added_again_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let file = folder.path().join("условия.txt");
    std::fs::write(&file, "Гарантия на самовар два года.").unwrap();
    let add = async || core.add_files(&everywhere(), vec![file.clone()], false).await.unwrap().remove(0);
    let all = async || {
        let view = core.knowledge_view(None, "").await.unwrap();
        view.sources.iter().map(|source| source.id).collect::<Vec<_>>()
    };
    let first = add().await;
    until(&core, "it is read", async || !found(&core, &everywhere(), "гарантия").await.is_empty()).await;
    core.remove_source(first).await.unwrap();
    core.restore_source(first).await.unwrap();
    assert_eq!(sources(&core, &everywhere(), "гарантия на самовар").await, [first]);

    core.remove_source(first).await.unwrap();
    let second = add().await;
    assert_ne!(first, second);
    core.restore_source(first).await.unwrap();
    assert_eq!(all().await, [second]);
}

async fn until_nothing_is_left(core: &Core, folder: &tempfile::TempDir) {
    let db = rusqlite::Connection::open(folder.path().join("prilavok.db")).unwrap();
    let left = "SELECT (SELECT count(*) FROM sources) + (SELECT count(*) FROM source_passages)";
    until(core, "nothing is left", async || db.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap() == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_words_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    for (title, text) in [("", "Ответ"), ("Вопрос", "  "), ("Вопрос", &*"а".repeat(200_001))]
    {
        assert!(core.add_entry(question(title, text, everywhere())).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chats_questions_are_asked_where_the_chat_is() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    let scope = shop.core.scope_of(chat).await.unwrap();
    assert_eq!(scope.account, Some(shop.account));
    let item = shop.core.chat(chat).await.unwrap().item.map(|item| item.avito_id);
    assert_eq!(scope.item, item);
}
