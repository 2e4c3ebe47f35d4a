//! The one source of time. Tests set it; nothing in this crate asks the system directly.
//!
//! There are two times: the wall clock's, which somebody may set and which goes on while the computer sleeps, and the steady one,
//! which only ever goes forward at its own pace. Pauses are measured by the steady one.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// A clock: the system's, or one that a test moves.
#[derive(Clone)]
pub struct Clock {
    manual: Option<Arc<watch::Sender<Times>>>,
    made: Instant,
}

/// Both times of a manual clock, milliseconds.
#[derive(Clone, Copy)]
struct Times {
    wall: i64,
    steady: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { manual: None, made: Instant::now() }
    }
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `now_ms` until it is moved.
    pub fn manual(now_ms: i64) -> Self {
        let times = Times { wall: now_ms, steady: 0 };
        Self { manual: Some(Arc::new(watch::channel(times).0)), ..Self::default() }
    }

    /// UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        match &self.manual {
            Some(manual) => manual.borrow().wall,
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Milliseconds that have passed since some moment of this run; nobody can set them.
    pub fn steady_ms(&self) -> i64 {
        match &self.manual {
            Some(manual) => manual.borrow().steady,
            None => i64::try_from(self.made.elapsed().as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// Lets time pass by a manual clock, and wakes who waited for it. A system clock stays as it is.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Some(manual) = &self.manual {
            manual.send_modify(|now| {
                now.wall += by_ms;
                now.steady += by_ms;
            });
        }
    }

    /// Sets the wall clock of a manual clock forward or back, as a user does; the same as if the computer had slept so long.
    pub fn jump_ms(&self, by_ms: i64) {
        if let Some(manual) = &self.manual {
            manual.send_modify(|now| now.wall += by_ms);
        }
    }

    /// Waits until `duration` has passed by this clock.
    pub async fn sleep(&self, duration: Duration) {
        let Some(manual) = &self.manual else {
            tokio::time::sleep(duration).await;
            return;
        };
        let until = self.steady_ms().saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
        let mut moved = manual.subscribe();
        // The sender lives as long as this clock: an error cannot happen while we are borrowed from it.
        let _ = moved.wait_for(|now| now.steady >= until).await;
    }

    /// Hour of the day at this machine, 0…23.
    pub fn local_hour(&self) -> i8 {
        hour(self.now_ms(), jiff::tz::TimeZone::system())
    }
}

fn hour(now_ms: i64, zone: jiff::tz::TimeZone) -> i8 {
    jiff::Timestamp::from_millisecond(now_ms).map_or(12, |now| now.to_zoned(zone).hour())
}

/// A moment in this machine's time zone.
pub(crate) fn local(at_ms: i64) -> jiff::Zoned {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system())
}

/// `2026-11-21`, by this machine's calendar.
pub(crate) fn local_day(at_ms: i64) -> String {
    local(at_ms).strftime("%Y-%m-%d").to_string()
}

/// `2026-11`, by this machine's calendar.
pub(crate) fn local_month(at_ms: i64) -> String {
    local(at_ms).strftime("%Y-%m").to_string()
}

/// Begin and end of a day, so many days before the one of this moment, by this machine's calendar.
pub(crate) fn local_day_bounds(at_ms: i64, days_ago: u32) -> (i64, i64) {
    let now = local(at_ms);
    let day = now.date().saturating_sub(jiff::Span::new().days(i64::from(days_ago)));
    let begin = |day: jiff::civil::Date| {
        day.to_zoned(now.time_zone().clone()).map_or(at_ms, |begin| begin.timestamp().as_millisecond())
    };
    (begin(day), begin(day.tomorrow().unwrap_or(day)))
}

/// `2026-11-21T14:05:00Z`
pub(crate) fn utc_text(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `20261121T140500Z`: sorts by time and suits every file system.
pub(crate) fn utc_stamp(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_their_time_has_come() {
        let clock = Clock::manual(1_000);
        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move {
                clock.sleep(Duration::from_secs(10)).await;
                clock.now_ms()
            })
        };
        tokio::task::yield_now().await;
        clock.advance_ms(9_000);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance_ms(2_000);
        assert_eq!(sleeper.await.unwrap(), 12_000);
    }

    #[tokio::test]
    async fn a_wall_clock_that_jumps_neither_wakes_nor_holds_up_sleepers() {
        let clock = Clock::manual(1_000_000);
        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep(Duration::from_secs(10)).await })
        };
        tokio::task::yield_now().await;
        clock.jump_ms(3_600_000);
        clock.jump_ms(-7_200_000);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        assert_eq!((clock.now_ms(), clock.steady_ms()), (1_000_000 - 3_600_000, 0));
        clock.advance_ms(10_000);
        sleeper.await.unwrap();
    }

    #[test]
    fn daylight_saving_moves_the_local_hour_and_nothing_else() {
        let berlin = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let hours = |from: &str| {
            let from = at(from);
            (0..4).map(|half| hour(from + half * 1_800_000, berlin.clone())).collect::<Vec<_>>()
        };
        assert_eq!(hours("2026-03-29T00:00:00Z"), [1, 1, 3, 3], "there is no 2 o'clock that night");
        assert_eq!(hours("2026-10-25T00:00:00Z"), [2, 2, 2, 2], "2 o'clock comes twice");
        let clock = Clock::manual(at("2026-10-25T00:30:00Z"));
        clock.advance_ms(3_600_000);
        assert_eq!(clock.now_ms(), at("2026-10-25T01:30:00Z"), "an hour is an hour");
    }
}
