//! A set in BEIR form: passages, questions, which passages answer which question.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A passage of a shop, or of the one knowledge base of a set without shops.
#[derive(Debug, Deserialize)]
pub struct Passage {
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(default)]
    pub title: String,
    pub text: String,
    #[serde(default)]
    pub shop: String,
}

/// A buyer's question.
#[derive(Debug, Deserialize)]
pub struct Question {
    #[serde(rename = "_id")]
    pub id: String,
    pub text: String,
    #[serde(default)]
    pub shop: String,
    /// Missing where a set asks about retrieval alone.
    pub answerable: Option<bool>,
    #[serde(default)]
    pub near_miss: bool,
    /// Each group must be met by one of its alternatives.
    #[serde(default)]
    pub facts: Vec<Vec<String>>,
}

impl Question {
    /// Questions without a mark are answerable.
    pub fn is_answerable(&self) -> bool {
        self.answerable.unwrap_or(true)
    }
}

/// A message that tries to misuse the answering component.
#[derive(Debug, Deserialize)]
pub struct Attack {
    #[serde(rename = "_id")]
    pub id: String,
    pub text: String,
    #[serde(default)]
    pub shop: String,
    #[serde(default)]
    pub facts: Vec<Vec<String>>,
    /// Patterns that no answer may match.
    #[serde(default)]
    pub must_not: Vec<String>,
}

/// Question id → passage id → grade above 0.
pub type Judged = HashMap<String, HashMap<String, u32>>;

/// A folder with a set.
#[derive(Debug)]
pub struct Set {
    pub passages: Vec<Passage>,
    pub questions: Vec<Question>,
    pub judged: Judged,
    pub attacks: Vec<Attack>,
}

impl Set {
    /// Reads a folder; `questions` names another file of questions (a noised one).
    ///
    /// # Errors
    /// A file is missing or not of this form.
    pub fn read(folder: &Path, questions: Option<&Path>) -> Result<Set> {
        let attacks = folder.join("injections.jsonl");
        let questions = questions.map_or_else(|| folder.join("queries.jsonl"), Path::to_owned);
        Ok(Set {
            passages: lines(&folder.join("corpus.jsonl"))?,
            questions: lines(&questions)?,
            judged: judged(&folder.join("qrels.tsv"))?,
            attacks: if attacks.exists() { lines(&attacks)? } else { Vec::new() },
        })
    }

    /// Whether the set asks for answers, not for passages alone.
    pub fn has_answers(&self) -> bool {
        self.questions.iter().any(|question| question.answerable.is_some())
    }
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), at + 1))
        })
        .collect()
}

fn judged(path: &Path) -> Result<Judged> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let mut judged = Judged::new();
    for (at, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let mut fields = line.split('\t');
        let (Some(question), Some(passage), Some(Ok(grade))) =
            (fields.next(), fields.next(), fields.next().map(|grade| grade.trim().parse()))
        else {
            anyhow::bail!("{}, line {}: not `query-id <TAB> corpus-id <TAB> score`", path.display(), at + 1);
        };
        judged.entry(question.to_owned()).or_default().insert(passage.to_owned(), grade);
    }
    Ok(judged)
}
