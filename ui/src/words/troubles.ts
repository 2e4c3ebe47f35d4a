// The one table of troubles: how grave, in which words, and what the seller can do.
import type { TroubleCode } from "../host/contract";
import { m } from "./generated/messages";

/** `act`: nothing happens until the seller acts. `wait`: goes on by itself. `note`: everything works, only slower. */
export type Severity = "act" | "wait" | "note";

/** What the button beside the words does. */
export type TroubleAction = "replaceKey" | "checkNow" | "openTariff" | "mendArchive";

export type TroubleWords = {
	severity: Severity;
	/** One line for the status line. */
	title: () => string;
	/** What it means and what to do. */
	help: () => string;
	action: TroubleAction;
	/** Why nothing can be sent meanwhile; none: the outbox goes on by itself. */
	sendingBlocked: (() => string) | null;
	/** Within «Повторим в 14:05: …» beside a waiting message. */
	short: () => string;
};

export const troubles: Record<TroubleCode, TroubleWords> = {
	wrongKey: {
		severity: "act",
		title: m.trouble_wrong_key,
		help: m.trouble_wrong_key_help,
		action: "replaceKey",
		sendingBlocked: m.blocked_wrong_key,
		short: m.trouble_wrong_key,
	},
	secretMissing: {
		severity: "act",
		title: m.trouble_secret_missing,
		help: m.trouble_secret_missing_help,
		action: "replaceKey",
		sendingBlocked: m.blocked_secret_missing,
		short: m.trouble_secret_missing,
	},
	tariffMissing: {
		severity: "act",
		title: m.trouble_tariff_missing,
		help: m.trouble_tariff_missing_help,
		action: "openTariff",
		sendingBlocked: m.blocked_tariff_missing,
		short: m.trouble_tariff_missing,
	},
	forbidden: {
		severity: "act",
		title: m.trouble_forbidden,
		help: m.trouble_forbidden_help,
		action: "replaceKey",
		sendingBlocked: m.blocked_forbidden,
		short: m.trouble_forbidden,
	},
	rateLimited: {
		severity: "wait",
		title: m.trouble_rate_limited,
		help: m.trouble_rate_limited_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_rate_limited_short,
	},
	serverTrouble: {
		severity: "wait",
		title: m.trouble_server,
		help: m.trouble_server_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_server_short,
	},
	network: {
		severity: "wait",
		title: m.trouble_network,
		help: m.trouble_network_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_network_short,
	},
	dns: {
		severity: "wait",
		title: m.trouble_dns,
		help: m.trouble_dns_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_dns_short,
	},
	unexpectedAnswer: {
		severity: "wait",
		title: m.trouble_unexpected,
		help: m.trouble_unexpected_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_unexpected_short,
	},
	eventsMissing: {
		severity: "note",
		title: m.trouble_events_missing,
		help: m.trouble_events_missing_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_events_missing,
	},
	webhookRefused: {
		severity: "note",
		title: m.trouble_webhook_refused,
		help: m.trouble_webhook_refused_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_webhook_refused,
	},
	tunnelDown: {
		severity: "note",
		title: m.trouble_tunnel_down,
		help: m.trouble_tunnel_down_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_tunnel_down,
	},
	selfTestFailed: {
		severity: "note",
		title: m.trouble_self_test,
		help: m.trouble_self_test_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_self_test,
	},
	diskFull: {
		severity: "wait",
		title: m.trouble_disk_full,
		help: m.trouble_disk_full_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_disk_full,
	},
	diskReadOnly: {
		severity: "wait",
		title: m.trouble_disk_read_only,
		help: m.trouble_disk_read_only_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_disk_read_only,
	},
	archiveBusy: {
		severity: "wait",
		title: m.trouble_archive_busy,
		help: m.trouble_archive_busy_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_archive_busy,
	},
	archiveDamaged: {
		severity: "act",
		title: m.trouble_archive_damaged,
		help: m.trouble_archive_damaged_help,
		action: "mendArchive",
		sendingBlocked: m.blocked_archive_damaged,
		short: m.trouble_archive_damaged,
	},
	diskFailing: {
		severity: "wait",
		title: m.trouble_disk_failing,
		help: m.trouble_disk_failing_help,
		action: "checkNow",
		sendingBlocked: null,
		short: m.trouble_disk_failing,
	},
};

/** Whose details are words of Avito; the others are what the network, the tunnel or this program says. */
const BY_AVITO: ReadonlySet<TroubleCode> = new Set<TroubleCode>(["wrongKey", "tariffMissing", "forbidden", "rateLimited", "serverTrouble"]);

/** What was said when the trouble came, with who said it. */
export const detailWords = (code: TroubleCode, detail: string): string => (BY_AVITO.has(code) ? m.failure_detail({ detail }) : m.trouble_detail({ detail }));

export const actionWords: Record<TroubleAction, () => string> = {
	replaceKey: m.action_replace_key,
	checkNow: m.action_check_now,
	openTariff: m.action_open_tariff,
	mendArchive: m.action_mend_archive,
};
