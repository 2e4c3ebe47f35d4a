//! Making one draft: knowledge, then a model's words or the seller's own, then the truth lock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::drafts::guard::{Held, inspect};
use ::drafts::model::{ModelError, Retry, Usage};
use ::drafts::prompt::{self, Prompt, Question};
use ::drafts::{Mark, Origin, Support, check};
use tokio_util::sync::CancellationToken;

use super::context::{self, Sourced};
use super::talk::{self, Talk};
use super::templates::{self, Template};
use super::{Writing, model, recall, seller, style, trust, views};
use crate::Core;
use crate::error::CoreError;
use crate::ids::DraftId;
use crate::sources::Known;
use crate::store::draft_work::{self, Work};
use crate::store::drafts::{self, DraftRow, State};
use crate::store::{StoreError, chats, questions, sources};
use crate::view::{
    DraftDanger, DraftMaker, DraftSourceKind, ModelTrouble, Notice, QuotedAnswer, Scope, TriedDraft,
};

/// How often the model is asked again for one question when nothing can be quoted meanwhile.
const ATTEMPTS: u32 = 3;
/// The growing text is told to the page at most this often.
const TELL_EVERY: Duration = Duration::from_millis(80);
/// A draft waits for its listing so many times as long as for a buyer who goes on writing.
const LISTING_PATIENCE: u32 = 10;
/// A draft with a fact that has no source.
const UNSUPPORTED: f64 = 0.3;

/// All a draft is made from.
pub(super) struct Ground {
    pub(super) known: Known,
    pub(super) scope: Scope,
    pub(super) question: String,
    /// When its first message was sent, by Avito's clock.
    asked_s: i64,
    /// The listing it is about.
    item: Option<i64>,
    pub(super) sources: Vec<Sourced>,
    pub(super) asked: Question,
    pub(super) quoted: Option<QuotedAnswer>,
    /// There is something a model could answer from.
    pub(super) has_facts: bool,
    /// What a rule says where nothing answers, and where its text stands among the sources.
    template: Option<(Template, usize)>,
}

impl Ground {
    /// Whether a draft would be made from the same words.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let words = |ground: &Self| -> Vec<(String, String)> {
            let shown = ground.sources.iter().map(|source| &source.shown);
            shown.map(|shown| (shown.title.clone(), shown.text.clone())).collect()
        };
        let quote = |ground: &Self| {
            let quoted = ground.quoted.as_ref().filter(|quoted| quoted.given);
            quoted.map(|quoted| quoted.quote.clone())
        };
        words(self) == words(other) && quote(self) == quote(other)
    }
}

/// What was made.
pub(super) struct Made {
    pub(super) state: State,
    pub(super) maker: DraftMaker,
    pub(super) model: Option<String>,
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
    /// Sources the draft rests on, indices.
    pub(super) cited: Vec<usize>,
    pub(super) chance: f64,
    pub(super) stopped: Vec<DraftDanger>,
    pub(super) trouble: Option<ModelTrouble>,
    /// Nothing answers the question: it goes on the list.
    pub(super) open_question: bool,
}

/// What came of asking a model.
enum Asked {
    Said(Made),
    /// It says that nothing answers.
    Unanswerable,
    /// Its words may not be shown.
    Stopped(Vec<DraftDanger>),
    Failed(ModelError),
}

/// Makes the draft of this work and stores it, unless the talk has gone on meanwhile.
pub(super) async fn make(core: &Core, work: Work) {
    let chat = work.chat;
    if let Err(error) = try_making(core, &work).await {
        tracing::warn!(%error, "a draft could not be made");
        // It stays in the table and is tried again after a while.
        let due_ms = core.inner.clock.now_ms() + 30_000;
        let later = Work { due_ms, attempts: work.attempts + 1, ..work.clone() };
        if let Err(error) = put_off(core, &work, later).await {
            tracing::warn!(%error, "a draft's work stays as it is");
        }
    }
    core.inner.drafting.end(chat);
    core.tell_draft(chat);
}

/// The work is done later, unless other work has taken its place.
async fn put_off(core: &Core, work: &Work, later: Work) -> Result<(), StoreError> {
    let work = work.clone();
    let put = core.inner.store.write(move |c| match draft_work::get(c, work.chat)? {
        Some(known) if known == work => draft_work::put(c, &later),
        _ => Ok(()),
    });
    put.await
}

async fn try_making(core: &Core, work: &Work) -> Result<(), CoreError> {
    let chat = work.chat;
    let (talk, known) = core
        .inner
        .store
        .read(move |c| Ok((talk::read(c, chat)?, chats::are_details_known(c, chat)?)))
        .await?;
    let Some(talk) = talk.filter(|talk| talk.still_asks(work.message)) else {
        core.inner.drafting.look_at(&[chat]);
        return Ok(());
    };
    if !known && let Some(due_ms) = waits_for_listing(core, &talk) {
        put_off(core, work, Work { due_ms, ..work.clone() }).await?;
        return Ok(());
    }
    let stop = core.inner.stop.child_token();
    let began_ms = core.inner.clock.now_ms();
    let (message, question) = (work.message, talk.question());
    let writing = Writing { message, question, text: String::new(), began_ms, stop: stop.clone() };
    core.inner.drafting.begin(chat, writing);
    core.tell_draft(chat);
    let mut ground = ground(core, talk, Known::Now).await?;
    if let Some(instruction) = &work.instruction {
        let previous = core.inner.store.read(move |c| drafts::newest(c, chat)).await?;
        ground.asked.previous = previous.map(|draft| draft.text).filter(|text| !text.is_empty());
        ground.asked.instruction = Some(instruction.clone()).filter(|instruction| !instruction.is_empty());
    }
    let made = match compose(core, &ground, core.model_now().await, &stop, Some(chat)).await? {
        Composed::Made(made) => made,
        Composed::Nothing => {
            let (work, now_ms) = (work.clone(), core.inner.clock.now_ms());
            let done = core.inner.store.write(move |c| match draft_work::get(c, chat)? {
                Some(known) if known == work => {
                    drafts::settle_chat(c, chat, State::Stale, now_ms)?;
                    draft_work::remove(c, chat).map(|_| ())
                }
                _ => Ok(()),
            });
            done.await?;
            return Ok(());
        }
        Composed::Cancelled => {
            core.inner.drafting.look_at(&[chat]);
            return Ok(());
        }
        Composed::Later(after) if work.attempts < ATTEMPTS => {
            let wait = after.unwrap_or(Duration::from_secs(10 << work.attempts.min(6)));
            let due_ms = core.inner.clock.now_ms() + i64::try_from(wait.as_millis()).unwrap_or(10_000);
            put_off(core, work, Work { due_ms, attempts: work.attempts + 1, ..work.clone() }).await?;
            return Ok(());
        }
        Composed::Later(_) => nothing_answers(core, &ground, core.inner.drafting.trouble()).await?,
    };
    keep(core, work, ground, made).await?;
    Ok(())
}

/// A chat that an event has just brought has no listing yet, and without it what documents say of its price would pass. When to look
/// again; none: it has been waited for long enough.
fn waits_for_listing(core: &Core, talk: &Talk) -> Option<i64> {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let (timing, now_ms) = (&core.inner.timing, core.inner.clock.now_ms());
    let seen_ms = talk.burst.last().map_or(0, |message| message.first_seen_ms);
    let waited = now_ms >= seen_ms.saturating_add(millis(timing.buyer_pause_max * LISTING_PATIENCE));
    (!waited).then(|| now_ms + millis(timing.buyer_pause / 4).max(1))
}

/// Reads what a draft for this talk may be made from, with this knowledge.
pub(super) async fn ground(core: &Core, talk: Talk, known: Known) -> Result<Ground, CoreError> {
    let now_ms = core.inner.clock.now_ms();
    let question = talk.question();
    let scope =
        Scope { account: Some(talk.chat.account), item: talk.chat.item_id.map(|item| item.to_string()) };
    let passages = core.find_in(&known, &scope, &question, context::PASSAGES).await?;
    let quoted = core.quoted_in(&known, &scope, &question).await?;
    let (account, chat) = (talk.chat.account, talk.chat.id);
    let (style, has_sources, template, talk) = core
        .inner
        .store
        .read(move |c| {
            let template = templates::of(c, &talk, now_ms)?;
            Ok((style::read(c, account, chat)?, sources::any(c)?, template, talk))
        })
        .await?;
    let asked = context::question(&talk, &passages, style, now_ms);
    let mut sources = context::sources(&talk, &passages, now_ms);
    let has_facts = has_sources || !sources.is_empty();
    if let Some(quoted) = &quoted {
        context::add_quoted(&mut sources, &quoted.passage);
    }
    let template = template.map(|template| {
        let shown = context::plain(DraftSourceKind::Template, template.text.clone(), None);
        sources.push(Sourced { origin: Origin::Passage { of_item: template.of_item }, shown, number: 0 });
        (template, sources.len() - 1)
    });
    let (asked_s, item) = (talk.asked_s(), talk.chat.item_id);
    Ok(Ground { known, scope, question, asked_s, item, has_facts, sources, asked, quoted, template })
}

/// What a draft for a bare question may be made from: knowledge alone.
async fn ground_of(core: &Core, scope: &Scope, question: &str) -> Result<Ground, CoreError> {
    let now_ms = core.inner.clock.now_ms();
    let passages = core.find_knowledge(scope, question, context::PASSAGES).await?;
    let quoted = core.quoted_answer(scope, question).await?;
    let mut sources = context::of_passages(&passages);
    if let Some(quoted) = &quoted {
        context::add_quoted(&mut sources, &quoted.passage);
    }
    Ok(Ground {
        known: Known::Now,
        scope: scope.clone(),
        question: question.to_owned(),
        asked_s: now_ms.div_euclid(1000),
        item: None,
        sources,
        asked: context::bare_question(question, &passages, now_ms),
        has_facts: core.inner.store.read(sources::any).await?,
        quoted,
        template: None,
    })
}

impl Core {
    /// The draft a question would get outside of any chat, made as all drafts are; nothing is kept but what the model took.
    pub async fn try_draft(&self, scope: &Scope, question: &str) -> Result<TriedDraft, CoreError> {
        let ground = ground_of(self, scope, question).await?;
        let stop = CancellationToken::new();
        let _stopped_when_dropped = stop.clone().drop_guard();
        let nothing = |trouble| TriedDraft { trouble, ..TriedDraft::default() };
        Ok(match compose(self, &ground, self.model_now().await, &stop, None).await? {
            Composed::Made(made) if made.state == State::Ready => {
                let (marks, sources) = views::shown(&made, &ground);
                TriedDraft {
                    maker: Some(made.maker),
                    one_key: views::may_go(made.maker, &marks, made.chance),
                    cited: sources
                        .into_iter()
                        .filter(|source| source.cited)
                        .filter_map(|source| source.key)
                        .collect(),
                    text: made.text,
                    chance: made.chance,
                    stopped: made.stopped,
                    trouble: made.trouble,
                }
            }
            Composed::Made(made) => TriedDraft { stopped: made.stopped, ..nothing(made.trouble) },
            Composed::Nothing | Composed::Cancelled => nothing(None),
            Composed::Later(_) => nothing(Some(ModelTrouble::TooMany)),
        })
    }
}

/// What came of composing.
pub(super) enum Composed {
    Made(Made),
    /// The seller has told us nothing yet, and there is no model: no draft and no open question.
    Nothing,
    Cancelled,
    /// The model cannot be asked now and nothing can be quoted.
    Later(Option<Duration>),
}

/// Composes a draft with this model, if there is one. `tell`: the chat whose page sees the text grow; without one nobody is told
/// anything, of trouble neither.
pub(super) async fn compose(
    core: &Core,
    ground: &Ground,
    model: Result<Option<Arc<model::Ready>>, ModelTrouble>,
    stop: &CancellationToken,
    tell: Option<crate::ChatId>,
) -> Result<Composed, CoreError> {
    let (ready, mut trouble) = match model {
        Ok(ready) => (ready.filter(|_| ground.has_facts), None),
        Err(trouble) => (None, Some(trouble)),
    };
    let asked = ready.clone();
    let note_trouble = async |trouble| {
        if tell.is_some() {
            note_trouble(core, asked.as_ref(), trouble).await;
        }
    };
    let mut stopped = Vec::new();
    let mut later = None;
    if let Some(ready) = ready {
        match ask(core, &ready, ground, stop, tell).await? {
            Asked::Said(made) => {
                note_trouble(None).await;
                return Ok(Composed::Made(made));
            }
            Asked::Unanswerable => {
                note_trouble(None).await;
                return Ok(Composed::Made(nothing_answers(core, ground, None).await?));
            }
            Asked::Stopped(dangers) => {
                tracing::warn!(?dangers, "a model's words were stopped");
                note_trouble(None).await;
                stopped = dangers;
            }
            Asked::Failed(ModelError::Cancelled) => return Ok(Composed::Cancelled),
            Asked::Failed(error) => {
                tracing::warn!(%error, "the model was of no help");
                if let Retry::After(after) = error.retry() {
                    later = Some(after);
                }
                trouble = Some(model::trouble(&error));
            }
        }
    }
    if trouble.is_some() {
        note_trouble(trouble).await;
    }
    if let Some(mut made) = quote(ground).or_else(|| by_template(ground)) {
        (made.stopped, made.trouble) = (stopped, trouble);
        return Ok(Composed::Made(made));
    }
    if let Some(after) = later {
        return Ok(Composed::Later(after));
    }
    if !ground.has_facts || (stopped.is_empty() && trouble.is_none() && !has_knowledge(core).await?) {
        return Ok(Composed::Nothing);
    }
    let made = nothing_answers(core, ground, trouble).await?;
    Ok(Composed::Made(Made { stopped, ..made }))
}

async fn has_knowledge(core: &Core) -> Result<bool, StoreError> {
    core.inner.store.read(sources::any).await
}

/// What hindered the model, if anything did. What was asked with former settings says nothing of the present ones.
async fn note_trouble(core: &Core, asked: Option<&Arc<model::Ready>>, trouble: Option<ModelTrouble>) {
    let client = core.inner.drafting.client.lock().await;
    if asked.is_some_and(|asked| client.as_ref().is_none_or(|now| !Arc::ptr_eq(now, asked))) {
        return;
    }
    if core.inner.drafting.set_trouble(trouble) {
        core.notify(Notice::Drafts);
    }
}

/// No draft: the template of a rule, or at most the seller's own holding reply, marked as such.
async fn nothing_answers(
    core: &Core,
    ground: &Ground,
    trouble: Option<ModelTrouble>,
) -> Result<Made, StoreError> {
    if let Some(made) = by_template(ground) {
        return Ok(Made { trouble, ..made });
    }
    Ok(Made {
        open_question: true,
        state: State::Unanswerable,
        maker: DraftMaker::Holding,
        model: None,
        text: core.draft_settings_now().await?.holding_text,
        marks: Vec::new(),
        cited: Vec::new(),
        chance: 0.0,
        stopped: Vec::new(),
        trouble,
    })
}

/// The seller's own words, where they are sure enough to answer.
fn quote(ground: &Ground) -> Option<Made> {
    let quoted = ground.quoted.as_ref().filter(|quoted| quoted.given)?;
    let at = ground.sources.iter().position(|source| source.shown.key.as_ref() == Some(&quoted.passage.key));
    let text: String = quoted.quote.chars().take(900).collect();
    let marks = marks(&text, ground);
    let supported = marks.iter().all(Mark::is_supported);
    Some(Made {
        state: State::Ready,
        maker: DraftMaker::Quote,
        model: None,
        chance: if supported { quoted.confidence } else { quoted.confidence.min(UNSUPPORTED) },
        cited: cited(at.into_iter().collect(), &marks),
        text,
        marks,
        stopped: Vec::new(),
        trouble: None,
        open_question: false,
    })
}

/// The words of a rule, which answer for themselves. One for every question only says that an answer will come.
fn by_template(ground: &Ground) -> Option<Made> {
    let (template, at) = ground.template.as_ref()?;
    let marks = marks(&template.text, ground);
    let supported = marks.iter().all(Mark::is_supported);
    Some(Made {
        state: State::Ready,
        maker: DraftMaker::Template,
        model: None,
        chance: if supported { 1.0 } else { UNSUPPORTED },
        cited: cited(vec![*at], &marks),
        text: template.text.clone(),
        marks,
        stopped: Vec::new(),
        trouble: None,
        open_question: !template.by_words,
    })
}

fn marks(text: &str, ground: &Ground) -> Vec<Mark> {
    let sources: Vec<::drafts::Source<'_>> = ground.sources.iter().map(Sourced::as_source).collect();
    check(text, &sources)
}

/// The sources named and those that speak for a fact.
fn cited(named: Vec<usize>, marks: &[Mark]) -> Vec<usize> {
    let mut out = named;
    for mark in marks {
        if let Support::By(index) | Support::Outdated(index) = mark.support
            && !out.contains(&index)
        {
            out.push(index);
        }
    }
    out
}

async fn ask(
    core: &Core,
    ready: &model::Ready,
    ground: &Ground,
    stop: &CancellationToken,
    tell: Option<crate::ChatId>,
) -> Result<Asked, CoreError> {
    let prompt = prompt::build(&ground.asked);
    let mut told = Instant::now();
    let on_text = |text: &str| {
        let Some(chat) = tell else { return };
        core.inner.drafting.grow(chat, prompt::so_far(text));
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            core.notify(Notice::Draft { chat });
        }
    };
    let words = match ready.client.ask(&prompt, stop, on_text).await {
        Ok(words) => words,
        Err(error) => {
            // What was asked is paid for even when the answer never came.
            if matches!(error, ModelError::Cancelled | ModelError::TooSlow | ModelError::Malformed) {
                let letters = prompt.system.chars().count() + prompt.user.chars().count();
                let tokens = u32::try_from(letters / 3).unwrap_or(u32::MAX);
                core.note_use(&ready.settings, Usage { prompt: tokens, completion: 0, estimated: true })
                    .await?;
            }
            return Ok(Asked::Failed(error));
        }
    };
    core.note_use(&ready.settings, words.usage).await?;
    core.notify(Notice::Drafts);
    judge(core, &words.text, &prompt, ready, ground).await
}

/// Reads a model's words: decision, truth lock, guard, a second opinion.
async fn judge(
    core: &Core,
    words: &str,
    prompt: &Prompt,
    ready: &model::Ready,
    ground: &Ground,
) -> Result<Asked, CoreError> {
    let Some(reply) = prompt::parse(words) else { return Ok(Asked::Failed(ModelError::Malformed)) };
    if !reply.answerable {
        return Ok(Asked::Unanswerable);
    }
    let marks = marks(&reply.text, ground);
    let all: Vec<&str> = ground.sources.iter().map(|source| source.shown.text.as_str()).collect();
    let all = all.join("\n");
    let held =
        Held { canary: &prompt.canary, instructions: &prompt.system, buyer: &ground.question, sources: &all };
    let dangers = inspect(&reply.text, &marks, &held);
    if !dangers.is_empty() {
        return Ok(Asked::Stopped(dangers.into_iter().map(views::danger).collect()));
    }
    let numbered = |number: &usize| {
        // 0: the listing.
        let is_it = |source: &Sourced| match number {
            0 => source.shown.kind == DraftSourceKind::Item,
            _ => source.number == *number,
        };
        ground.sources.iter().position(is_it)
    };
    let named: Vec<usize> = reply.sources.iter().filter_map(numbered).collect();
    let cited = cited(named, &marks);
    let mut chance = trust::chance(core, ground, &cited, &reply.text).await?;
    if !marks.iter().all(Mark::is_supported) {
        chance = chance.min(UNSUPPORTED);
    }
    Ok(Asked::Said(Made {
        state: State::Ready,
        maker: DraftMaker::Model,
        model: Some(ready.settings.model.clone()),
        text: reply.text,
        marks,
        cited,
        chance,
        stopped: Vec::new(),
        trouble: None,
        open_question: false,
    }))
}

/// Stores a draft, if the question still stands and nothing else was asked for it. What has changed while it was made is looked up
/// again.
async fn keep(core: &Core, work: &Work, ground: Ground, made: Made) -> Result<Option<DraftId>, StoreError> {
    let now_ms = core.inner.clock.now_ms();
    let work = work.clone();
    let (marks, sources) = views::shown(&made, &ground);
    let draft = DraftRow {
        id: DraftId(0),
        account: work.account,
        chat: work.chat,
        message: work.message,
        question: ground.question.clone(),
        asked_s: ground.asked_s,
        state: made.state,
        maker: made.maker,
        model: made.model,
        text: made.text,
        marks: views::json(&marks),
        sources: views::json(&sources),
        chance: made.chance,
        stopped: views::json(&made.stopped),
        trouble: made.trouble.and_then(|trouble| views::word(&trouble)),
        created_ms: now_ms,
        outbox: None,
        edit_share: None,
        settled_ms: None,
    };
    let (item, open_question) = (ground.item, made.open_question);
    core.inner
        .store
        .write(move |c| {
            // Checked in the transaction that shows it: a newer message or the seller's own reply discards it.
            let talk = talk::read(c, work.chat)?.filter(|talk| talk.still_asks(work.message));
            let known = draft_work::get(c, work.chat)?;
            let Some(talk) = talk.filter(|_| known.as_ref() == Some(&work)) else { return Ok(None) };
            if !recall::still_holds(c, &draft, &talk, now_ms)? {
                // Soon, but less and less so where the sources change all the time.
                let due_ms = now_ms + (1000 << work.attempts.min(9));
                draft_work::put(c, &Work { due_ms, attempts: work.attempts + 1, ..work })?;
                return Ok(None);
            }
            drafts::settle_chat(c, work.chat, State::Replaced, now_ms)?;
            draft_work::remove(c, work.chat)?;
            if open_question {
                let asked_ms = draft.asked_s.saturating_mul(1000);
                questions::add(c, work.account, work.chat, work.message, item, &draft.question, asked_ms)?;
            }
            seller::note_uses(c, &draft, false, now_ms)?;
            Ok(Some(drafts::add(c, &draft)?))
        })
        .await
}
