//! What passages mean to the seller's embedding model, if there is one: made in the background, used where words leave a question open.
//!
//! Everything works without it, and does while vectors are missing or the service fails; then the page says so in words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::drafts::model::{Embedded, ModelError, Reads, Retry};
use knowledge::{Wanted, forget_other_vectors, put_vectors, vector_state, without_vectors};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::proposed::Known;
use crate::core::Core;
use crate::drafting::model::{Ready, trouble};
use crate::error::CoreError;
use crate::store::StoreError;
use crate::view::{DraftSettings, MeaningView, ModelSecrets, ModelTrouble, Notice, Scope};

/// Passages that are sent at once.
const BATCH: u32 = 64;
/// Questions whose meaning is remembered: one is asked for passages more than once.
const REMEMBERED: usize = 64;
/// A draft does not wait longer for the meaning of its question.
const PATIENCE: Duration = Duration::from_secs(3);
/// After a failure questions are not asked about for so long.
const QUIET_MS: i64 = 30_000;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A question's vector with the model that made it.
pub(super) type Meant = (String, Arc<Vec<f32>>);

/// What of meaning is not in the store.
#[derive(Default)]
pub(crate) struct Meaning {
    state: Mutex<Inner>,
    /// Other settings, other work.
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    client: Option<Arc<Ready>>,
    trouble: Option<ModelTrouble>,
    /// Not before, UTC milliseconds.
    quiet_until_ms: i64,
    /// Questions with their vectors, newest last.
    questions: VecDeque<(String, Meant)>,
}

impl Meaning {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Address, key or model may be others now.
    pub(crate) fn begin_anew(&self) {
        *self.lock() = Inner::default();
        self.changed.notify_one();
    }
}

/// Under which name a model's vectors are stored: the same name at another address is another model.
fn name(settings: &DraftSettings) -> String {
    format!("{} {}", settings.base_url.trim().trim_end_matches('/'), settings.model)
}

impl Core {
    /// The embedding model, if the seller wants one and it may be asked now.
    async fn embedder(&self) -> Result<Option<Arc<Ready>>, ModelTrouble> {
        let _unchanged = self.inner.drafting.client.lock().await;
        let settings = self.draft_settings_now().await.map_err(|_| ModelTrouble::Network)?;
        let model = settings.embeddings_model.trim().to_owned();
        if model.is_empty() || !self.may_ask(&settings).await? {
            return Ok(None);
        }
        let settings = DraftSettings { model, ..settings };
        let known = self.inner.meaning.lock().client.clone();
        if let Some(known) = known.filter(|known| known.settings == settings) {
            return Ok(Some(known));
        }
        let ready = Arc::new(self.ready(settings, ModelSecrets::default()).await?);
        self.inner.meaning.lock().client = Some(ready.clone());
        Ok(Some(ready))
    }

    /// How far finding by meaning is; none: the seller has not asked for it.
    pub(super) async fn meaning_view(&self) -> Result<Option<MeaningView>, CoreError> {
        let settings = self.draft_settings_now().await?;
        let model = settings.embeddings_model.trim().to_owned();
        if !settings.use_model || model.is_empty() {
            return Ok(None);
        }
        let stored = name(&DraftSettings { model: model.clone(), ..settings });
        let state = self.inner.store.read(move |c| Ok(vector_state(c, &stored)?)).await?;
        let trouble = self.inner.meaning.lock().trouble;
        Ok(Some(MeaningView { model, ready: state.ready, all: state.all, trouble }))
    }

    /// What a question means, where that may help. Never fails and never takes long: without it words decide.
    pub(super) async fn meant(&self, scope: &Scope, question: &str) -> Option<Meant> {
        let ready = match self.embedder().await {
            Ok(ready) => ready?,
            Err(trouble) => {
                self.note_meaning(Some(trouble), None);
                return None;
            }
        };
        let model = name(&ready.settings);
        let (asked, of_model) = (question.to_owned(), model.clone());
        let open = self.ask_knowledge(&Known::Now, scope, move |searcher, tables, scope| {
            Ok(searcher.is_open(tables.index, &asked, scope, &of_model)?)
        });
        if !open.await.unwrap_or(false) {
            return None;
        }
        {
            let state = self.inner.meaning.lock();
            let known = state.questions.iter().find(|(known, meant)| known == question && meant.0 == model);
            if let Some((_, meant)) = known {
                return Some(meant.clone());
            }
            if self.inner.clock.now_ms() < state.quiet_until_ms {
                return None;
            }
        }
        let stop = CancellationToken::new();
        let texts = [question];
        let asked = ready.client.embed(Reads::Question, &texts, &stop);
        let answer = tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(ModelError::TooSlow));
        match answer {
            Ok(Embedded { vectors, usage }) => {
                if let Err(error) = self.note_use(&ready.settings, usage).await {
                    tracing::warn!(%error, "what a question's meaning cost is not noted");
                }
                self.note_meaning(None, None);
                let meant = (model, Arc::new(vectors.into_iter().next()?));
                let mut state = self.inner.meaning.lock();
                state.questions.push_back((question.to_owned(), meant.clone()));
                if state.questions.len() > REMEMBERED {
                    state.questions.pop_front();
                }
                Some(meant)
            }
            Err(error) => {
                tracing::warn!(%error, "a question is asked by words alone");
                self.note_meaning(Some(trouble(&error)), Some(self.inner.clock.now_ms() + QUIET_MS));
                None
            }
        }
    }

    fn note_meaning(&self, trouble: Option<ModelTrouble>, quiet_until_ms: Option<i64>) {
        let news = {
            let mut state = self.inner.meaning.lock();
            state.quiet_until_ms = quiet_until_ms.unwrap_or(state.quiet_until_ms);
            std::mem::replace(&mut state.trouble, trouble) != trouble
        };
        if news {
            self.notify(Notice::Knowledge);
        }
    }
}

/// How far the work has come.
#[derive(Default)]
struct Progress {
    model: String,
    /// Passages up to this row have their vectors, or were given up.
    done: i64,
    /// Passages sent at once.
    batch: u32,
    /// Vectors were added since the last tidying.
    untidy: bool,
    failures: u32,
}

/// What is to be done after a step.
enum Next {
    /// There is more.
    Go,
    /// Something must change first.
    Wait,
    /// Again after a while, or when the settings change.
    Pause(Duration),
}

/// Gives passages their vectors until the core stops.
pub(super) async fn work(core: Core) {
    let mut notices = core.notices();
    let mut progress = Progress { batch: BATCH, untidy: true, ..Progress::default() };
    loop {
        let next = step(&core, &mut progress).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the meaning of passages waits");
            Next::Pause(core.inner.timing.trouble_max)
        });
        let pause = match next {
            Next::Go => continue,
            Next::Wait => None,
            Next::Pause(pause) => Some(pause),
        };
        let waiting = pause.is_none();
        let changed = async {
            loop {
                match notices.recv().await {
                    // New passages cannot mend a service that fails.
                    Ok(Notice::Knowledge | Notice::Everything) | Err(RecvError::Lagged(_)) if waiting => {
                        return;
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let sleep = async {
            match pause {
                Some(pause) => core.inner.clock.sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { () = changed => {}, () = sleep => {}, () = core.inner.meaning.changed.notified() => {} }
    }
}

async fn step(core: &Core, progress: &mut Progress) -> Result<Next, CoreError> {
    let ready = match core.embedder().await {
        Ok(Some(ready)) => ready,
        Ok(None) => {
            core.note_meaning(None, None);
            if core.draft_settings_now().await?.embeddings_model.trim().is_empty() {
                core.inner.store.write(|c| Ok(forget_other_vectors(c, None)?)).await?;
            }
            *progress = Progress { batch: BATCH, ..Progress::default() };
            return Ok(Next::Wait);
        }
        Err(trouble) => {
            core.note_meaning(Some(trouble), None);
            return Ok(Next::Pause(LONGEST_PAUSE));
        }
    };
    let model = name(&ready.settings);
    if progress.model != model {
        *progress = Progress { model: model.clone(), batch: BATCH, untidy: true, ..Progress::default() };
    }
    let (of_model, after, batch) = (model.clone(), progress.done, progress.batch);
    let wanted = core.inner.store.write(move |c| Ok(without_vectors(c, &of_model, after, batch)?)).await?;
    if wanted.is_empty() {
        if std::mem::take(&mut progress.untidy) {
            // Only now: those of the model before were all there was if the new one failed at once.
            core.inner.store.write(move |c| Ok(forget_other_vectors(c, Some(&model))?)).await?;
            core.notify(Notice::Knowledge);
        }
        return Ok(Next::Wait);
    }
    let texts: Vec<&str> = wanted.iter().map(|wanted| wanted.text.as_str()).collect();
    match ready.client.embed(Reads::Passage, &texts, &core.inner.stop).await {
        Ok(Embedded { vectors, usage }) => {
            core.note_use(&ready.settings, usage).await?;
            progress.failures = 0;
            progress.batch = BATCH;
            core.note_meaning(None, None);
            keep(core, progress, model, wanted, vectors).await?;
            Ok(Next::Go)
        }
        Err(ModelError::Cancelled) => Ok(Next::Wait),
        Err(ModelError::TooLong | ModelError::Refused { .. }) if wanted.len() > 1 => {
            // One of them, or all together.
            progress.batch = u32::try_from(wanted.len() / 2).unwrap_or(1);
            Ok(Next::Go)
        }
        Err(ModelError::TooLong) => {
            // It is found by its words; with an empty vector it is not asked for again.
            keep(core, progress, model, wanted, vec![Vec::new()]).await?;
            Ok(Next::Go)
        }
        Err(error) => {
            tracing::warn!(%error, "passages are found by words alone");
            core.note_meaning(Some(trouble(&error)), None);
            progress.failures += 1;
            progress.batch = BATCH;
            let growing = FIRST_PAUSE.saturating_mul(1 << progress.failures.min(8)).min(LONGEST_PAUSE);
            Ok(Next::Pause(match error.retry() {
                Retry::After(after) => after.unwrap_or(growing),
                Retry::BySeller | Retry::Never => LONGEST_PAUSE,
            }))
        }
    }
}

async fn keep(
    core: &Core,
    progress: &mut Progress,
    model: String,
    wanted: Vec<Wanted>,
    vectors: Vec<Vec<f32>>,
) -> Result<(), StoreError> {
    let last = wanted.last().map_or(progress.done, |last| last.id);
    let rows: Vec<(Vec<u8>, Vec<f32>)> = wanted.into_iter().map(|wanted| wanted.hash).zip(vectors).collect();
    core.inner.store.write(move |c| Ok(put_vectors(c, &model, &rows)?)).await?;
    progress.done = last;
    progress.untidy = true;
    core.notify(Notice::Knowledge);
    Ok(())
}
