//! Keeps one line open: opens it, watches it, opens it again after a pause, until told to stop.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::backoff::{Backoff, STABLE};
use crate::handle::{Asked, Handle};
use crate::{State, Trouble, Tunnel, Verdict};

/// By then a line that was told to stop has left nothing running.
const STOP_PATIENCE: Duration = Duration::from_secs(6);

/// One way of getting an address.
pub(crate) trait Line: Send + 'static {
    /// Whether an open line is opened anew when the way to the outside has changed.
    const RENEWS: bool;

    /// Opens the line once, tells every address it gets, and returns why it ended. Told to stop it takes its address back; when it
    /// returns, nothing of it is running.
    fn run(&mut self, news: &News, stop: &CancellationToken) -> impl Future<Output = Trouble> + Send;
}

/// Where a line tells its address.
pub(crate) struct News {
    state: watch::Sender<State>,
}

impl News {
    /// Requests to this address reach us from now on; the address may differ from the last.
    pub(crate) fn online(&self, url: Url) {
        self.tell(State::Online { url });
    }

    fn tell(&self, state: State) {
        self.state.send_if_modified(|now| {
            let differs = *now != state;
            if differs {
                tracing::info!(?state, "tunnel");
                *now = state;
            }
            differs
        });
    }

    fn is_online(&self) -> bool {
        matches!(*self.state.borrow(), State::Online { .. })
    }
}

/// Starts keeping the line open.
pub(crate) fn supervise(line: impl Line) -> Arc<dyn Tunnel> {
    let (state, watched) = watch::channel(State::Connecting);
    let (asked, stop) = (Arc::new(Asked::default()), CancellationToken::new());
    tokio::spawn(keep_open(line, News { state }, asked.clone(), stop.clone()));
    Arc::new(Handle::new(watched, asked, stop, STOP_PATIENCE))
}

async fn keep_open<L: Line>(mut line: L, news: News, asked: Arc<Asked>, stop: CancellationToken) {
    let mut backoff = Backoff::default();
    loop {
        news.tell(State::Connecting);
        let started = Instant::now();
        let (trouble, renewed) = run_once(&mut line, &news, &asked.renew, &stop).await;
        if stop.is_cancelled() {
            break;
        }
        if renewed {
            tracing::info!("the way has changed: the tunnel is opened anew");
            backoff.reset();
            continue;
        }
        if news.is_online() && started.elapsed() >= STABLE {
            backoff.reset();
        }
        // Asked for before the state is told: who reacts to the state by a retry is heard.
        let (mut retry, mut renew) =
            (std::pin::pin!(asked.retry.notified()), std::pin::pin!(asked.renew.notified()));
        retry.as_mut().enable();
        renew.as_mut().enable();
        let pause = match trouble.verdict() {
            Verdict::Seller => {
                news.tell(State::Failed { trouble });
                None
            }
            verdict => {
                let pause = backoff.next(verdict);
                news.tell(State::Offline { trouble, retry_at: SystemTime::now() + pause });
                Some(pause)
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = retry => backoff.reset(),
            () = renew => backoff.reset(),
            () = paused(pause) => {}
        }
    }
    news.tell(State::Stopped);
}

/// One life of a line: why it ended, and whether it was only to be opened anew.
async fn run_once<L: Line>(
    line: &mut L,
    news: &News,
    renew: &Notify,
    stop: &CancellationToken,
) -> (Trouble, bool) {
    let end = stop.child_token();
    let mut run = std::pin::pin!(line.run(news, &end));
    tokio::select! {
        trouble = &mut run => (trouble, false),
        () = renew.notified(), if L::RENEWS => {
            end.cancel();
            (run.await, true)
        }
    }
}

/// Without a pause: until somebody asks.
async fn paused(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::sync::mpsc;

    use super::*;
    use crate::trouble::code;

    /// A line that does what the test has written down, and says when.
    struct Scripted {
        attempts: VecDeque<(Option<&'static str>, Duration, &'static str)>,
        opened: mpsc::UnboundedSender<Instant>,
    }

    impl Line for Scripted {
        const RENEWS: bool = false;

        async fn run(&mut self, news: &News, stop: &CancellationToken) -> Trouble {
            let _ = self.opened.send(Instant::now());
            let Some((address, lasts, code)) = self.attempts.pop_front() else {
                stop.cancelled().await;
                return Trouble::new(code::CUT, "");
            };
            if let Some(address) = address {
                news.online(address.parse().unwrap());
            }
            tokio::time::sleep(lasts).await;
            Trouble::new(code, "")
        }
    }

    fn scripted(
        attempts: impl IntoIterator<Item = (Option<&'static str>, Duration, &'static str)>,
    ) -> (Arc<dyn Tunnel>, mpsc::UnboundedReceiver<Instant>) {
        let (opened, openings) = mpsc::unbounded_channel();
        (supervise(Scripted { attempts: attempts.into_iter().collect(), opened }), openings)
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_of_hours_is_over_within_half_a_minute_of_its_end() {
        let refused = (None, Duration::ZERO, code::NETWORK);
        let (tunnel, mut openings) = scripted(vec![refused; 300]);
        let mut last = openings.recv().await.unwrap();
        let first = last;
        for _ in 0..299 {
            let next = openings.recv().await.unwrap();
            assert!(next - last <= Duration::from_secs(30), "{:?}", next - last);
            last = next;
        }
        assert!(last - first > Duration::from_secs(3600));
        tunnel.stop().await;
        assert_eq!(*tunnel.state().borrow(), State::Stopped);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_after_a_good_minute_is_mended_at_once_however_bad_it_was_before() {
        let refused = (None, Duration::ZERO, code::NETWORK);
        let mut attempts = vec![refused; 10];
        attempts.push((Some("https://a.example/"), Duration::from_secs(61), code::CUT));
        let (_tunnel, mut openings) = scripted(attempts);
        let mut times = Vec::new();
        for _ in 0..12 {
            times.push(openings.recv().await.unwrap());
        }
        assert!(times[11] - times[10] < Duration::from_secs(62), "{:?}", times[11] - times[10]);
        assert!(times[10] - times[9] > Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn what_only_the_seller_can_mend_is_not_tried_again_until_asked() {
        let wrong = (None, Duration::ZERO, "107");
        let (tunnel, mut openings) = scripted([wrong, wrong]);
        openings.recv().await.unwrap();
        let mut state = tunnel.state();
        state.wait_for(|state| matches!(state, State::Failed { .. })).await.unwrap();
        let day = tokio::time::timeout(Duration::from_secs(86_400), openings.recv()).await;
        assert!(day.is_err(), "a day passed without an attempt");
        tunnel.retry_now();
        openings.recv().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn asking_ends_a_pause() {
        let (tunnel, mut openings) = scripted([(None, Duration::ZERO, "108")]);
        let first = openings.recv().await.unwrap();
        let mut state = tunnel.state();
        state.wait_for(|state| matches!(state, State::Offline { .. })).await.unwrap();
        tunnel.retry_now();
        assert_eq!(openings.recv().await.unwrap(), first);
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_a_tunnel_ends_it() {
        let (tunnel, mut openings) = scripted([]);
        openings.recv().await.unwrap();
        let mut state = tunnel.state();
        drop(tunnel);
        state.wait_for(|state| *state == State::Stopped).await.unwrap();
    }
}
