//! The contract with the page: commands and types are declared once, in Rust, and generated into TypeScript.

use inbox::view::Notice;
use tauri_specta::{Builder, collect_commands};

use crate::{backups, commands, drafts, files, knowledge, reception};

/// Name of the one event the page listens to; its payload is a [`Notice`].
pub(crate) const NOTICE: &str = "notice";

/// All commands, and the types the page needs besides.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::<tauri::Wry>::new()
        .commands(collect_commands![
            commands::app_view,
            commands::list_chats,
            commands::chat,
            commands::related_chats,
            commands::orders,
            commands::block_buyer,
            commands::messages,
            commands::messages_around,
            commands::messages_after,
            commands::search_messages,
            commands::open_chat,
            commands::mark_read,
            commands::send_text,
            commands::send_image,
            commands::retry_send,
            commands::discard_send,
            commands::delete_message,
            commands::save_composer,
            commands::open_link,
            commands::check_key,
            commands::add_account,
            commands::replace_key,
            commands::remove_account,
            commands::check_now,
            commands::pause_backfill,
            commands::save_settings,
            commands::choose_secret_fallback,
            commands::unlock_secrets,
            commands::closed_shop,
            commands::reopen,
            commands::open_with_recovery_code,
            commands::recovery_code,
            commands::confirm_recovery_code,
            commands::rekey_archive,
            commands::save_recovery_code,
            commands::diagnostics,
            commands::save_diagnostics,
            commands::set_archive_aside,
            commands::show_shop,
            files::save_media,
            files::storage_view,
            files::clean_pictures,
            files::open_data_folder,
            backups::backup_view,
            backups::backup_place,
            backups::choose_backup_folder,
            backups::choose_backup_file,
            backups::create_backup,
            backups::verify_backup,
            backups::restore_backup,
            backups::export_chats,
            backups::stop_long_work,
            reception::reception,
            reception::save_tunnels,
            reception::set_ngrok_token,
            reception::retry_tunnel,
            reception::register_webhook,
            reception::unregister_webhook,
            reception::test_webhook,
            reception::rotate_webhook_secret,
            reception::refresh_subscriptions,
            reception::remove_subscription,
            reception::check_line,
            reception::ledger,
            reception::proxy_snippets,
            reception::event_log,
            reception::event_body,
            reception::clear_event_log,
            drafts::draft,
            drafts::waiting_drafts,
            drafts::send_draft,
            drafts::another_draft,
            drafts::dismiss_draft,
            drafts::check_reply,
            drafts::open_questions,
            drafts::answer_questions,
            drafts::put_questions_away,
            drafts::draft_statistics,
            drafts::draft_settings,
            drafts::save_draft_settings,
            drafts::check_model,
            drafts::model_presets,
            knowledge::knowledge_view,
            knowledge::knowledge_source,
            knowledge::try_question,
            knowledge::save_entry,
            knowledge::remove_source,
            knowledge::restore_source,
            knowledge::switch_source_off,
            knowledge::switch_passage_off,
            knowledge::set_source_scope,
            knowledge::add_files,
            knowledge::add_dropped_file,
            knowledge::replace_source,
            knowledge::propose_knowledge,
            knowledge::forget_proposed,
            knowledge::watch_folder,
            knowledge::forget_folder,
            knowledge::read_again,
            knowledge::stop_reading,
            knowledge::refresh_items,
            knowledge::keep_one_duplicate,
            knowledge::keep_duplicates,
            drafts::rules,
            drafts::save_rule,
            drafts::remove_rule,
            drafts::pause_rules,
            drafts::dry_run,
            drafts::automatic_replies,
            drafts::rule_levels,
            drafts::recalls,
            drafts::recall_reply,
            drafts::keep_reply,
            drafts::past_questions,
            drafts::replay,
            drafts::replay_proposed,
            commands::try_alert,
            commands::close_window,
        ])
        .typ::<Notice>()
        .constant("NOTICE_EVENT", NOTICE)
        // Times and row ids stay far below 2^53; Avito's larger ids travel as text.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// With PRILAVOK_WRITE_CONTRACT=1 (`cargo xtask contract`) the committed file is written instead of compared.
    #[test]
    fn contract_is_fresh() {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/host/contract.ts");
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("contract.ts");
        // One file on purpose: it is read by `grep` and never by hand, and the generator writes types that name each other.
        let header = "// Generated from Rust by `cargo xtask contract`. Do not edit. One file, because nobody reads it as a whole: the types lie\n\
                      // by areas in src-tauri/crates/inbox/src/view, and the page names them through host/.\n";
        builder().export(specta_typescript::Typescript::default().header(header), &fresh).unwrap();
        if std::env::var_os("PRILAVOK_WRITE_CONTRACT").is_some() {
            std::fs::copy(&fresh, &committed).unwrap();
        }
        let (fresh, committed) =
            (std::fs::read_to_string(fresh).unwrap(), std::fs::read_to_string(committed).unwrap());
        assert!(fresh == committed, "ui/src/host/contract.ts is stale: run `cargo xtask contract`");
    }
}
