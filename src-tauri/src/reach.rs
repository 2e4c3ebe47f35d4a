//! What the page can reach, written down: a test fails when it grows, so that growing is a decision.
//!
//! The page shows what strangers wrote. Should a script of theirs ever run in it, it could do what is listed here and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Every command the page may call, and what for.
const COMMANDS: &[(&str, &str)] = &[
    ("add_account", "connecting; takes a key, gives none back"),
    ("add_dropped_file", "bytes of a file the seller dropped on the page"),
    ("add_files", "the system's dialog chooses; the page only opens it"),
    ("another_draft", "another version"),
    ("answer_questions", "an entry that answers them"),
    ("app_view", "the frame of the window"),
    ("automatic_replies", "the log of what rules sent"),
    ("backup_place", "where the next backup would go"),
    ("backup_view", "what the settings say about backups"),
    ("block_buyer", "after a question; Avito has no way back"),
    ("chat", "the open chat"),
    ("check_key", "trying a key before it is stored"),
    ("check_line", "the list of troubles; looks, changes nothing"),
    ("check_model", "the button «проверить»; takes a key, gives none back"),
    ("check_now", "the button «проверить»"),
    ("check_reply", "facts of what is typed"),
    ("choose_backup_file", "the system's dialog chooses; the page only opens it"),
    ("choose_backup_folder", "the system's dialog chooses; the page only opens it"),
    ("choose_secret_fallback", "a machine without a keychain"),
    ("clean_pictures", "pictures that Avito gives again; after a question"),
    ("clear_event_log", "the log only; messages stay"),
    ("close_window", "the answer to a closing window"),
    ("closed_shop", "why the archive is not open"),
    ("confirm_recovery_code", "takes four letters, gives nothing back"),
    ("create_backup", "into the folder that was chosen"),
    ("delete_message", "own messages, within an hour"),
    ("diagnostics", "a text without secrets and persons"),
    ("discard_send", "a reply that was not sent"),
    ("dismiss_draft", "a draft that is not wanted"),
    ("draft", "the card above the composer"),
    ("draft_settings", "says which secrets are kept, never what they are"),
    ("draft_statistics", "counts"),
    ("dry_run", "what a rule would have sent"),
    ("event_body", "one delivery as it came, as text"),
    ("event_log", "what came to the endpoint"),
    ("export_chats", "into the folder that was chosen"),
    ("forget_folder", "a watched folder"),
    ("forget_proposed", "gives memory back"),
    ("keep_duplicates", "passages that say the same"),
    ("keep_one_duplicate", "passages that say the same"),
    ("keep_reply", "puts such an offer away"),
    ("knowledge_source", "one source with its passages"),
    ("knowledge_view", "the list of knowledge"),
    ("ledger", "which minutes are covered"),
    ("list_chats", "the list"),
    ("mark_read", "the seller has looked"),
    ("messages", "the thread"),
    ("messages_after", "the thread, on from a message"),
    ("messages_around", "the thread, around a message that was found"),
    ("model_presets", "addresses to begin with"),
    ("open_chat", "what is on the screen"),
    ("open_data_folder", "our own folder only, in the system's file manager"),
    (
        "open_link",
        "http and https only, in the system's browser; the page asks first where a link lies about itself",
    ),
    ("open_questions", "what nothing answers"),
    ("open_with_recovery_code", "takes a code, gives nothing back"),
    ("orders", "beside the open chat; without the buyer's name and phone"),
    ("past_questions", "the seller's own chats"),
    ("pause_backfill", "reading old history"),
    ("pause_rules", "the one big switch"),
    ("propose_knowledge", "a copy in memory, nothing is kept"),
    ("proxy_snippets", "a text made of an address and a port"),
    ("put_questions_away", "questions that need no answer"),
    ("read_again", "a file that is known"),
    ("recall_reply", "deletes our own reply at Avito, as the message's menu does"),
    ("recalls", "sent replies that are no longer so"),
    ("reception", "the panel «Приём сообщений»; addresses without their secret part"),
    ("recovery_code", "the one secret the page may show, and only until it is confirmed"),
    ("refresh_items", "the list of the account's own items"),
    ("refresh_subscriptions", "Avito's list, read again"),
    ("register_webhook", "our own address only"),
    ("rekey_archive", "encrypting; the new key stays outside the page until it is shown once"),
    ("related_chats", "beside the open chat"),
    ("remove_account", "after a question"),
    ("remove_rule", "a rule that is not wanted"),
    ("remove_source", "can be taken back for some minutes"),
    ("remove_subscription", "one address of Avito's list, by a name that tells nothing; after a question"),
    ("reopen", "an archive that could not be opened"),
    ("replace_key", "takes a key, gives none back; the key must be of the same account"),
    ("replace_source", "a file the seller has tried takes the place of its older form"),
    ("replay", "asks the model with settings on the screen; nothing is sent to a buyer"),
    ("replay_proposed", "asks with a copy of knowledge; nothing is sent to a buyer"),
    ("restore_backup", "from the file that was chosen; the present data is set aside"),
    ("restore_source", "what was just removed"),
    ("retry_send", "a reply that was not sent"),
    ("retry_tunnel", "the button «повторить»"),
    ("rotate_webhook_secret", "the new secret stays outside the page"),
    ("rule_levels", "what a threshold would have sent"),
    ("rules", "the list of rules"),
    ("save_composer", "half-typed text"),
    ("save_diagnostics", "the text that was shown, where the seller chooses in the system's dialog"),
    ("save_draft_settings", "takes a key, gives none back"),
    ("save_entry", "an entry the seller writes"),
    ("save_media", "a picture of the shop, where the seller chooses in the system's dialog"),
    ("save_recovery_code", "where the seller chooses in the system's dialog, until it is confirmed"),
    ("save_rule", "sending by rule; off until the seller switches it on"),
    ("save_settings", "looks and sounds; nothing that lets anything out"),
    (
        "save_tunnels",
        "which tunnel; before a command line of the seller's own is started, the system's dialog asks",
    ),
    ("search_messages", "search over the archive"),
    ("send_draft", "a reply the seller approves; what no source says needs a second word"),
    ("send_image", "a reply"),
    ("send_text", "a reply"),
    ("set_archive_aside", "beginning anew beside a damaged archive; nothing is deleted"),
    ("set_ngrok_token", "takes a token, gives none back"),
    ("set_source_scope", "for whom a source holds"),
    ("show_shop", "the demo or the seller's own"),
    ("stop_long_work", "the button «остановить»"),
    ("stop_reading", "a file being read"),
    ("storage_view", "sizes"),
    ("switch_passage_off", "the same for one passage"),
    ("switch_source_off", "keeps a source and does not find it"),
    ("test_webhook", "a test through the public address"),
    ("try_alert", "a sample notification"),
    ("try_question", "what the helper would find; sends nothing"),
    ("unlock_secrets", "takes a passphrase, gives nothing back"),
    ("unregister_webhook", "our own addresses only"),
    ("verify_backup", "the file that was chosen"),
    ("waiting_drafts", "the queue over all chats"),
    ("watch_folder", "the system's dialog chooses; the page only opens it"),
];

/// The content security policy, with the reason for everything beyond `'self'`.
fn policy() -> Value {
    json!({
        "default-src": "'self'",
        "script-src": "'self'",
        // Svelte's `style:` directives and the splitter set styles on elements.
        "style-src": "'self' 'unsafe-inline'",
        // `media:` is the core's own scheme (on Windows it looks like http://media.localhost); `blob:` shows a picture before it is sent.
        "img-src": "'self' blob: media: http://media.localhost",
        // Voice messages are played from the bytes the core gave.
        "media-src": "'self' blob:",
        // The way to the core, and the bytes of voice messages.
        "connect-src": "'self' ipc: http://ipc.localhost media: http://media.localhost",
        "font-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'"
    })
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_page_may_call_the_written_down_commands_only() {
    // The generated contract names every command that the program registers; another test holds it fresh.
    let contract = read("ui/src/host/contract.ts");
    let mut commands: Vec<&str> = contract
        .split("__TAURI_INVOKE")
        .filter_map(|rest| rest.split_once("(\""))
        .filter(|(before, _)| before.is_empty() || before.starts_with('<'))
        .map(|(_, rest)| rest.split('"').next().unwrap())
        .collect();
    commands.sort_unstable();
    commands.dedup();
    let known: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        commands, known,
        "the page can reach more or less than is written down: say in COMMANDS why it needs it"
    );
}

#[test]
fn the_page_may_use_no_plugin_and_nothing_of_tauri_but_listening() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/capabilities");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["main.json"]);
    let mut capability: BTreeMap<String, Value> =
        serde_json::from_str(&read("src-tauri/capabilities/main.json")).unwrap();
    for words in ["$schema", "identifier", "description"] {
        capability.remove(words);
    }
    // Anything else, `remote` above all, would open the commands to other pages.
    let minimal = json!({
        "windows": ["main"],
        "permissions": ["core:event:allow-listen", "core:event:allow-unlisten"],
    });
    assert_eq!(serde_json::to_value(capability).unwrap(), minimal);
}

#[test]
fn the_windows_policy_is_the_written_down_one() {
    let config: Value = serde_json::from_str(&read("tauri.conf.json")).unwrap();
    let app = &config["app"];
    assert_eq!(app["security"], json!({"csp": policy(), "freezePrototype": true}));
    let text = app["security"].to_string();
    for never in ["unsafe-eval", "https:", "http://*", "*", "dangerous", "data:"] {
        assert!(!text.contains(never), "{never} in the window's policy");
    }
    // No global object for scripts to find, and no window that is made without our guards on navigation.
    assert_eq!(app.get("withGlobalTauri"), None);
    assert_eq!(app["windows"], json!([]));
    assert_eq!(config.get("plugins"), None);
}

#[test]
fn a_released_program_has_no_developer_tools() {
    let manifest = read("Cargo.toml");
    let tauri = manifest.lines().find(|line| line.starts_with("tauri = ")).unwrap();
    assert!(!tauri.contains("devtools"), "{tauri}");
    assert!(!read("src-tauri/src/desktop.rs").contains("devtools"));
}
