//! The language model's settings, secrets and budget.

use std::sync::Arc;
use std::time::Duration;

use ::drafts::model::{Client, Endpoint, ModelError, PRESETS, Usage};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::SETTINGS;
use crate::Core;
use crate::clock;
use crate::error::CoreError;
use crate::store::{StoreError, model_uses, settings};
use crate::view::{
    DraftSettings, DraftSettingsView, HeaderInput, ModelCheck, ModelPreset, ModelSecrets, ModelTrouble,
    ModelUse, Notice,
};

/// The vault's name for all that is secret of the model.
const SECRET: &str = "language-model";

/// A client with the settings it was made from.
pub(crate) struct Ready {
    pub(crate) client: Client,
    pub(crate) settings: DraftSettings,
}

/// What the vault keeps, as JSON.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    key: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    proxy: String,
}

impl Kept {
    fn change(mut self, new: ModelSecrets) -> Self {
        if let Some(key) = new.key {
            self.key = key.trim().to_owned();
        }
        if let Some(headers) = new.headers {
            let known = std::mem::take(&mut self.headers);
            let keep = |header: HeaderInput| {
                let name = header.name.trim().to_owned();
                // An empty value keeps the one that is never shown.
                let old = known.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
                let value = if header.value.is_empty() { old.unwrap_or_default() } else { header.value };
                (name, value)
            };
            self.headers =
                headers.into_iter().filter(|header| !header.name.trim().is_empty()).map(keep).collect();
        }
        if let Some(proxy) = new.proxy {
            self.proxy = proxy.trim().to_owned();
        }
        self
    }

    fn endpoint(&self, settings: &DraftSettings) -> Endpoint {
        Endpoint {
            base_url: settings.base_url.clone(),
            key: Some(SecretString::from(self.key.as_str())).filter(|key| !key.expose_secret().is_empty()),
            model: settings.model.clone(),
            headers: self.headers.clone(),
            proxy: Some(self.proxy.clone()).filter(|proxy| !proxy.is_empty()),
            timeout: Duration::from_secs(u64::from(settings.timeout_s.clamp(5, 600))),
        }
    }
}

impl Core {
    async fn model_secrets(&self) -> Result<Kept, CoreError> {
        let kept = self.inner.vault.get(SECRET).await?;
        Ok(kept.and_then(|kept| serde_json::from_str(kept.expose_secret()).ok()).unwrap_or_default())
    }

    /// Services known to speak the protocol.
    pub fn model_presets(&self) -> Vec<ModelPreset> {
        let view = |preset: &::drafts::model::Preset| ModelPreset {
            id: preset.id.into(),
            name: preset.name.into(),
            base_url: preset.base_url.into(),
            model: preset.model.into(),
            needs_key: preset.needs_key,
            local: preset.local,
            help_url: preset.help_url.into(),
        };
        PRESETS.iter().map(view).collect()
    }

    /// How drafts are made, what is kept of secrets, and what was used.
    pub async fn draft_settings(&self) -> Result<DraftSettingsView, CoreError> {
        let settings = self.draft_settings_now().await?;
        let kept = self.model_secrets().await.unwrap_or_default();
        let (today, month) = self.model_use().await?;
        let shown_proxy = |proxy: &str| match proxy.rsplit_once('@') {
            Some((_, host)) => host.to_owned(),
            None => proxy.to_owned(),
        };
        let rules_paused = self.rules_paused().await?;
        Ok(DraftSettingsView {
            settings,
            has_key: !kept.key.is_empty(),
            header_names: kept.headers.into_iter().map(|(name, _)| name).collect(),
            proxy: Some(shown_proxy(&kept.proxy)).filter(|proxy| !proxy.is_empty()),
            today,
            month,
            trouble: self.inner.drafting.trouble(),
            rules_paused,
        })
    }

    /// Changes how drafts are made. Secrets that are not given stay.
    pub async fn save_draft_settings(
        &self,
        new: DraftSettings,
        secrets: ModelSecrets,
    ) -> Result<(), CoreError> {
        let mut client = self.inner.drafting.client.lock().await;
        if secrets.key.is_some() || secrets.headers.is_some() || secrets.proxy.is_some() {
            let kept = self.model_secrets().await?.change(secrets);
            let text = serde_json::to_string(&kept)
                .map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
            self.inner.vault.set(SECRET, SecretString::from(text)).await?;
        }
        self.inner.store.write(move |c| settings::set_over_default(c, SETTINGS, &new)).await?;
        *client = None;
        self.inner.meaning.begin_anew();
        drop(client);
        self.inner.drafting.set_trouble(None);
        self.notify(Notice::Drafts);
        self.inner.drafting.wake.notify_one();
        Ok(())
    }

    /// Asks a model for its list and for a word, with these settings, saved or not.
    pub async fn check_model(
        &self,
        new: DraftSettings,
        secrets: ModelSecrets,
    ) -> Result<ModelCheck, CoreError> {
        let kept = self.model_secrets().await?.change(secrets);
        let failed =
            |error: &ModelError| ModelCheck { trouble: Some(trouble(error)), models: Vec::new(), took_ms: 0 };
        let client = match Client::new(&kept.endpoint(&new)) {
            Ok(client) => client,
            Err(error) => return Ok(failed(&error)),
        };
        let found = match client.check(&CancellationToken::new()).await {
            Ok(found) => found,
            Err(error) => return Ok(failed(&error)),
        };
        self.note_use(&new, found.usage).await?;
        let took_ms = u32::try_from(found.took.as_millis()).unwrap_or(u32::MAX);
        Ok(ModelCheck { trouble: None, models: found.models, took_ms })
    }

    /// The model, if the seller wants one and it may be asked now; otherwise what hinders it.
    pub(super) async fn model_now(&self) -> Result<Option<Arc<Ready>>, ModelTrouble> {
        let mut client = self.inner.drafting.client.lock().await;
        let settings = self.draft_settings_now().await.map_err(|_| ModelTrouble::Network)?;
        if !self.may_ask(&settings).await? {
            return Ok(None);
        }
        if let Some(known) = client.as_ref().filter(|known| known.settings == settings) {
            return Ok(Some(known.clone()));
        }
        let ready = Arc::new(self.ready(settings, ModelSecrets::default()).await?);
        *client = Some(ready.clone());
        Ok(Some(ready))
    }

    /// A client for the model that these settings name, with what the vault keeps and these changes of it.
    pub(crate) async fn ready(
        &self,
        settings: DraftSettings,
        new: ModelSecrets,
    ) -> Result<Ready, ModelTrouble> {
        let kept = self.model_secrets().await.map_err(|_| ModelTrouble::KeyMissing)?.change(new);
        let client = Client::new(&kept.endpoint(&settings)).map_err(|error| trouble(&error))?;
        Ok(Ready { client, settings })
    }

    /// A model by settings that are not saved, within the budget they set.
    pub(super) async fn model_to_try(
        &self,
        new: &DraftSettings,
        secrets: ModelSecrets,
    ) -> Result<Option<Arc<Ready>>, ModelTrouble> {
        if !self.may_ask(new).await? {
            return Ok(None);
        }
        Ok(Some(Arc::new(self.ready(new.clone(), secrets).await?)))
    }

    /// Whether these settings name a model; an error when their budget is used up.
    pub(crate) async fn may_ask(&self, settings: &DraftSettings) -> Result<bool, ModelTrouble> {
        if !settings.use_model || settings.base_url.trim().is_empty() {
            return Ok(false);
        }
        let (today, month) = self.model_use().await.unwrap_or_default();
        let over = |used: ModelUse, tokens: Option<u32>, rub: Option<f64>| {
            tokens.is_some_and(|most| used.tokens >= most) || rub.is_some_and(|most| used.rub >= most)
        };
        if over(today, settings.day_tokens, settings.day_rub) {
            return Err(ModelTrouble::DayBudget);
        }
        if over(month, settings.month_tokens, settings.month_rub) {
            return Err(ModelTrouble::MonthBudget);
        }
        Ok(true)
    }

    /// Notes what a call took.
    pub(crate) async fn note_use(&self, settings: &DraftSettings, usage: Usage) -> Result<(), StoreError> {
        let at_ms = self.inner.clock.now_ms();
        let day = clock::local_day(at_ms);
        let model = settings.model.clone();
        let millions = |tokens: u32| f64::from(tokens) / 1_000_000.0;
        let rub = millions(usage.prompt) * settings.rub_per_million_in
            + millions(usage.completion) * settings.rub_per_million_out;
        self.inner
            .store
            .write(move |c| {
                let call = model_uses::Use {
                    at_ms,
                    day: &day,
                    model: &model,
                    prompt: usage.prompt,
                    completion: usage.completion,
                    rub,
                };
                model_uses::add(c, &call)
            })
            .await
    }

    /// Of today and of this month.
    async fn model_use(&self) -> Result<(ModelUse, ModelUse), StoreError> {
        let day = clock::local_day(self.inner.clock.now_ms());
        let month = day.get(..7).unwrap_or(&day).to_owned();
        self.inner
            .store
            .read(move |c| {
                let first = format!("{month}-01");
                Ok((model_uses::sum(c, &day, &day)?, model_uses::sum(c, &first, &format!("{month}-31"))?))
            })
            .await
    }
}

/// The page's word for a failure.
pub(crate) fn trouble(error: &ModelError) -> ModelTrouble {
    match error {
        ModelError::WrongKey => ModelTrouble::WrongKey,
        ModelError::NoMoney => ModelTrouble::NoMoney,
        ModelError::Forbidden => ModelTrouble::Forbidden,
        ModelError::TooMany { .. } => ModelTrouble::TooMany,
        ModelError::ModelMissing => ModelTrouble::ModelMissing,
        ModelError::TooLong => ModelTrouble::TooLong,
        ModelError::Refused { .. } => ModelTrouble::Refused,
        ModelError::Server { .. } => ModelTrouble::Server,
        ModelError::Network => ModelTrouble::Network,
        ModelError::Malformed => ModelTrouble::Malformed,
        ModelError::TooSlow => ModelTrouble::TooSlow,
        ModelError::Cancelled => ModelTrouble::Cancelled,
        ModelError::BadAddress => ModelTrouble::BadAddress,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode, Uri};

    use super::*;
    use crate::testing::idle_core;

    /// Services at `/1/v1`, `/2/v1` and so on; notes under which address which key came.
    async fn services() -> (String, Arc<Mutex<Vec<(String, String)>>>) {
        let came = Arc::new(Mutex::new(Vec::new()));
        let noted = came.clone();
        let note = move |uri: Uri, headers: HeaderMap| async move {
            let number = uri.path().split('/').nth(1).unwrap_or_default().to_owned();
            let key = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
            noted.lock().unwrap().push((number, key.trim_start_matches("Bearer key-").to_owned()));
            StatusCode::NOT_FOUND
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(note)).await });
        (address, came)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_key_goes_to_the_service_it_was_given_for_and_to_no_other_while_both_are_changed() {
        let (_folder, core) = idle_core().await;
        let (address, came) = services().await;
        let change_to = async |number: u32| {
            let settings = DraftSettings {
                use_model: true,
                base_url: format!("{address}/{number}/v1"),
                embeddings_model: "meaning".into(),
                ..DraftSettings::default()
            };
            let secrets = ModelSecrets { key: Some(format!("key-{number}")), ..ModelSecrets::default() };
            core.save_draft_settings(settings, secrets).await.unwrap();
        };
        let ask = async |core: &Core| {
            let ready = core.model_now().await.ok().flatten().unwrap();
            let _ = ready.client.check(&CancellationToken::new()).await;
        };
        change_to(0).await;
        let mut meanwhile = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let core = core.clone();
            meanwhile.spawn(async move {
                loop {
                    let ready = core.model_now().await.ok().flatten().unwrap();
                    let _ = ready.client.check(&CancellationToken::new()).await;
                }
            });
        }
        for number in 1..=60 {
            change_to(number).await;
            let before = came.lock().unwrap().len();
            ask(&core).await;
            let number = number.to_string();
            let since = came.lock().unwrap()[before..].to_vec();
            assert!(since.contains(&(number.clone(), number)), "{since:?}");
        }
        let came = came.lock().unwrap();
        let astray: Vec<_> = came.iter().filter(|(number, key)| number != key).collect();
        assert!(astray.is_empty(), "{astray:?} of {}", came.len());
    }
}
