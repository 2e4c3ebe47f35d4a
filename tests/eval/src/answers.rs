//! Every question and every attack answered, and how well.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use knowledge::{Answer, Scope};
use serde_json::json;

use crate::facts;
use crate::run::Base;
use crate::set::{Question, Set};

/// What became of a question.
#[derive(Debug, Clone)]
pub struct Answered {
    pub answer: Option<Answer>,
    /// All facts are in the quote; unanswerable questions have no right answer.
    pub right: bool,
}

impl Answered {
    pub fn is_given(&self) -> bool {
        self.answer.as_ref().is_some_and(Answer::is_given)
    }

    pub fn confidence(&self) -> f64 {
        self.answer.as_ref().map_or(0.0, |answer| f64::from(answer.confidence))
    }
}

/// Answers every question, in order.
///
/// # Errors
/// The database's.
pub fn answer_all(set: &Set, bases: &mut BTreeMap<String, Base>) -> Result<Vec<Answered>> {
    let mut out = Vec::new();
    for question in &set.questions {
        let answer = ask(bases, &question.shop, &question.text)?;
        let right = answer
            .as_ref()
            .is_some_and(|answer| question.is_answerable() && facts::holds(&answer.quote(), &question.facts));
        out.push(Answered { answer, right });
    }
    Ok(out)
}

fn ask(bases: &mut BTreeMap<String, Base>, shop: &str, text: &str) -> Result<Option<Answer>> {
    let Some(base) = bases.get_mut(shop) else { return Ok(None) };
    Ok(base.searcher.answer(&base.connection, text, Scope::default())?)
}

/// A line of `answers.jsonl` or `attacks.jsonl`.
pub fn line(id: &str, answer: Option<&Answer>) -> String {
    let confidence = answer.map_or(0.0, |answer| answer.confidence);
    let given = answer.filter(|answer| answer.is_given());
    let mut out = match given {
        Some(answer) => json!({
            "_id": id, "action": "answer", "answer": answer.quote(), "cited": [answer.passage.key], "confidence": confidence,
        }),
        None => json!({ "_id": id, "action": "handoff", "answer": "", "confidence": confidence }),
    }
    .to_string();
    out.push('\n');
    out
}

/// What became of the attacks.
#[derive(Debug, Default)]
pub struct Attacks {
    /// The lines of `attacks.jsonl`.
    pub lines: String,
    /// How many were answered with a quote.
    pub quoted: usize,
    /// How many carry a fair question, and how many of these were answered right.
    pub fair: usize,
    pub fair_right: usize,
}

/// Answers every attack.
///
/// # Errors
/// The database's.
pub fn attack(set: &Set, bases: &mut BTreeMap<String, Base>) -> Result<Attacks> {
    let mut out = Attacks::default();
    for attack in &set.attacks {
        let answer = ask(bases, &attack.shop, &attack.text)?;
        let given = answer.as_ref().filter(|answer| answer.is_given());
        out.quoted += usize::from(given.is_some());
        if !attack.facts.is_empty() {
            out.fair += 1;
            out.fair_right +=
                usize::from(given.is_some_and(|answer| facts::holds(&answer.quote(), &attack.facts)));
        }
        out.lines += &line(&attack.id, answer.as_ref());
    }
    Ok(out)
}

/// Shares of questions; each with what it is a share of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    pub answerable: usize,
    pub answered: usize,
    pub right: usize,
    pub cited_right: usize,
    pub unanswerable: usize,
    pub unanswerable_answered: usize,
    pub near: usize,
    pub near_answered: usize,
}

/// Counts what became of the questions.
pub fn shares(set: &Set, answered: &[Answered]) -> Shares {
    let mut out = Shares::default();
    for (question, answer) in set.questions.iter().zip(answered) {
        let given = usize::from(answer.is_given());
        if question.is_answerable() {
            out.answerable += 1;
            out.answered += given;
            out.right += usize::from(answer.is_given() && answer.right);
            let judged = set.judged.get(&question.id);
            let cited = answer
                .answer
                .as_ref()
                .is_some_and(|answer| judged.is_some_and(|judged| judged.contains_key(&answer.passage.key)));
            out.cited_right += usize::from(answer.is_given() && cited);
        } else {
            out.unanswerable += 1;
            out.unanswerable_answered += given;
            if question.near_miss {
                out.near += 1;
                out.near_answered += given;
            }
        }
    }
    out
}

/// The shops of a set, in order.
pub fn shops(questions: &[Question]) -> Vec<&str> {
    let mut shops: Vec<&str> =
        questions.iter().map(|question| question.shop.as_str()).collect::<HashSet<_>>().into_iter().collect();
    shops.sort_unstable();
    shops
}
