//! A desktop's notification service that shows nothing and remembers everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::zvariant::OwnedValue;

use super::{Desk, WAIT, until};

const PATH: &str = "/org/freedesktop/Notifications";
const NAME: &str = "org.freedesktop.Notifications";

/// What the desktop was asked to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: u32,
    pub(crate) summary: String,
    pub(crate) body: String,
    /// Ids and words of buttons, in turn.
    pub(crate) actions: Vec<String>,
}

/// The service.
pub(crate) struct Notifications {
    connection: zbus::Connection,
    shown: Arc<Mutex<Vec<Shown>>>,
}

struct Service {
    shown: Arc<Mutex<Vec<Shown>>>,
}

#[expect(clippy::too_many_arguments, reason = "the desktop's standard has so many")]
#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn notify(
        &self,
        _app_name: String,
        _replaces_id: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let mut shown = self.shown.lock().expect("the list");
        let id = u32::try_from(shown.len()).expect("few notifications") + 1;
        shown.push(Shown { id, summary, body, actions });
        id
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("Test".to_owned(), "Test".to_owned(), "1".to_owned(), "1.2".to_owned())
    }
}

impl Notifications {
    /// Puts the service on the desk.
    pub(crate) async fn start(desk: &Desk) -> Self {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let connection = desk.connect_to_bus().await;
        let service = Service { shown: shown.clone() };
        connection.object_server().at(PATH, service).await.expect("the service on the bus");
        connection.request_name(NAME).await.expect("the name of the service");
        Self { connection, shown }
    }

    /// Everything so far, in order.
    pub(crate) fn all(&self) -> Vec<Shown> {
        self.shown.lock().expect("the list").clone()
    }

    /// Waits until so many have been shown, and gives the last of them.
    pub(crate) async fn nth(&self, number: usize) -> Shown {
        until(&format!("notification {number} is shown"), WAIT, async || self.all().get(number - 1).cloned())
            .await
    }

    /// The seller clicks one.
    pub(crate) async fn click(&self, shown: &Shown) {
        let body = (shown.id, "default");
        let sent = self.connection.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &body).await;
        sent.expect("a click");
    }
}
