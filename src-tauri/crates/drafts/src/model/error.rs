//! Why a model gave no words; decided here and nowhere else (invariant 12).

use std::time::Duration;

use async_openai::error::OpenAIError;

/// Why a call to a model failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The server does not know the key.
    #[error("the key is not accepted")]
    WrongKey,
    /// No money on the account, or its quota is used up.
    #[error("no money or quota left")]
    NoMoney,
    /// Not for this country, address or account.
    #[error("the server refuses access")]
    Forbidden,
    /// Too many calls.
    #[error("too many calls")]
    TooMany {
        /// Not before.
        after: Option<Duration>,
    },
    /// No such model there.
    #[error("no such model")]
    ModelMissing,
    /// The question is longer than the model takes.
    #[error("the question is too long for this model")]
    TooLong,
    /// The server does not take the request.
    #[error("the server refused the request ({status})")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The server has trouble.
    #[error("the server has trouble ({status})")]
    Server {
        /// HTTP status.
        status: u16,
    },
    /// Not reachable, or cut in the middle.
    #[error("no connection to the server")]
    Network,
    /// The answer is none that can be read.
    #[error("the answer cannot be read")]
    Malformed,
    /// It took longer than allowed.
    #[error("the model did not answer in time")]
    TooSlow,
    /// Stopped by the caller.
    #[error("stopped")]
    Cancelled,
    /// Base address, proxy or a header is no such thing.
    #[error("the address, proxy or a header is wrong")]
    BadAddress,
}

/// What may be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Later, by itself; with how long to wait where the server said it.
    After(Option<Duration>),
    /// Only the seller can help.
    BySeller,
    /// The same again would end the same.
    Never,
}

impl ModelError {
    /// What may be done about it.
    pub fn retry(&self) -> Retry {
        match self {
            Self::TooMany { after } => Retry::After(*after),
            Self::Server { .. } | Self::Network | Self::TooSlow => Retry::After(None),
            Self::WrongKey | Self::NoMoney | Self::Forbidden | Self::ModelMissing | Self::BadAddress => {
                Retry::BySeller
            }
            Self::TooLong | Self::Refused { .. } | Self::Malformed | Self::Cancelled => Retry::Never,
        }
    }

    /// A refusal by its status and the words in its body.
    pub(super) fn of_answer(status: u16, after: Option<Duration>, code: &str, message: &str) -> Self {
        let text = format!("{code} {message}").to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let money = says(&[
            "insufficient_quota",
            "insufficient",
            "billing",
            "credit",
            "баланс",
            "недостаточно средств",
            "payment",
        ]);
        let model = says(&["model"])
            && says(&[
                "not found",
                "not exist",
                "no such",
                "unknown",
                "not_found",
                "not a valid",
                "не найден",
            ]);
        match status {
            401 => Self::WrongKey,
            402 => Self::NoMoney,
            403 if money => Self::NoMoney,
            403 if says(&["api key", "api_key", "unauthorized"]) => Self::WrongKey,
            403 | 451 => Self::Forbidden,
            429 if money => Self::NoMoney,
            429 => Self::TooMany { after },
            404 if model || says(&["model"]) => Self::ModelMissing,
            404 => Self::BadAddress,
            400 | 422 if model => Self::ModelMissing,
            400 | 413 | 422
                if status == 413
                    || says(&[
                        "context_length",
                        "context length",
                        "maximum context",
                        "too long",
                        "too many tokens",
                    ]) =>
            {
                Self::TooLong
            }
            408 | 504 => Self::TooSlow,
            500..=599 => Self::Server { status },
            _ => Self::Refused { status },
        }
    }
}

impl From<OpenAIError> for ModelError {
    fn from(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Boxed(error) => error.downcast::<ModelError>().map_or(Self::Network, |error| *error),
            OpenAIError::Reqwest(error) => of_transport(&error),
            OpenAIError::StreamError(_) => Self::Network,
            OpenAIError::ApiError(answer) => {
                let code = answer.api_error.code.unwrap_or_default();
                Self::of_answer(answer.status_code.as_u16(), None, &code, &answer.api_error.message)
            }
            OpenAIError::JSONDeserialize(..) => Self::Malformed,
            OpenAIError::InvalidArgument(_) => Self::BadAddress,
            _ => Self::Network,
        }
    }
}

/// A failure without an answer.
pub(super) fn of_transport(error: &reqwest::Error) -> ModelError {
    if error.is_timeout() {
        ModelError::TooSlow
    } else if error.is_builder() {
        ModelError::BadAddress
    } else if error.is_decode() {
        ModelError::Malformed
    } else {
        ModelError::Network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_status_and_words() {
        let of = |status, code, message| ModelError::of_answer(status, None, code, message);
        assert_eq!(of(401, "", ""), ModelError::WrongKey);
        assert_eq!(of(429, "insufficient_quota", "You exceeded your current quota"), ModelError::NoMoney);
        assert_eq!(of(429, "rate_limit_exceeded", "slow down"), ModelError::TooMany { after: None });
        assert_eq!(of(404, "model_not_found", "The model `x` does not exist"), ModelError::ModelMissing);
        assert_eq!(of(404, "", "404 page not found"), ModelError::BadAddress);
        assert_eq!(of(400, "", "x is not a valid model ID"), ModelError::ModelMissing);
        assert_eq!(of(400, "context_length_exceeded", ""), ModelError::TooLong);
        assert_eq!(of(403, "unsupported_country_region_territory", ""), ModelError::Forbidden);
        assert_eq!(of(402, "", "Insufficient credits"), ModelError::NoMoney);
        assert_eq!(of(503, "", ""), ModelError::Server { status: 503 });
    }
}
