//! Files as knowledge: read in the background, followed, stopped, and finished after a kill.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use inbox::view::{EntryInput, ProblemCode, Scope, SourceKind, SourceRowView, SourceState};
use inbox::{Core, SourceId};

use crate::knowledge::{core, everywhere, found, question};
use crate::support::{Setup, Shop, open, until};

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents/tests/files").join(name)
}

async fn list(core: &Core) -> Vec<SourceRowView> {
    core.knowledge_view(None, "").await.unwrap().sources
}

async fn row(core: &Core, id: SourceId) -> SourceRowView {
    core.source_view(id, -1).await.unwrap().row
}

async fn add(core: &Core, path: &Path) -> SourceId {
    core.add_files(&everywhere(), vec![path.to_owned()], false).await.unwrap()[0]
}

async fn settled(core: &Core, id: SourceId) -> SourceRowView {
    until(core, "the file is read", async || row(core, id).await.state != SourceState::ToRead).await;
    row(core, id).await
}

async fn finds(core: &Core, asked: &str, words: &str) -> bool {
    found(core, &everywhere(), asked).await.iter().any(|passage| passage.text.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_found_and_tell_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let word = add(&core, &document("conditions.docx")).await;
    let price = add(&core, &document("price.xlsx")).await;
    let pdf = add(&core, &document("office.pdf")).await;
    for id in [word, price, pdf] {
        let row = settled(&core, id).await;
        assert_eq!((row.state, &row.problems[..]), (SourceState::Read, &[][..]));
        assert!(row.passages > 2 && !row.preview.is_empty());
    }
    let row = &found(&core, &everywhere(), "сколько стоит торшер с абажуром бук").await[0];
    assert_eq!((row.source, row.line, row.sheet.is_some()), (price, Some(6), true));
    assert!(row.text.contains("Цена: 8\u{a0}750,5\u{a0}₽"), "{row:?}");
    let visit = found(&core, &everywhere(), "приехать без записи в субботу").await;
    assert!(visit.iter().any(|passage| passage.source == pdf && passage.page == Some(2)));
    let answer = core
        .quoted_answer(&everywhere(), "сколько стоит доставка курьером по городу")
        .await
        .unwrap()
        .unwrap();
    assert!(answer.given && answer.quote.contains("400"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_says_why_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let cases = [
        ("scan.pdf", ProblemCode::NoText),
        ("locked.pdf", ProblemCode::Password),
        ("locked.docx", ProblemCode::Password),
        ("conditions.doc", ProblemCode::OldKind),
        ("nothing.pdf", ProblemCode::FileMissing),
    ];
    for (name, code) in cases {
        let id = add(&core, &document(name)).await;
        let row = settled(&core, id).await;
        assert_eq!((row.state, row.problems[0].code), (SourceState::Unreadable, code), "{name}");
    }
    let macros = add(&core, &document("macros.docm")).await;
    let row = settled(&core, macros).await;
    assert_eq!((row.state, row.problems[0].code), (SourceState::Read, ProblemCode::Macros));
    assert!(row.passages > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_updates_its_passages_and_an_unchanged_one_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let path = folder.path().join("условия.txt");
    std::fs::write(&path, "Доставка\n\nКурьером 400 рублей.\n\nГарантия\n\nПолгода на ремонт.\n").unwrap();
    let id = add(&core, &path).await;
    settled(&core, id).await;
    let kept = found(&core, &everywhere(), "гарантия на ремонт").await.remove(0);

    std::fs::write(&path, "Доставка\n\nКурьером 550 рублей.\n\nГарантия\n\nПолгода на ремонт.\n").unwrap();
    until(&core, "the new price", async || finds(&core, "сколько курьером", "550").await).await;
    until(&core, "the old price is gone", async || !finds(&core, "сколько курьером", "400").await).await;
    until(&core, "its passage is gone too", async || row(&core, id).await.passages == 2).await;
    // The same words are the same passage: what refers to it stays true.
    assert_eq!(found(&core, &everywhere(), "гарантия на ремонт").await.remove(0).id, kept.id);

    let before = row(&core, id).await;
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    core.read_again(id).await.unwrap();
    let after = settled(&core, id).await;
    assert_eq!((after.changed_ms, after.passages), (before.changed_ms, before.passages));

    // A file that became unreadable says so; what it said is kept.
    std::fs::write(&path, [0_u8, 1, 2, 3, 0xFF].repeat(1000)).unwrap();
    until(&core, "the trouble", async || row(&core, id).await.state == SourceState::Unreadable).await;
    assert!(finds(&core, "сколько курьером", "550").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_folder_brings_changes_and_takes_its_files_away() {
    let folder = tempfile::tempdir().unwrap();
    let watched = folder.path().join("прайсы");
    std::fs::create_dir_all(watched.join("старые")).unwrap();
    std::fs::write(watched.join("a.txt"), "Самовар угольный стоит девять тысяч.").unwrap();
    std::fs::write(watched.join("старые/b.md"), "# Утюг\nУтюг чугунный стоит тысячу.").unwrap();
    std::fs::write(watched.join("~$a.docx"), "Office writes this").unwrap();
    let core = core(&folder).await;
    let id = core.watch_folder(&everywhere(), &watched).await.unwrap();
    until(&core, "both files", async || {
        finds(&core, "самовар угольный", "девять").await && finds(&core, "утюг", "тысячу").await
    })
    .await;
    assert_eq!(list(&core).await.len(), 2);
    std::fs::write(watched.join("c.txt"), "Патефон не продаём.").unwrap();
    until(&core, "the new file", async || finds(&core, "патефон", "не продаём").await).await;
    std::fs::remove_file(watched.join("a.txt")).unwrap();
    until(&core, "the file is gone", async || !finds(&core, "самовар угольный", "девять").await).await;
    // A folder that is not there today takes nothing away.
    std::fs::rename(&watched, folder.path().join("elsewhere")).unwrap();
    until(&core, "the trouble", async || {
        core.knowledge_view(None, "").await.unwrap().folders[0].problem == Some(ProblemCode::FileMissing)
    })
    .await;
    assert_eq!(list(&core).await.len(), 2);
    core.forget_folder(id, false).await.unwrap();
    assert_eq!(list(&core).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_file_is_read_and_its_new_form_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let bytes = std::fs::read(document("conditions.docx")).unwrap();
    let id = core.add_dropped_file(&everywhere(), "условия.docx", bytes, false).await.unwrap();
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
    let new = "Доставки больше нет.".as_bytes().to_vec();
    assert_eq!(core.add_dropped_file(&everywhere(), "условия.docx", new, false).await.unwrap(), id);
    // It is no Word document any more, and says so.
    assert_eq!(settled(&core, id).await.problems[0].code, ProblemCode::Damaged);
}

fn long_list(rows: u32) -> String {
    let rows: String = (1..=rows).map(|n| format!("Лампа арт{n:05};{}\n", n * 10)).collect();
    format!("Наименование;Цена, руб.\n{rows}")
}

/// A list of so many rows whose reading has begun.
async fn begun(core: &Core, folder: &tempfile::TempDir, rows: u32) -> SourceId {
    let path = folder.path().join("прайс.csv");
    std::fs::write(&path, long_list(rows)).unwrap();
    let id = add(core, &path).await;
    until(core, "it has begun", async || row(core, id).await.progress.is_some_and(|p| p.passages > 0)).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_can_be_stopped_and_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let id = begun(&core, &folder, 4000).await;
    core.stop_reading(id).await.unwrap();
    let stopped = settled(&core, id).await;
    until(&core, "it has ended", async || row(&core, id).await.progress.is_none()).await;
    assert_eq!(stopped.state, SourceState::Stopped);
    assert!(row(&core, id).await.passages < 4000);
    core.read_again(id).await.unwrap();
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
    until(&core, "all rows", async || row(&core, id).await.passages == 4000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_chosen_while_a_file_is_read_holds_for_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let id = begun(&core, &folder, 4000).await;
    let of = |account: i64| Scope { account: Some(inbox::AccountId(account)), item: None };
    core.set_source_scope(id, &of(1)).await.unwrap();
    assert!(row(&core, id).await.passages < 4000, "the choice came too late to try anything");
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
    let has = async |account: i64, line: &str| {
        let found = found(&core, &of(account), &format!("Лампа арт{line}")).await;
        found.iter().any(|passage| passage.text.contains(line))
    };
    for line in ["00005", "03999"] {
        until(&core, "it is found for whom it holds", async || has(1, line).await).await;
        assert!(!has(2, line).await, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_form_that_is_dropped_while_the_former_is_read_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let drop = async |text: String| {
        core.add_dropped_file(&everywhere(), "прайс.csv", text.into_bytes(), false).await.unwrap()
    };
    let id = drop(long_list(4000)).await;
    until(&core, "it has begun", async || row(&core, id).await.progress.is_some_and(|p| p.passages > 0))
        .await;
    drop("Наименование;Цена, руб.\nТоршер дубовый;7000\n".into()).await;
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
    until(&core, "only the newer form", async || row(&core, id).await.passages == 1).await;
    assert!(finds(&core, "Торшер дубовый", "Торшер").await);
}

/// The stop comes when the whole file is parsed, and waits to be written.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_parsed_but_not_written_at_a_stop_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let id = begun(&core, &folder, 2900).await;
    core.stop_reading(id).await.unwrap();
    until(&core, "it has ended", async || row(&core, id).await.progress.is_none()).await;
    let stopped = row(&core, id).await;
    assert_eq!(stopped.state, SourceState::Stopped);
    assert!(stopped.passages < 2900, "the stop came too late to try anything");
    core.read_again(id).await.unwrap();
    until(&core, "all rows", async || row(&core, id).await.passages == 2900).await;
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wanted_again_while_its_reading_stops_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let id = begun(&core, &folder, 4000).await;
    core.stop_reading(id).await.unwrap();
    core.read_again(id).await.unwrap();
    until(&core, "all rows", async || row(&core, id).await.passages == 4000).await;
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_words_are_offered_for_merging() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let first = core.add_entry(question("Торг", "Торг при осмотре.", everywhere())).await.unwrap();
    let second = core.add_entry(question("торг?", "Торг  при осмотре", everywhere())).await.unwrap();
    let account = Scope { account: Some(inbox::AccountId(1)), item: None };
    core.add_entry(question("Торг", "Торг при осмотре.", account)).await.unwrap();
    let groups = core.knowledge_view(None, "").await.unwrap().duplicates;
    let sources: Vec<SourceId> = groups[0].passages.iter().map(|passage| passage.source).collect();
    assert_eq!((groups.len(), sources), (1, vec![second, first]));
    let keep = groups[0].passages.iter().find(|passage| passage.source == first).unwrap().id;
    core.keep_one_duplicate(keep).await.unwrap();
    let left = list(&core).await;
    assert!(left.iter().any(|row| row.id == first) && left.iter().all(|row| row.id != second));
    assert_eq!(core.knowledge_view(None, "").await.unwrap().duplicates, []);

    core.add_entry(question("Торг", "Торг при осмотре.", everywhere())).await.unwrap();
    let group = core.knowledge_view(None, "").await.unwrap().duplicates.remove(0);
    core.keep_duplicates(&group.fingerprint).await.unwrap();
    assert_eq!(core.knowledge_view(None, "").await.unwrap().duplicates, []);
    assert_eq!(list(&core).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_text_is_cut_and_the_list_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let text = "Оплата\n\nНаличными.\n\nДоставка\n\nПочтой и СДЭК.\n".to_owned();
    let url = Some("https://example.com/about".to_owned());
    let kind = SourceKind::Pasted;
    let id = core
        .add_entry(EntryInput { kind, scope: everywhere(), title: "О магазине".into(), text, url })
        .await
        .unwrap();
    let passages = core.source_view(id, -1).await.unwrap().passages;
    let headings: Vec<&str> = passages.iter().map(|passage| passage.heading.as_str()).collect();
    assert_eq!(headings, ["О магазине › Оплата", "О магазине › Доставка"]);
    let search = async |words: &str| core.knowledge_view(None, words).await.unwrap().sources.len();
    assert_eq!((search("О МАГАЗИНЕ").await, search("сдэк").await, search("нет такого").await), (1, 1, 0));
    assert_eq!(core.knowledge_view(Some(SourceKind::File), "").await.unwrap().sources.len(), 0);
    // Files are looked through too, and the list shows the passage that has the words.
    let file = add(&core, &document("price.csv")).await;
    settled(&core, file).await;
    let row = core.source_view(file, -1).await.unwrap().passages.pop().unwrap();
    let word = row.text.split([' ', ';', ':', ',']).rfind(|word| word.chars().count() > 5).unwrap();
    let rows = core.knowledge_view(None, &word.to_uppercase()).await.unwrap().sources;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [file], "{word}");
    assert!(rows[0].preview.contains(word), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_known_by_price_and_kept_as_they_are_at_avito() {
    let sim = avito_sim::Sim::start(avito_sim::SimConfig::default()).await.unwrap();
    let moment = std::time::Duration::from_millis(40);
    let timing = inbox::Timing { items_first: moment, items_look: moment, ..crate::support::timing() };
    let shop = Shop::new(sim, Setup { timing, ..Setup::default() }).await;
    // Without anybody asking for it.
    let known =
        async || !shop.core.knowledge_view(Some(SourceKind::Item), "").await.unwrap().sources.is_empty();
    shop.until("items", known).await;
    assert!(shop.core.refresh_items(shop.account).await.unwrap() > 0);
    let items = shop.core.knowledge_view(Some(SourceKind::Item), "").await.unwrap().sources;
    let item = &items[0];
    let (scope, title) = (&item.scope, &item.title);
    let trial = shop.core.try_question(scope, &format!("{title} цена")).await.unwrap();
    assert_eq!(trial.passages[0].source, item.id);
    assert!(trial.passages[0].text.contains('₽') && trial.answer.is_some(), "{trial:?}");
    // Once more changes nothing.
    shop.core.refresh_items(shop.account).await.unwrap();
    let again = shop.core.knowledge_view(Some(SourceKind::Item), "").await.unwrap().sources;
    let written =
        |rows: &[SourceRowView]| rows.iter().map(|row| (row.id, row.changed_ms)).collect::<Vec<_>>();
    assert_eq!(written(&again), written(&items), "nothing is written anew that is the same");
    // Another price at Avito is found without anybody asking for it.
    let number: i64 = scope.item.as_ref().unwrap().parse().unwrap();
    assert!(shop.sim.change_item(shop.seller.user_id, number, |item| item.price = Some(7_654_321)));
    let price = async || {
        let trial = shop.core.try_question(scope, &format!("{title} цена")).await.unwrap();
        trial.passages.first().is_some_and(|passage| passage.text.contains("7\u{a0}654\u{a0}321\u{a0}₽"))
    };
    shop.until("the new price", price).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_files_scope_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let core = core(&folder).await;
    let id = add(&core, &document("notes.md")).await;
    settled(&core, id).await;
    let one = Scope { account: Some(inbox::AccountId(1)), item: None };
    core.set_source_scope(id, &one).await.unwrap();
    assert!(!finds(&core, "где забрать", "Лесной").await);
    assert!(found(&core, &one, "где забрать").await.iter().any(|passage| passage.text.contains("Лесной")));
}

const FOLDER: &str = "INBOX_TEST_READING";
const ROWS: u32 = 5000;

#[test]
#[ignore = "run as a process of its own by a_kill_in_the_middle_of_a_file_costs_nothing_but_time"]
fn the_reader() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let core = open(&Path::new(&folder).join("shop"), &Setup::default()).await;
        let id = add(&core, &Path::new(&folder).join("прайс.csv")).await;
        until(&core, "some rows", async || row(&core, id).await.progress.is_some_and(|p| p.passages >= 400))
            .await;
        println!("READING");
        std::future::pending::<()>().await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_file_costs_nothing_but_time() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    std::fs::write(folder.path().join("прайс.csv"), long_list(ROWS)).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reading_files::the_reader", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("READING")));
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();

    // In a copy: whoever opens the database takes its log in, and a log that is missing after a kill counts as damage.
    let count = |sql: &str| -> u32 {
        let copy = tempfile::tempdir().unwrap();
        for name in ["prilavok.db", "prilavok.db-wal"] {
            let _ = std::fs::copy(folder.path().join("shop").join(name), copy.path().join(name));
        }
        let db = rusqlite::Connection::open(copy.path().join("prilavok.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = count("SELECT count(*) FROM source_passages");
    assert!((400..ROWS).contains(&before), "{before} passages when it was killed");
    let core = open(&folder.path().join("shop"), &Setup::default()).await;
    let id = list(&core).await[0].id;
    assert_eq!(settled(&core, id).await.state, SourceState::Read);
    until(&core, "all rows", async || row(&core, id).await.passages == ROWS).await;
    let hits = found(&core, &everywhere(), "лампа арт04711 цена").await;
    assert!(hits[0].text.contains("47\u{a0}110\u{a0}₽"), "{:?}", hits[0]);
    core.close().await;
    assert_eq!(count("SELECT count(*) FROM knowledge_passage"), ROWS);
    assert_eq!(count("SELECT count(DISTINCT text) FROM knowledge_passage"), ROWS);
}
