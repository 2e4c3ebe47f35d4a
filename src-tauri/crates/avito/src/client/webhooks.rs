//! Registering where Avito posts events.

use serde_json::json;

use super::Client;
use super::call::Call;
use crate::error::Error;
use crate::json::{self as lenient};
use crate::models::Subscription;

const REGISTER: &str = "/messenger/v3/webhook";
const UNSUBSCRIBE: &str = "/messenger/v1/webhook/unsubscribe";
const SUBSCRIPTIONS: &str = "/messenger/v1/subscriptions";

impl Client {
    /// Asks Avito to post events to `url`. The address must already answer an empty object with 200 within 2 s.
    pub async fn register_webhook(&self, url: &str) -> Result<(), Error> {
        let call = Call::post(REGISTER, &[])?.json(json!({"url": url})).repeatable();
        let answer = self.execute(&call).await?;
        call.confirmed(&answer)
    }

    /// Ends it. `url` must be the registered one.
    pub async fn unsubscribe_webhook(&self, url: &str) -> Result<(), Error> {
        let call = Call::post(UNSUBSCRIBE, &[])?.json(json!({"url": url})).repeatable();
        let answer = self.execute(&call).await?;
        call.confirmed(&answer)
    }

    /// The registered webhooks, those of other programs included.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        let call = Call::post(SUBSCRIPTIONS, &[])?.repeatable();
        let answer = self.execute(&call).await?;
        let text = answer.text();
        let list = lenient::list(&text, "subscriptions").map_err(|path| call.shape(&answer, path))?;
        Ok(list.each(lenient::typed).0)
    }
}
