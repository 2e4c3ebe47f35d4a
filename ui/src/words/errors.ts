import type { ErrorCode, SendFailure } from "../host/contract";
import { m } from "./generated/messages";

/** What to tell the seller when a command fails: what happened and what to do. */
export const errorWords: Record<ErrorCode, () => string> = {
	wrongKey: m.error_wrong_key,
	tariffMissing: m.error_tariff_missing,
	forbidden: m.error_forbidden,
	rateLimited: m.error_rate_limited,
	serverTrouble: m.error_server_trouble,
	network: m.error_network,
	badAddress: m.error_bad_address,
	alreadyAdded: m.error_already_added,
	noKeychain: m.error_no_keychain,
	keychainLocked: m.error_keychain_locked,
	wrongPassphrase: m.error_wrong_passphrase,
	emptyText: m.error_empty_text,
	textTooLong: m.error_text_too_long,
	badImage: m.error_bad_image,
	imageTooLarge: m.error_image_too_large,
	tooLateToDelete: m.error_too_late_to_delete,
	notFound: m.error_not_found,
	storage: m.error_storage,
	diskFull: m.error_disk_full,
	diskReadOnly: m.error_disk_read_only,
	archiveBusy: m.error_archive_busy,
	newerDatabase: m.error_newer_database,
	archiveKeyMissing: m.error_archive_key_missing,
	badRecoveryCode: m.error_bad_recovery_code,
	wrongRecoveryCode: m.error_wrong_recovery_code,
	archiveDamaged: m.error_archive_damaged,
	internal: m.error_internal,
};

/** Why a reply waits for the seller, and what to do about it. */
export const failureWords: Record<SendFailure, () => string> = {
	refused: m.failure_refused,
	forbidden: m.failure_forbidden,
	notFound: m.failure_not_found,
	tariffMissing: m.failure_tariff_missing,
	wrongKey: m.failure_wrong_key,
	unproved: m.failure_unproved,
	fileMissing: m.failure_file_missing,
};
