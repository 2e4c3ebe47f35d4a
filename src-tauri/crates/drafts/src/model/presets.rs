//! Addresses of services, for the seller to begin with.

/// A service that speaks the OpenAI protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Names it in settings and in the page's words.
    pub id: &'static str,
    /// Its own name.
    pub name: &'static str,
    /// Base address.
    pub base_url: &'static str,
    /// A model to begin with; a word in angle brackets is for the seller to replace.
    pub model: &'static str,
    /// A key is needed.
    pub needs_key: bool,
    /// Runs on this machine: nothing leaves it.
    pub local: bool,
    /// Where a key or the program is to be had.
    pub help_url: &'static str,
}

/// The services known to work with this protocol.
pub const PRESETS: &[Preset] = &[
    Preset {
        id: "ollama",
        name: "Ollama",
        base_url: "http://127.0.0.1:11434/v1",
        model: "qwen2.5:7b",
        needs_key: false,
        local: true,
        help_url: "https://ollama.com/download",
    },
    Preset {
        id: "lmStudio",
        name: "LM Studio",
        base_url: "http://127.0.0.1:1234/v1",
        model: "",
        needs_key: false,
        local: true,
        help_url: "https://lmstudio.ai",
    },
    Preset {
        id: "yandex",
        name: "Yandex Cloud AI Studio",
        base_url: "https://llm.api.cloud.yandex.net/v1",
        model: "gpt://<folder>/yandexgpt/latest",
        needs_key: true,
        local: false,
        help_url: "https://yandex.cloud/ru/docs/foundation-models/concepts/openai-compatibility",
    },
    Preset {
        id: "openRouter",
        name: "OpenRouter",
        base_url: "https://openrouter.ai/api/v1",
        model: "openai/gpt-4o-mini",
        needs_key: true,
        local: false,
        help_url: "https://openrouter.ai/keys",
    },
    Preset {
        id: "openAi",
        name: "OpenAI",
        base_url: "https://api.openai.com/v1",
        model: "gpt-4o-mini",
        needs_key: true,
        local: false,
        help_url: "https://platform.openai.com/api-keys",
    },
];
