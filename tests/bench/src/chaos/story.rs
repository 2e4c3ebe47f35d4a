//! The story of a difference: what happened to the message outside, at Avito and in the program, in one order of time.

use std::path::Path;

use avito_sim::Sim;

use super::compare::Difference;
use super::ledger::{Entry, Ledger};

/// How long before and after the message's own events the story looks around, milliseconds.
const BEFORE_MS: i64 = 1_500;
const AFTER_MS: i64 = 4_000;
/// The longest story, lines.
const LONGEST: usize = 150;

/// Where everything is known from.
pub(super) struct Sources<'a> {
    pub(super) sim: &'a Sim,
    pub(super) ledger: &'a Ledger,
    /// The program's logs.
    pub(super) logs: &'a Path,
    /// What the program shows of the chat, one bubble a line.
    pub(super) shown: &'a [String],
}

struct Line {
    at_ms: i64,
    text: String,
}

/// Tells it, a line each.
pub(super) fn tell(sources: &Sources<'_>, user: i64, chat: &str, difference: &Difference) -> Vec<String> {
    let entries = sources.ledger.entries();
    let concerns = |entry: &&Entry| {
        entry.chat.as_deref() == Some(chat)
            && (difference.messages.iter().any(|id| entry.what.contains(id.as_str()))
                || difference.replies.iter().any(|reply| entry.what.ends_with(&format!("reply {reply}"))))
    };
    let sides = sources.sim.chat_messages(user, chat);
    let held = sides.iter().filter(|message| difference.messages.contains(&message.id));
    let born: Vec<i64> = entries
        .iter()
        .filter(concerns)
        .map(|entry| entry.at_ms)
        .chain(held.map(|message| message.created * 1000))
        .collect();
    let round = entries.iter().find(concerns).map(|entry| entry.round);
    let near = |at_ms: i64| born.iter().any(|born| (born - BEFORE_MS..born + AFTER_MS).contains(&at_ms));
    let mut lines: Vec<Line> = Vec::new();
    for entry in &entries {
        let of_chat = entry.chat.as_deref().is_none_or(|other| other == chat);
        if of_chat && near(entry.at_ms) || concerns(&entry) {
            lines.push(Line { at_ms: entry.at_ms, text: format!("round {}: {}", entry.round, entry.what) });
        }
    }
    for call in sources.sim.calls() {
        let of_chat = call.chat_id.as_deref() == Some(chat);
        let of_account = call.chat_id.is_none() && call.user_id.is_none_or(|other| other == user);
        if near(call.at_ms) && (of_chat || of_account) {
            let status = call.status.map_or("cut".to_owned(), |status| status.to_string());
            let text = format!("Avito: {} {} → {status}", call.operation, call.query);
            lines.push(Line { at_ms: call.at_ms, text });
        }
    }
    for delivery in sources.sim.deliveries() {
        if difference.messages.contains(&delivery.message_id) {
            let text = format!(
                "Avito: delivery of {} to {}: {:?} {} {}",
                delivery.message_id,
                // Without the secret part of the path.
                delivery.url.split('/').take(3).collect::<Vec<_>>().join("/"),
                delivery.status,
                delivery.fault.unwrap_or_default(),
                delivery.error.unwrap_or_default()
            );
            lines.push(Line { at_ms: delivery.at_ms, text });
        }
    }
    for (at_ms, text) in log_lines(sources.logs) {
        let of_reply = difference.replies.iter().any(|reply| text.contains(&format!("row={reply} ")));
        if near(at_ms) || of_reply {
            lines.push(Line { at_ms, text: format!("program: {text}") });
        }
    }
    lines.sort_by_key(|line| line.at_ms);
    let mut told = vec![
        format!("{:?} in {chat} of {user}: {}", difference.kind, difference.what),
        format!(
            "messages {:?}, replies {:?}, first seen in round {}",
            difference.messages,
            difference.replies,
            round.map_or("0".to_owned(), |round| round.to_string())
        ),
    ];
    told.extend(lines.iter().take(LONGEST).map(|line| format!("  {} {}", time(line.at_ms), line.text)));
    told.push("  the chat at Avito and in the program, from three before:".to_owned());
    let place = sides.iter().position(|message| difference.messages.contains(&message.id));
    let from = place.unwrap_or(sides.len()).saturating_sub(3);
    for message in sides.iter().skip(from).take(16) {
        told.push(format!(
            "    Avito:   {} {} {} {}",
            time(message.created * 1000),
            message.direction,
            message.id,
            message.text.as_deref().unwrap_or(&message.kind)
        ));
    }
    let from = sources
        .shown
        .iter()
        .position(|line| difference.messages.iter().any(|id| line.contains(id.as_str())))
        .unwrap_or(sources.shown.len());
    told.extend(
        sources.shown.iter().skip(from.saturating_sub(3)).take(16).map(|line| format!("    program: {line}")),
    );
    told
}

/// The lines of all logs with their time. A line begins like `2026-11-21T12:05:11.123456Z`.
fn log_lines(folder: &Path) -> Vec<(i64, String)> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort_unstable();
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter_map(|line| Some((stamp(&line)?, line))).collect()
}

/// Unix milliseconds of the day a log line names.
fn stamp(line: &str) -> Option<i64> {
    let number = |from: usize, to: usize| line.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    // Days since 1970, years counted from March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some((days * 86_400 + seconds) * 1000 + number(20, 23)?)
}

/// `12:05:11.123`, UTC.
fn time(at_ms: i64) -> String {
    let seconds = at_ms.div_euclid(1000);
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:03}", seconds % 60, at_ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_lines_time_is_the_clocks() {
        assert_eq!(stamp("2025-10-09T09:53:20.123456Z  INFO x"), Some(1_760_003_600_123));
        assert_eq!(stamp("2024-02-29T12:00:00.000Z"), Some(1_709_208_000_000));
        assert_eq!(stamp("   at src/main.rs:1"), None);
        assert_eq!(time(1_760_003_600_123), "09:53:20.123");
    }
}
