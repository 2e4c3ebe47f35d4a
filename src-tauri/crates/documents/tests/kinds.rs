//! Each kind of file, made by the programs people use (`files/make.sh`): what is read, where it stands, and what hinders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::ops::ControlFlow;
use std::path::Path;

use documents::{Limits, Outcome, Passage, Problem, Sink, Trouble, read};

#[derive(Default)]
struct Collected {
    passages: Vec<Passage>,
    progress: Vec<(u64, u64)>,
    stop_after: Option<usize>,
}

impl Sink for Collected {
    fn passage(&mut self, passage: Passage) -> ControlFlow<()> {
        self.passages.push(passage);
        if self.stop_after == Some(self.passages.len()) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        self.progress.push((done, total));
        ControlFlow::Continue(())
    }
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)).unwrap()
}

fn read_as(bytes: &[u8], name: &str) -> Result<(Vec<Passage>, Vec<Trouble>), Problem> {
    let mut sink = Collected::default();
    let outcome = read(bytes, name, &Limits::default(), &mut sink)?;
    assert!(
        sink.progress.windows(2).all(|pair| pair[0].0 <= pair[1].0),
        "progress goes back: {:?}",
        sink.progress
    );
    assert!(sink.progress.iter().all(|(done, total)| done <= total));
    let Outcome::Read(troubles) = outcome else { panic!("nobody stopped it") };
    Ok((sink.passages, troubles))
}

fn passages(name: &str) -> Vec<Passage> {
    let (passages, troubles) = read_as(&file(name), name).unwrap();
    assert_eq!(troubles, [], "{name}");
    passages
}

fn problem(name: &str) -> Problem {
    read_as(&file(name), name).unwrap_err()
}

#[track_caller]
fn holding<'a>(passages: &'a [Passage], words: &str) -> &'a Passage {
    let found: Vec<&Passage> = passages.iter().filter(|passage| passage.text.contains(words)).collect();
    assert_eq!(found.len(), 1, "{words} in {passages:#?}");
    found[0]
}

/// What every form of the conditions must give. A PDF has no headings, only larger letters.
fn conditions(name: &str) -> Vec<Passage> {
    let passages = passages(name);
    let courier = holding(&passages, "По городу курьером — 400 ₽, за город не возим.");
    let top =
        if name.ends_with("pdf") { "" } else { "Условия мастерской «Лампа» › " };
    assert!(courier.heading.ends_with(&format!("{top}Доставка")), "{name}: {}", courier.heading);
    let opened = holding(&passages, "Лампы, которые вскрывали другие мастера.");
    assert!(opened.heading.ends_with("Гарантия › Что не покрывает гарантия"), "{name}: {}", opened.heading);
    let answer = holding(&passages, "по будням с 11 до 19");
    assert!(answer.heading.ends_with("Можно ли приехать без записи?"), "{name}: {}", answer.heading);
    // A browser has run the script before it printed.
    let run = passages.iter().any(|passage| passage.text.contains("этого никто не читает"));
    assert_eq!(run, name == "browser.pdf", "{name}");
    passages
}

fn row<'a>(passages: &'a [Passage], name: &str) -> &'a Passage {
    let row = holding(passages, "Замена проводки торшера");
    assert_eq!(row.text, "Работа: Замена проводки торшера; Цена: 2\u{a0}800\u{a0}₽; Срок: 3 дня", "{name}");
    assert!(row.heading.ends_with("Цены на работы › Замена проводки торшера"), "{name}: {}", row.heading);
    row
}

#[test]
fn word_keeps_headings_rows_and_pages() {
    let passages = conditions("conditions.docx");
    row(&passages, "docx");
    assert_eq!(holding(&passages, "по будням с 11 до 19").page, Some(2));
}

#[test]
fn a_web_page_keeps_what_a_reader_sees() {
    let passages = conditions("conditions.html");
    row(&passages, "html");
    assert!(passages.iter().all(|passage| !passage.text.contains("Каталог")));
}

#[test]
fn pdf_of_both_printers_keeps_headings_and_pages() {
    for name in ["office.pdf", "browser.pdf"] {
        let passages = conditions(name);
        assert_eq!(holding(&passages, "по будням с 11 до 19").page, Some(2), "{name}");
        assert_eq!(holding(&passages, "Чиним и продаём").page, Some(1), "{name}");
        let price = passages.iter().find(|passage| passage.text.contains("Замена проводки торшера")).unwrap();
        assert!(
            price.text.contains("2 800") && price.heading.ends_with("Цены на работы"),
            "{name}: {price:?}"
        );
    }
}

#[test]
fn a_price_list_gives_a_row_with_its_columns_in_every_form() {
    for name in ["price.csv", "price-cp1251.csv", "price.xlsx", "price.xls"] {
        let passages = passages(name);
        let row = holding(&passages, "TR-207");
        let expected = "Артикул: TR-207; Наименование: Торшер с абажуром, бук; Цена: 8\u{a0}750,5\u{a0}₽; Остаток: 0; \
                        Поступление: 15.10.2026";
        assert_eq!(row.text, expected, "{name}");
        assert_eq!(row.heading, "Торшеры › Торшер с абажуром, бук", "{name}");
        assert_eq!(row.line, Some(6), "{name}");
        assert_eq!(row.sheet.is_some(), name.contains("xls"), "{name}");
        assert_eq!(
            holding(&passages, "NL-31").heading,
            "Настольные лампы › Лампа «Банкирская», зелёное стекло"
        );
        assert_eq!(passages.len(), 3, "{name}: {passages:#?}");
    }
}

#[test]
fn markdown_is_read_in_every_encoding() {
    for name in ["notes.md", "notes-cp1251.md", "notes-utf16.md"] {
        let passages = passages(name);
        let address = holding(&passages, "Забрать можно на Лесной, 4, вход со двора. Позвоните за час.");
        assert_eq!(address.heading, "Как мы работаем › Самовывоз", "{name}");
        let size = holding(&passages, "Модель: Банкирская; Высота: 38 см; Вес: 2,4 кг");
        assert_eq!(size.heading, "Как мы работаем › Размеры ламп › Банкирская", "{name}");
        assert!(passages.iter().all(|passage| !passage.text.contains("служебное")), "{name}");
    }
}

#[test]
fn plain_text_has_headings_and_questions_of_its_own() {
    let text = "Оплата\n\nНаличными и переводом. Счёт для юрлиц — по запросу.\n\nДаёте ли чек?\nДа, чек приходит на почту.\n";
    let (passages, _) = read_as(text.as_bytes(), "a.txt").unwrap();
    assert_eq!(holding(&passages, "по запросу").heading, "Оплата");
    assert_eq!(holding(&passages, "чек приходит").heading, "Оплата › Даёте ли чек?");
}

#[test]
fn a_long_text_is_cut_at_sentences_and_loses_no_word() {
    let sentences: Vec<String> = (0..200).map(|n| format!("Предложение номер {n} о разном.")).collect();
    let (passages, _) = read_as(sentences.join(" ").as_bytes(), "a.txt").unwrap();
    assert!(passages.len() > 5 && passages.iter().all(|passage| passage.text.chars().count() <= 700));
    assert!(passages.iter().all(|passage| passage.text.ends_with('.')));
    let back: Vec<String> = passages.into_iter().map(|passage| passage.text).collect();
    assert_eq!(back.join(" ").replace('\n', " "), sentences.join(" "));
}

#[test]
fn the_autoload_feed_gives_descriptions_and_prices_by_item() {
    let passages = passages("autoload.xml");
    let description = holding(&passages, "Торшер 1958 года, высота 164");
    assert_eq!(
        (description.heading.as_str(), description.item),
        ("Торшер «Шуховский», латунь", Some(5_550_001))
    );
    let facts = holding(&passages, "Цена: 14\u{a0}900\u{a0}₽");
    assert!(facts.text.contains("Address: Тверь, Лесная, 4") && !facts.text.contains("+7999"), "{facts:?}");
    assert_eq!(holding(&passages, "Зелёное стекло & латунь.").heading, "Лампа \"Банкирская\"");
}

#[test]
fn what_cannot_be_read_says_why() {
    assert_eq!(problem("locked.pdf"), Problem::Password);
    assert_eq!(problem("locked.docx"), Problem::Password);
    assert_eq!(problem("locked.xlsx"), Problem::Password);
    assert_eq!(problem("scan.pdf"), Problem::NoText);
    assert_eq!(problem("conditions.doc"), Problem::OldKind);
    for name in ["conditions.docx", "price.xlsx"] {
        let whole = file(name);
        assert_eq!(read_as(&whole[..whole.len() / 2], name).unwrap_err(), Problem::Damaged, "{name}");
        let mut torn = whole.clone();
        torn[200..600].fill(0x55);
        assert!(read_as(&torn, name).is_err_and(|problem| problem == Problem::Damaged), "{name}");
    }
    assert_eq!(read_as(b"", "a.txt").unwrap_err(), Problem::Empty);
    assert_eq!(read_as(b" \n \n", "a.txt").unwrap_err(), Problem::Empty);
    assert_eq!(read_as(b"MZ\x90\x00", "setup.exe").unwrap_err(), Problem::UnknownKind);
    assert_eq!(read_as(b"not a container", "a.docx").unwrap_err(), Problem::Damaged);
    assert_eq!(read_as(b"%PDF-1.7 and nothing", "a.pdf").unwrap_err(), Problem::Damaged);
    assert_eq!(read_as(b"<rss><channel/></rss>", "feed.xml").unwrap_err(), Problem::UnknownKind);
    let small = Limits { file: 1000, ..Limits::default() };
    assert_eq!(
        read(&file("price.xlsx"), "price.xlsx", &small, &mut Collected::default()),
        Err(Problem::TooLarge)
    );
}

#[test]
fn macros_are_told_of_and_the_text_is_read() {
    let (passages, troubles) = read_as(&file("macros.docm"), "macros.docm").unwrap();
    assert_eq!(troubles, [Problem::Macros.into()]);
    holding(&passages, "По городу курьером");
}

#[test]
fn a_file_made_to_fill_the_memory_is_refused() {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("word/document.xml", options).unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..100 {
        archive.write_all(&spaces).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    assert_eq!(read_as(&bytes, "bomb.docx").unwrap_err(), Problem::Bomb);
}

#[test]
fn a_reading_can_be_stopped_and_too_many_rows_are_told() {
    let text: String = (0..1000).map(|n| format!("Лампа {n};{n}00\n")).collect();
    let csv = format!("Наименование;Цена\n{text}");
    let mut sink = Collected { stop_after: Some(10), ..Collected::default() };
    assert_eq!(read(csv.as_bytes(), "a.csv", &Limits::default(), &mut sink), Ok(Outcome::Stopped));
    assert_eq!(sink.passages.len(), 10);
    let limits = Limits { passages: 100, ..Limits::default() };
    let mut sink = Collected::default();
    let outcome = read(csv.as_bytes(), "a.csv", &limits, &mut sink);
    assert_eq!(outcome, Ok(Outcome::Read(vec![Problem::TooMany.into()])));
    assert_eq!(sink.passages.len(), 100);
}
