//! Several tunnels in the seller's order: the first that works is used.
//!
//! A change-over happens when one fails for good, and when one has been without an address for longer than a passing outage
//! while another may work. One that failed for good is left alone until the seller changes something or asks.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::handle::{Asked, Handle};
use crate::trouble::code;
use crate::{State, Trouble, Tunnel};

/// So long a tunnel may usually be without an address before the next is tried.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Time a tunnel has for its own stop.
const STOP_PATIENCE: Duration = Duration::from_secs(8);

/// Starts one of the choices, as often as needed.
pub type Start = Box<dyn Fn() -> Arc<dyn Tunnel> + Send + Sync>;

/// How things stand with the choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The one in use or being tried; none when all have failed.
    pub current: Option<usize>,
    /// The last state of each, in the seller's order; none: not tried yet.
    pub states: Vec<Option<State>>,
}

/// Several tunnels as one.
pub struct Preference {
    handle: Handle,
    standing: watch::Receiver<Standing>,
}

impl Preference {
    /// How things stand with the choices, and its changes.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }
}

/// Starts the first of these that works; `patience` is how long one may be without an address while another may work.
pub fn of(choices: Vec<Start>, patience: Duration) -> Arc<Preference> {
    let (state, state_watched) = watch::channel(State::Connecting);
    let standing = Standing { current: None, states: vec![None; choices.len()] };
    let (standing, standing_watched) = watch::channel(standing);
    let (asked, stop) = (Arc::new(Asked::default()), CancellationToken::new());
    let chooser = Chooser { choices, patience, state, standing, asked: asked.clone(), stop: stop.clone() };
    tokio::spawn(chooser.choose());
    let handle = Handle::new(state_watched, asked, stop, STOP_PATIENCE);
    Arc::new(Preference { handle, standing: standing_watched })
}

struct Chooser {
    choices: Vec<Start>,
    patience: Duration,
    state: watch::Sender<State>,
    standing: watch::Sender<Standing>,
    asked: Arc<Asked>,
    stop: CancellationToken,
}

/// The next choice in turn that has not failed for good.
fn not_failed_from(next: usize, failed: &[Option<Trouble>]) -> Option<usize> {
    (0..failed.len()).map(|step| (next + step) % failed.len()).find(|choice| failed[*choice].is_none())
}

/// Why one choice was left.
enum Left {
    Failed(Trouble),
    TooLong,
    Stopped,
}

impl Chooser {
    async fn choose(self) {
        'asked: loop {
            let mut failed: Vec<Option<Trouble>> = vec![None; self.choices.len()];
            let mut next = 0;
            while let Some(current) = not_failed_from(next, &failed) {
                let others = failed.iter().filter(|failed| failed.is_none()).count() > 1;
                match self.follow(current, others).await {
                    Left::Failed(trouble) => failed[current] = Some(trouble),
                    Left::TooLong => {}
                    Left::Stopped => break 'asked,
                }
                next = current + 1;
            }
            self.standing.send_modify(|standing| standing.current = None);
            // The trouble of the one the seller wants most.
            let trouble = failed.into_iter().flatten().next().unwrap_or_else(|| Trouble::new(code::NONE, ""));
            let (mut retry, mut renew) =
                (std::pin::pin!(self.asked.retry.notified()), std::pin::pin!(self.asked.renew.notified()));
            retry.as_mut().enable();
            renew.as_mut().enable();
            self.state.send_replace(State::Failed { trouble });
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = retry => {}
                () = renew => {}
            }
        }
        self.state.send_replace(State::Stopped);
    }

    /// Uses one until it fails for good, or is away for too long although another may work.
    async fn follow(&self, current: usize, others: bool) -> Left {
        let tunnel = (self.choices[current])();
        let left = self.watch(current, others, tunnel.as_ref()).await;
        if tokio::time::timeout(STOP_PATIENCE, tunnel.stop()).await.is_err() {
            tracing::warn!(current, "a tunnel did not stop in time");
        }
        left
    }

    async fn watch(&self, current: usize, others: bool, tunnel: &dyn Tunnel) -> Left {
        let mut states = tunnel.state();
        let away = tokio::time::sleep(self.patience);
        tokio::pin!(away);
        loop {
            let (mut retry, mut renew) =
                (std::pin::pin!(self.asked.retry.notified()), std::pin::pin!(self.asked.renew.notified()));
            retry.as_mut().enable();
            renew.as_mut().enable();
            let state = states.borrow_and_update().clone();
            self.standing.send_modify(|standing| {
                standing.current = Some(current);
                standing.states[current] = Some(state.clone());
            });
            let online = matches!(state, State::Online { .. });
            match state {
                State::Failed { trouble } => return Left::Failed(trouble),
                state => self.state.send_if_modified(|told| {
                    let differs = *told != state;
                    *told = state;
                    differs
                }),
            };
            tokio::select! {
                changed = states.changed() => {
                    if changed.is_err() {
                        return Left::Failed(Trouble::new(code::UNEXPECTED, "the tunnel is gone"));
                    }
                    if online {
                        away.as_mut().reset(tokio::time::Instant::now() + self.patience);
                    }
                }
                () = retry => tunnel.retry_now(),
                () = renew => tunnel.way_changed(),
                () = &mut away, if others && !online => return Left::TooLong,
                () = self.stop.cancelled() => return Left::Stopped,
            }
        }
    }
}

impl Tunnel for Preference {
    fn state(&self) -> watch::Receiver<State> {
        self.handle.state()
    }

    fn retry_now(&self) {
        self.handle.retry_now();
    }

    fn way_changed(&self) {
        self.handle.way_changed();
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.handle.stop()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::SystemTime;

    use tokio::time::Instant;

    use super::*;

    /// Tunnels whose states the test sets.
    #[derive(Clone, Default)]
    struct Stage {
        started: Arc<Mutex<Vec<Started>>>,
    }

    type Started = (usize, watch::Sender<State>);

    struct Puppet(watch::Sender<State>);

    impl Tunnel for Puppet {
        fn state(&self) -> watch::Receiver<State> {
            self.0.subscribe()
        }
        fn retry_now(&self) {
            self.0.send_replace(State::Connecting);
        }
        fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            self.0.send_replace(State::Stopped);
            Box::pin(std::future::ready(()))
        }
    }

    impl Stage {
        fn choices(&self, count: usize) -> Vec<Start> {
            (0..count)
                .map(|choice| {
                    let stage = self.clone();
                    Box::new(move || {
                        let state = watch::Sender::new(State::Connecting);
                        stage.started.lock().unwrap().push((choice, state.clone()));
                        Arc::new(Puppet(state)) as Arc<dyn Tunnel>
                    }) as Start
                })
                .collect()
        }

        fn started(&self) -> Vec<usize> {
            self.started.lock().unwrap().iter().map(|(choice, _)| *choice).collect()
        }

        fn last(&self) -> watch::Sender<State> {
            self.started.lock().unwrap().last().unwrap().1.clone()
        }
    }

    fn online(name: &str) -> State {
        State::Online { url: format!("https://{name}.example/").parse().unwrap() }
    }

    fn failed(code: &str) -> State {
        State::Failed { trouble: Trouble::new(code, "") }
    }

    fn offline() -> State {
        State::Offline { trouble: Trouble::new(code::NETWORK, ""), retry_at: SystemTime::UNIX_EPOCH }
    }

    async fn using(preference: &Preference, choice: usize) {
        preference.standing().wait_for(|standing| standing.current == Some(choice)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_for_good_makes_way_for_the_next() {
        let stage = Stage::default();
        let preference = of(stage.choices(2), PATIENCE);
        using(&preference, 0).await;
        let first = stage.last();
        first.send_replace(failed("9040"));
        using(&preference, 1).await;
        assert_eq!(*first.borrow(), State::Stopped, "the failed one is stopped");
        stage.last().send_replace(online("b"));
        preference.state().wait_for(|state| *state == online("b")).await.unwrap();
        assert_eq!(preference.standing().borrow().states[0], Some(failed("9040")));
        preference.stop().await;
        assert_eq!(*stage.last().borrow(), State::Stopped);
        assert_eq!(*preference.state().borrow(), State::Stopped);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_away_for_too_long_makes_way_and_gets_its_turn_again() {
        let stage = Stage::default();
        let preference = of(stage.choices(3), PATIENCE);
        using(&preference, 0).await;
        stage.last().send_replace(online("a"));
        let mut state = preference.state();
        state.wait_for(|state| *state == online("a")).await.unwrap();
        tokio::time::sleep(10 * PATIENCE).await;
        let gone = Instant::now();
        stage.last().send_replace(offline());
        using(&preference, 1).await;
        assert!(gone.elapsed() >= PATIENCE, "an outage that passes changes nothing");
        stage.last().send_replace(failed("300"));
        using(&preference, 2).await;
        using(&preference, 0).await;
        assert_eq!(stage.started(), [0, 1, 2, 0], "the one that failed for good is left alone");
    }

    #[tokio::test(start_paused = true)]
    async fn the_only_one_left_is_kept_however_long_it_is_away() {
        let stage = Stage::default();
        let preference = of(stage.choices(1), PATIENCE);
        using(&preference, 0).await;
        stage.last().send_replace(offline());
        tokio::time::sleep(100 * PATIENCE).await;
        assert_eq!(stage.started(), [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_have_failed_the_first_ones_trouble_is_told_and_asking_begins_anew() {
        let stage = Stage::default();
        let preference = of(stage.choices(2), PATIENCE);
        using(&preference, 0).await;
        stage.last().send_replace(failed("107"));
        using(&preference, 1).await;
        stage.last().send_replace(failed("program_missing"));
        let mut state = preference.state();
        state.wait_for(|state| *state == failed("107")).await.unwrap();
        preference.retry_now();
        using(&preference, 0).await;
        assert_eq!(stage.started(), [0, 1, 0]);
    }

    #[tokio::test]
    async fn without_any_choice_it_says_so() {
        let preference = of(Vec::new(), PATIENCE);
        let mut state = preference.state();
        state.wait_for(|state| *state == failed(code::NONE)).await.unwrap();
    }
}
