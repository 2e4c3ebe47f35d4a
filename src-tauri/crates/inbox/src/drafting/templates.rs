//! A rule's own text, for questions that neither a model nor the knowledge answers.

use rusqlite::Connection;

use super::rules::{is_for_talk, rule_for, settings_of, within};
use super::talk::Talk;
use crate::store::{StoreError, rules};

/// A text that a rule offers for a talk.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) text: String,
    /// It answers the question by a word of it; otherwise it only says that an answer will come.
    pub(super) by_words: bool,
    /// The rule is about the item of the chat.
    pub(super) of_item: bool,
}

/// Whether some rule for this chat, at work or not, still says these words.
pub(super) fn is_said(connection: &Connection, talk: &Talk, text: &str) -> Result<bool, StoreError> {
    let all = rules::all(connection)?;
    let mut of_chat = all.iter().filter(|rule| is_for_talk(rule, talk));
    Ok(of_chat.any(|rule| settings_of(rule).template.trim() == text))
}

/// The template of the rule that holds for this talk now.
pub(super) fn of(connection: &Connection, talk: &Talk, now_ms: i64) -> Result<Option<Template>, StoreError> {
    let all = rules::all(connection)?;
    let Some(rule) = rule_for(&all, talk) else { return Ok(None) };
    let settings = settings_of(rule);
    let text = settings.template.trim().to_owned();
    let question = crate::ingest::fold(&talk.question());
    let mut words =
        settings.template_words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).peekable();
    let by_words = words.peek().is_some();
    let fits = !by_words || words.any(|word| question.contains(&crate::ingest::fold(word)));
    let offered = !text.is_empty() && fits && within(&settings, now_ms);
    Ok(offered.then_some(Template { text, by_words, of_item: rule.item.is_some() }))
}
