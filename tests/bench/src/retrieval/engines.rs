//! The engines side by side: each takes the passages in and answers with their numbers, best first.

use std::path::Path;

use anyhow::{Context as _, Result};
use knowledge::{NewPassage, Scope, Searcher, Writer, migrate};
use rusqlite::Connection;
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, Value as _};
use tantivy::tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer};
use tantivy::{Index, IndexReader, ReloadPolicy, TantivyDocument, doc};

use super::passages::Made;

/// Hits asked for.
const DEPTH: usize = 10;

/// A search engine with passages in it.
pub(super) trait Engine {
    /// Its name in the table.
    fn name(&self) -> &'static str;
    /// Numbers of passages, best first, at most ten.
    ///
    /// # Errors
    /// The engine's own.
    fn search(&mut self, question: &str) -> Result<Vec<usize>>;
}

/// The product's index, in a file.
pub(super) struct Ours {
    connection: Connection,
    searcher: Searcher,
}

impl Ours {
    pub(super) fn build(folder: &Path, made: &[Made]) -> Result<Ours> {
        let mut connection = Connection::open(folder.join("knowledge.db"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        migrate(&mut connection)?;
        let transaction = connection.transaction()?;
        let mut writer = Writer::new(&transaction);
        for (at, passage) in made.iter().enumerate() {
            let (title, text) = (passage.title.as_str(), passage.text.as_str());
            writer.put(&NewPassage { key: &at.to_string(), account: None, item: None, title, text })?;
        }
        writer.finish()?;
        transaction.commit()?;
        Ok(Ours { connection, searcher: Searcher::new() })
    }

    /// Bytes of the tables and their text.
    pub(super) fn size(&self) -> Result<u64> {
        let pages = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let bytes = pages("page_count")? * pages("page_size").unwrap_or(4096);
        u64::try_from(bytes).context("the size of the database")
    }
}

impl Engine for Ours {
    fn name(&self) -> &'static str {
        "knowledge"
    }

    fn search(&mut self, question: &str) -> Result<Vec<usize>> {
        let hits = self.searcher.search(&self.connection, question, Scope::default(), DEPTH)?;
        hits.into_iter().map(|hit| hit.passage.key.parse().context("a key that is no number")).collect()
    }
}

/// SQLite's own trigram index: passages with any trigram of the question, by its BM25.
pub(super) struct Trigrams {
    connection: Connection,
}

impl Trigrams {
    pub(super) fn build(folder: &Path, made: &[Made]) -> Result<Trigrams> {
        let mut connection = Connection::open(folder.join("trigrams.db"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.execute_batch("CREATE VIRTUAL TABLE passages USING fts5(words, tokenize = 'trigram')")?;
        let transaction = connection.transaction()?;
        for (at, passage) in made.iter().enumerate() {
            let words = format!("{} {}", passage.title, passage.text).to_lowercase();
            let mut insert =
                transaction.prepare_cached("INSERT INTO passages (rowid, words) VALUES (?1, ?2)")?;
            insert.execute((i64::try_from(at)? + 1, words))?;
        }
        transaction.commit()?;
        Ok(Trigrams { connection })
    }
}

impl Engine for Trigrams {
    fn name(&self) -> &'static str {
        "FTS5 trigram"
    }

    fn search(&mut self, question: &str) -> Result<Vec<usize>> {
        let letters: Vec<char> = question.to_lowercase().chars().collect();
        let mut trigrams: Vec<String> =
            letters.windows(3).map(|part| part.iter().collect::<String>()).collect();
        trigrams.sort();
        trigrams.dedup();
        let any = trigrams
            .iter()
            .map(|part| format!("\"{}\"", part.replace('"', "\"\"")))
            .collect::<Vec<_>>()
            .join(" OR ");
        let find = "SELECT rowid FROM passages WHERE passages MATCH ?1 ORDER BY rank LIMIT ?2";
        let mut find = self.connection.prepare_cached(find)?;
        let rows = find.query_map((any, i64::try_from(DEPTH)?), |row| row.get::<_, i64>(0))?;
        rows.map(|row| Ok(usize::try_from(row? - 1)?)).collect()
    }
}

/// tantivy with its Russian stemmer, title and text in one field.
pub(super) struct Tantivy {
    reader: IndexReader,
    parser: QueryParser,
    number: Field,
}

impl Tantivy {
    pub(super) fn build(made: &[Made]) -> Result<Tantivy> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("russian")
            .set_index_option(IndexRecordOption::WithFreqs);
        let words = schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
        let number = schema.add_u64_field("number", FAST | tantivy::schema::STORED);
        let index = Index::create_in_ram(schema.build());
        let russian = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(RemoveLongFilter::limit(40))
            .filter(LowerCaser)
            .filter(Stemmer::new(Language::Russian))
            .build();
        index.tokenizers().register("russian", russian);
        let mut writer = index.writer_with_num_threads(1, 50_000_000)?;
        for (at, passage) in made.iter().enumerate() {
            let text = format!("{} {}", passage.title, passage.text);
            writer.add_document(doc!(words => text, number => u64::try_from(at)?))?;
        }
        writer.commit()?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Tantivy { reader, parser: QueryParser::for_index(&index, vec![words]), number })
    }
}

impl Engine for Tantivy {
    fn name(&self) -> &'static str {
        "tantivy, Russian"
    }

    fn search(&mut self, question: &str) -> Result<Vec<usize>> {
        let (query, _) = self.parser.parse_query_lenient(question);
        let searcher = self.reader.searcher();
        let found = searcher.search(&query, &TopDocs::with_limit(DEPTH).order_by_score())?;
        let number = |address| -> Result<usize> {
            let document: TantivyDocument = searcher.doc(address)?;
            let number = document.get_first(self.number).and_then(|value| value.as_u64());
            Ok(usize::try_from(number.context("a passage without its number")?)?)
        };
        found.into_iter().map(|(_, address)| number(address)).collect()
    }
}
