//! Why a tunnel has no address, and what may be done about it. The one place where a code gets its meaning.

use std::sync::LazyLock;

use regex::Regex;

/// Longest reason kept, in characters.
const REASON_LIMIT: usize = 400;

/// Our own codes. A service's codes are its numbers.
pub mod code {
    /// The service cannot be reached: no network, no such host, refused, no answer in time.
    pub const NETWORK: &str = "network";
    /// Its certificate is not trusted, or something between us and it answers in its place.
    pub const TLS: &str = "tls";
    /// The proxy named in the settings cannot be reached or refuses.
    pub const PROXY: &str = "proxy";
    /// The connection broke off, or its heartbeat stopped.
    pub const CUT: &str = "cut";
    /// The service answered something that cannot be used.
    pub const UNEXPECTED: &str = "unexpected";
    /// The service took the address away without saying why.
    pub const CLOSED: &str = "closed";
    /// The seller stopped the tunnel at the service's dashboard.
    pub const STOPPED_REMOTELY: &str = "stopped_remotely";
    /// The server address in the settings is no `host:port`.
    pub const BAD_SERVER: &str = "bad_server";
    /// The file of certificates in the settings cannot be read, or holds none.
    pub const BAD_CA_FILE: &str = "bad_ca_file";
    /// The proxy in the settings is no `http`, `https` or `socks5` address.
    pub const BAD_PROXY: &str = "bad_proxy";
    /// The command line cannot be read: empty, or a quote is left open.
    pub const BAD_COMMAND: &str = "bad_command";
    /// The pattern that finds the address is no regular expression.
    pub const BAD_PATTERN: &str = "bad_pattern";
    /// The program is not installed, or not where it is looked for.
    pub const PROGRAM_MISSING: &str = "program_missing";
    /// The system does not let us start the program.
    pub const PROGRAM_DENIED: &str = "program_denied";
    /// The program runs and has named no address in time.
    pub const NO_ADDRESS: &str = "no_address";
    /// The program ended.
    pub const ENDED: &str = "ended";
    /// The address is not https; Avito delivers to no other.
    pub const NOT_HTTPS: &str = "not_https";
    /// The address has no host, or one that nobody outside can reach.
    pub const BAD_ADDRESS: &str = "bad_address";
    /// No tunnel is set up.
    pub const NONE: &str = "none";
}

/// Why a tunnel has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The service's own code (`ERR_NGROK_107` → `107`), or one of [`code`].
    pub code: String,
    /// The service's words, without any secret; for the log and for "details".
    pub reason: String,
}

/// What may be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes by itself: tried again soon.
    Soon,
    /// A former session, perhaps our own, still holds the place: free as soon as the service no longer hears it.
    Held,
    /// It passes by itself, but not soon, and asking often makes it worse.
    Later,
    /// Only the seller can help.
    Seller,
}

impl Trouble {
    /// A failure in a service's or the system's words, which are freed of what looks like a secret.
    #[must_use]
    pub fn new(code: impl Into<String>, reason: impl AsRef<str>) -> Self {
        Self { code: code.into(), reason: without_secrets(reason.as_ref()) }
    }

    /// What a caller of the public address learns from ngrok's header `ngrok-error-code` when ngrok answers in our place.
    #[must_use]
    pub fn of_caller(header: &str) -> Self {
        Self::new(number(header), header)
    }

    /// What may be done about it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(&self.code)
    }
}

/// `ERR_NGROK_107` → `107`; anything else stays.
pub(crate) fn number(service_code: &str) -> &str {
    service_code.trim().strip_prefix("ERR_NGROK_").unwrap_or(service_code)
}

/// What may be done about a failure with this code.
#[must_use]
pub fn verdict(code: &str) -> Verdict {
    if let Ok(number) = code.parse::<u32>() {
        return of_ngrok(number);
    }
    match code {
        code::NETWORK | code::TLS | code::PROXY | code::CUT | code::NO_ADDRESS | code::ENDED => Verdict::Soon,
        code::STOPPED_REMOTELY
        | code::BAD_SERVER
        | code::BAD_CA_FILE
        | code::BAD_PROXY
        | code::BAD_COMMAND
        | code::BAD_PATTERN
        | code::PROGRAM_MISSING
        | code::PROGRAM_DENIED
        | code::NOT_HTTPS
        | code::BAD_ADDRESS
        | code::NONE => Verdict::Seller,
        _ => Verdict::Later,
    }
}

/// ngrok's numbers, from its published list.
fn of_ngrok(number: u32) -> Verdict {
    match number {
        // The account or its key: suspended, wrong, of an old form, withdrawn, missing, e-mail not confirmed.
        102 | 103 | 105..=107 | 123 | 300 | 4018
        // The account's rules do not let this computer in.
        | 115 | 116
        // This program's ngrok library is too old or names itself wrongly.
        | 119..=121
        // The name asked for belongs to nobody or to somebody else, or the account has none yet.
        | 319 | 320 | 15013
        // The tariff does not include what was asked for; 9040: the country is not served.
        | 9000..=9999
        // The rules set for the address are wrong.
        | 2200..=2299 => Verdict::Seller,
        // Seen by whoever calls the address: we are not there, or answered wrongly.
        3004 | 3200 | 8012 => Verdict::Soon,
        // Too many sessions; the address is taken by another one.
        108 | 334 => Verdict::Held,
        // 725 and 727 the month's quota, 734 too often.
        _ => Verdict::Later,
    }
}

/// The text without what looks like a key: ngrok repeats the authtoken in its texts 105 and 107, programs print theirs at will.
fn without_secrets(text: &str) -> String {
    static KEY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[A-Za-z0-9_+/=-]{20,}").unwrap_or_else(|_| unreachable!()));
    let looks_random = |word: &str| {
        let has = |what: fn(&u8) -> bool| word.as_bytes().iter().any(what);
        has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !word.starts_with("ERR_NGROK")
    };
    let hidden = KEY.replace_all(text, |found: &regex::Captures<'_>| match &found[0] {
        word if looks_random(word) => "…".to_owned(),
        word => word.to_owned(),
    });
    hidden.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_seller_can_help_with_keys_names_tariffs_and_countries() {
        for number in ["105", "107", "300", "319", "120", "121", "9040", "4018"] {
            assert_eq!(verdict(number), Verdict::Seller, "{number}");
        }
        for number in ["108", "334"] {
            assert_eq!(verdict(number), Verdict::Held, "{number}");
        }
        for number in ["725", "727", "734", "no such code", "70000"] {
            assert_eq!(verdict(number), Verdict::Later, "{number}");
        }
        for number in ["3200", "8012", "network", "cut", "ended", "no_address"] {
            assert_eq!(verdict(number), Verdict::Soon, "{number}");
        }
        assert_eq!(Trouble::of_caller("ERR_NGROK_3200").verdict(), Verdict::Soon);
    }

    #[test]
    fn a_token_in_the_services_words_is_not_repeated() {
        let words = "The authtoken you specified is properly formed, but it is invalid.\n\
                     Your authtoken: 2abCdEfGhIjKlMnOpQrStUvWxYz_1a2b3c4d5e6f7g8h9i0jk\n\nERR_NGROK_107";
        let trouble = Trouble::new("107", words);
        assert!(!trouble.reason.contains("2abCd"), "{}", trouble.reason);
        assert!(trouble.reason.contains("properly formed") && trouble.reason.ends_with("ERR_NGROK_107"));
    }
}
