//! What others hold of a tunnel that a task of its own keeps up, and of one that nothing keeps up.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{State, Trouble, Tunnel};

/// What others ask of a task that keeps a tunnel up. Who waits when it is asked hears it.
#[derive(Default)]
pub(crate) struct Asked {
    /// [`Tunnel::retry_now`].
    pub(crate) retry: Notify,
    /// [`Tunnel::way_changed`].
    pub(crate) renew: Notify,
}

/// The way to a task that keeps a tunnel up. Dropped, it ends the task.
pub(crate) struct Handle {
    state: watch::Receiver<State>,
    asked: Arc<Asked>,
    stop: CancellationToken,
    /// By then a task that was told to stop has left nothing running.
    patience: Duration,
}

impl Handle {
    pub(crate) fn new(
        state: watch::Receiver<State>,
        asked: Arc<Asked>,
        stop: CancellationToken,
        patience: Duration,
    ) -> Self {
        Self { state, asked, stop, patience }
    }
}

impl Tunnel for Handle {
    fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    fn retry_now(&self) {
        self.asked.retry.notify_waiters();
    }

    fn way_changed(&self) {
        self.asked.renew.notify_waiters();
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.stop.cancel();
        let mut state = self.state.clone();
        Box::pin(async move {
            let stopped = state.wait_for(|state| *state == State::Stopped);
            if tokio::time::timeout(self.patience, stopped).await.is_err() {
                tracing::warn!("a tunnel did not stop in time");
            }
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A tunnel whose state is settled at its beginning and changes by a stop alone.
pub(crate) struct Settled {
    state: watch::Sender<State>,
}

impl Settled {
    pub(crate) fn new(state: State) -> Self {
        Self { state: watch::Sender::new(state) }
    }
}

impl Tunnel for Settled {
    fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    fn retry_now(&self) {}

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.state.send_replace(State::Stopped);
        Box::pin(std::future::ready(()))
    }
}

/// A tunnel that cannot even begin.
pub fn failed(trouble: Trouble) -> Arc<dyn Tunnel> {
    Arc::new(Settled::new(State::Failed { trouble }))
}
