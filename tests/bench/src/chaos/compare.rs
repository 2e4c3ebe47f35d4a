//! Both sides of one chat, message by message. Plain data: what Avito holds, what the program shows, what the seller approved.
//!
//! A text may occur any number of times, so replies are also counted by text. The rules:
//!
//! - every message at Avito is shown once, with its words, its side and in Avito's order, and nothing else is shown;
//! - every reply the program has accepted is shown once, sent or parked; a sent one is a message at Avito;
//! - of each text Avito got through the API at most as many as were approved, and not fewer than were approved and are neither
//!   parked nor taken for one that the seller wrote on the phone meanwhile (equal words, and no answer to tell them apart).

use std::collections::{BTreeMap, BTreeSet};

/// Who wrote a message that Avito holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// A buyer, or one of Avito's notes.
    Other,
    /// The seller, on the phone.
    Phone,
    /// Whoever used the API with the seller's key: the program.
    Program,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Words {
    Text(String),
    /// A picture, by its content.
    Picture(String),
}

/// How the program shows what a message says: it does not tell one picture from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ShownWords {
    Text(String),
    Picture,
    /// Anything else, by its kind.
    Other(String),
}

impl Words {
    fn shown(&self) -> ShownWords {
        match self {
            Self::Text(text) => ShownWords::Text(text.clone()),
            Self::Picture(_) => ShownWords::Picture,
        }
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "«{text}»"),
            Self::Picture(name) => write!(f, "picture «{name}»"),
        }
    }
}

/// A message at Avito.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) author: Author,
    pub(super) outgoing: bool,
    pub(super) created_s: i64,
    /// Avito's own note: it comes after people's words of the same second.
    pub(super) note: bool,
    pub(super) words: Words,
}

/// Where a bubble stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// A message, by Avito's id.
    Message(String),
    /// A reply that waits for the seller's decision, with the reason.
    Parked(String),
    /// A reply under way.
    UnderWay(String),
}

/// A bubble of the program.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) standing: Standing,
    /// The reply it is or was.
    pub(super) reply: Option<i64>,
    pub(super) outgoing: bool,
    pub(super) words: ShownWords,
}

/// A reply the seller approved.
#[derive(Debug, Clone)]
pub(super) struct Approved {
    /// What the program called it; none when the kill took the answer, and it may or may not have accepted the reply.
    pub(super) reply: Option<i64>,
    pub(super) words: Words,
}

/// Both sides of a chat.
#[derive(Debug, Clone, Default)]
pub(super) struct Sides {
    /// In Avito's order.
    pub(super) held: Vec<Held>,
    /// In the program's order.
    pub(super) shown: Vec<Shown>,
    pub(super) approved: Vec<Approved>,
}

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Something is missing.
    Lost,
    /// Something is there twice.
    Doubled,
    /// Something nobody wrote, changed words, wrong order.
    Wrong,
}

/// One difference, with what its story is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    pub(super) what: String,
    /// Avito's ids of the messages concerned.
    pub(super) messages: Vec<String>,
    /// The replies concerned.
    pub(super) replies: Vec<i64>,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) differences: Vec<Difference>,
    pub(super) parked: usize,
    /// Replies that the program believes sent because the seller wrote the same on the phone meanwhile.
    pub(super) taken_for_phone: usize,
    /// Replies at Avito.
    pub(super) sent: usize,
    /// Messages compared.
    pub(super) messages: usize,
}

/// Compares both sides of a chat.
pub(super) fn compare(sides: &Sides) -> Findings {
    let mut findings = Findings { messages: sides.held.len(), ..Findings::default() };
    messages(sides, &mut findings);
    replies(sides, &mut findings);
    counts(sides, &mut findings);
    findings
}

impl Findings {
    fn add(&mut self, kind: Kind, what: String, messages: &[&str], replies: &[i64]) {
        let messages = messages.iter().map(|id| (*id).to_owned()).collect();
        self.differences.push(Difference { kind, what, messages, replies: replies.to_vec() });
    }
}

/// Every message is shown once, as it is, in Avito's order; nothing else is shown.
fn messages(sides: &Sides, findings: &mut Findings) {
    let mut shown: BTreeMap<&str, Vec<&Shown>> = BTreeMap::new();
    for bubble in &sides.shown {
        if let Standing::Message(id) = &bubble.standing {
            shown.entry(id).or_default().push(bubble);
        }
    }
    for message in &sides.held {
        let id = message.id.as_str();
        let bubbles = shown.remove(id).unwrap_or_default();
        match bubbles.as_slice() {
            [] => findings.add(Kind::Lost, format!("{} is not shown", message.words), &[id], &[]),
            [one] if one.outgoing != message.outgoing || one.words != message.words.shown() => {
                let what = format!("{} is shown as {:?}", message.words, one.words);
                findings.add(Kind::Wrong, what, &[id], &[]);
            }
            [_] => {}
            more => {
                let what = format!("{} is shown {} times", message.words, more.len());
                findings.add(Kind::Doubled, what, &[id], &[]);
            }
        }
    }
    for (id, bubbles) in shown {
        findings.add(
            Kind::Wrong,
            format!("{:?} is shown and not at Avito", bubbles[0].words),
            &[id],
            &bubbles.iter().filter_map(|bubble| bubble.reply).collect::<Vec<_>>(),
        );
    }
    order(sides, findings);
}

fn order(sides: &Sides, findings: &mut Findings) {
    let mut expected: Vec<&Held> = sides.held.iter().collect();
    expected.sort_by_key(|message| (message.created_s, message.note));
    let known: BTreeSet<&str> = sides.held.iter().map(|message| message.id.as_str()).collect();
    let there: Vec<&str> = sides
        .shown
        .iter()
        .filter_map(|bubble| match &bubble.standing {
            Standing::Message(id) if known.contains(id.as_str()) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let here: BTreeSet<&str> = there.iter().copied().collect();
    let expected: Vec<&str> =
        expected.iter().map(|message| message.id.as_str()).filter(|id| here.contains(id)).collect();
    if here.len() != there.len() {
        return; // shown twice, and said so
    }
    if let Some(place) = (0..expected.len()).find(|place| expected[*place] != there[*place]) {
        let what = "the order differs from Avito's, from these on".to_owned();
        findings.add(Kind::Wrong, what, &[expected[place], there[place]], &[]);
    }
}

/// Every accepted reply is shown once, and settled.
fn replies(sides: &Sides, findings: &mut Findings) {
    let phone: BTreeSet<&str> = sides
        .held
        .iter()
        .filter(|message| message.author == Author::Phone)
        .map(|message| message.id.as_str())
        .collect();
    let mut bubbles: BTreeMap<i64, Vec<&Shown>> = BTreeMap::new();
    for bubble in &sides.shown {
        if let Some(reply) = bubble.reply {
            bubbles.entry(reply).or_default().push(bubble);
        }
        match &bubble.standing {
            Standing::Message(id) if bubble.reply.is_some() && phone.contains(id.as_str()) => {
                findings.taken_for_phone += 1;
            }
            Standing::Message(_) => {}
            Standing::Parked(_) => findings.parked += 1,
            Standing::UnderWay(state) => {
                let what = format!("a reply is still under way ({state})");
                findings.add(Kind::Wrong, what, &[], &bubble.reply.into_iter().collect::<Vec<_>>());
            }
        }
    }
    for approved in &sides.approved {
        let Some(reply) = approved.reply else { continue };
        match bubbles.get(&reply).map(Vec::as_slice).unwrap_or_default() {
            [] => {
                findings.add(Kind::Lost, format!("the reply {} is gone", approved.words), &[], &[reply]);
            }
            [one] if one.words != approved.words.shown() => {
                let what = format!("the reply {} became {:?}", approved.words, one.words);
                findings.add(Kind::Wrong, what, &[], &[reply]);
            }
            [_] => {}
            more => {
                let what = format!("the reply {} is shown {} times", approved.words, more.len());
                findings.add(Kind::Doubled, what, &[], &[reply]);
            }
        }
    }
}

/// How often each thing said was approved, what became of it, and how often Avito got it.
#[derive(Default)]
struct Count {
    approved: usize,
    perhaps: usize,
    posted: Vec<String>,
    replies: Vec<i64>,
}

fn counts(sides: &Sides, findings: &mut Findings) {
    let mut by_words: BTreeMap<&Words, Count> = BTreeMap::new();
    for approved in &sides.approved {
        let count = by_words.entry(&approved.words).or_default();
        match approved.reply {
            Some(reply) => {
                count.approved += 1;
                count.replies.push(reply);
            }
            None => count.perhaps += 1,
        }
    }
    for message in sides.held.iter().filter(|message| message.author == Author::Program) {
        findings.sent += 1;
        by_words.entry(&message.words).or_default().posted.push(message.id.clone());
    }
    // By reply, because what the program shows of a picture is the same for all pictures.
    let excused: BTreeSet<i64> = sides
        .shown
        .iter()
        .filter(|bubble| match &bubble.standing {
            Standing::Message(id) => {
                sides.held.iter().any(|message| message.id == *id && message.author == Author::Phone)
            }
            Standing::Parked(_) | Standing::UnderWay(_) => true,
        })
        .filter_map(|bubble| bubble.reply)
        .collect();
    for (words, count) in &by_words {
        let ids: Vec<&str> = count.posted.iter().map(String::as_str).collect();
        let posted = ids.len();
        if count.approved + count.perhaps == 0 {
            findings.add(Kind::Wrong, format!("{words} was sent and nobody approved it"), &ids, &[]);
        } else if posted > count.approved + count.perhaps {
            let what = format!(
                "{words} was approved {} times (and perhaps {} more) and is {posted} times at Avito",
                count.approved, count.perhaps
            );
            findings.add(Kind::Doubled, what, &ids, &count.replies);
        }
        let excuses = count.replies.iter().filter(|reply| excused.contains(reply)).count();
        if posted + excuses < count.approved {
            let what = format!(
                "{words} was approved {} times, is {posted} times at Avito, and {excuses} wait for the seller",
                count.approved
            );
            findings.add(Kind::Lost, what, &ids, &count.replies);
        }
    }
    rows(sides, findings);
}

/// A reply whose answer was lost may not exist; those that do are shown. So Avito never got more of a text than there are replies
/// that it may have got: not those parked with a refusal.
fn rows(sides: &Sides, findings: &mut Findings) {
    let mut replies: BTreeMap<ShownWords, Vec<i64>> = BTreeMap::new();
    let mut refused: BTreeSet<i64> = BTreeSet::new();
    for bubble in &sides.shown {
        if let Some(reply) = bubble.reply {
            replies.entry(bubble.words.clone()).or_default().push(reply);
            if matches!(&bubble.standing, Standing::Parked(why) if why != "unproved") {
                refused.insert(reply);
            }
        }
    }
    let mut posted: BTreeMap<ShownWords, Vec<&str>> = BTreeMap::new();
    for message in sides.held.iter().filter(|message| message.author == Author::Program) {
        posted.entry(message.words.shown()).or_default().push(&message.id);
    }
    for (words, ids) in posted {
        let known = replies.get(&words).into_iter().flatten().copied();
        let known: Vec<i64> = known.filter(|reply| !refused.contains(reply)).collect();
        if ids.len() > known.len() {
            let what = format!("{words:?} is {} times at Avito, of {} replies", ids.len(), known.len());
            findings.add(Kind::Doubled, what, &ids, &known);
        }
    }
    let approved: BTreeSet<i64> = sides.approved.iter().filter_map(|approved| approved.reply).collect();
    for (words, known) in replies {
        let strange: Vec<i64> = known.into_iter().filter(|reply| !approved.contains(reply)).collect();
        let perhaps = sides
            .approved
            .iter()
            .filter(|approved| approved.reply.is_none() && approved.words.shown() == words)
            .count();
        if strange.len() > perhaps {
            let what = format!("{} replies {words:?} that nobody approved", strange.len() - perhaps);
            findings.add(Kind::Wrong, what, &[], &strange);
        }
    }
}

#[cfg(test)]
mod tests;
