// The host behind Tauri: commands by `invoke`, notices by one event listener.
import { convertFileSrc, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type {
	AccountId,
	AccountView,
	AppView,
	BackupPlace,
	BackupReport,
	BackupView,
	BlockReason,
	ChatId,
	ChatPage,
	ChatQuery,
	ChatView,
	ClosedShop,
	EventId,
	EventQuery,
	EventRowView,
	ExportFormat,
	ExportReport,
	FoundPage,
	KeyCheck,
	KeyInput,
	LedgerDay,
	LineCheck,
	LineCheckResult,
	LineView,
	MediaId,
	MessageCursor,
	MessageId,
	MessagePage,
	MessageQuery,
	MessageRow,
	Notice,
	OrderView,
	OutboxId,
	ProxySnippets,
	ReceptionView,
	RelatedChats,
	RestoreReport,
	SecretFallback,
	SelfTest,
	SetAside,
	Settings,
	ShopMode,
	StorageView,
	TunnelSettings,
	UiError,
} from "./contract";
import { HostError, NoticeHub, type Host, type MediaAnswer, type KnowledgeHost } from "./host";
import { pause } from "../shared/pause";
import { TauriDrafts } from "./tauriDrafts";

/** The first readings are on the screen by then. */
const MISSED_MS = 1000;
/** The core's answer for a file that there is not, or not any more. */
const GONE = 404;

function isUiError(value: unknown): value is UiError {
	return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

async function call<Answer>(command: string, args: Record<string, unknown> = {}): Promise<Answer> {
	try {
		return await invoke<Answer>(command, args);
	} catch (error) {
		if (isUiError(error)) throw new HostError(error);
		throw new HostError({ code: "internal", message: `${command}: ${String(error)}` });
	}
}

const knowledge: KnowledgeHost = {
	knowledgeView: (kind, words) => call("knowledge_view", { kind, words }),
	knowledgeSource: (source, after) => call("knowledge_source", { source, after }),
	tryQuestion: (scope, question) => call("try_question", { scope, question }),
	saveEntry: (source, entry) => call("save_entry", { source, entry }),
	removeSource: (source) => call("remove_source", { source }),
	restoreSource: (source) => call("restore_source", { source }),
	switchSourceOff: (source, off) => call("switch_source_off", { source, off }),
	switchPassageOff: (passage, off) => call("switch_passage_off", { passage, off }),
	setSourceScope: (source, scope) => call("set_source_scope", { source, scope }),
	addFiles: (scope, onTrial) => call("add_files", { scope, onTrial }),
	addDroppedFile: (scope, fileName, dataBase64, onTrial) => call("add_dropped_file", { scope, fileName, dataBase64, onTrial }),
	replaceSource: (source, older) => call("replace_source", { source, older }),
	proposeKnowledge: (change) => call("propose_knowledge", { change }),
	forgetProposed: () => call("forget_proposed"),
	watchFolder: (scope) => call("watch_folder", { scope }),
	forgetFolder: (folder, keep) => call("forget_folder", { folder, keep }),
	readAgain: (source) => call("read_again", { source }),
	stopReading: (source) => call("stop_reading", { source }),
	refreshItems: (account) => call("refresh_items", { account }),
	keepOneDuplicate: (passage) => call("keep_one_duplicate", { passage }),
	keepDuplicates: (fingerprint) => call("keep_duplicates", { fingerprint }),
};

class TauriHost implements Host {
	readonly drafts = new TauriDrafts(call);
	readonly knowledge = knowledge;
	#hub = new NoticeHub();
	/** State, because rows of another shop may come before it is known which one is shown: their addresses follow. */
	#shop = $state<ShopMode>("real");
	/** How often another archive may have taken the place of the seller's own: the same numbers mean other pictures then. */
	#archive = $state(0);

	/** From now on notices are heard. Readings do not wait for that; what could not be heard meanwhile is made up for. */
	async listen(): Promise<void> {
		await listen<Notice>("notice", (event) => this.#hub.emit(event.payload));
		await pause(MISSED_MS);
		this.#hub.emit({ what: "everything" });
	}

	async appView(): Promise<AppView> {
		const view = await call<AppView>("app_view");
		this.#shop = view.mode;
		return view;
	}
	listChats(query: ChatQuery): Promise<ChatPage> {
		return call("list_chats", { query });
	}
	chat(chat: ChatId): Promise<ChatView> {
		return call("chat", { chat });
	}
	relatedChats(chat: ChatId): Promise<RelatedChats> {
		return call("related_chats", { chat });
	}
	orders(chat: ChatId): Promise<OrderView[]> {
		return call("orders", { chat });
	}
	blockBuyer(chat: ChatId, reason: BlockReason): Promise<void> {
		return call("block_buyer", { chat, reason });
	}
	messages(chat: ChatId, before: MessageCursor | null, limit: number): Promise<MessagePage> {
		return call("messages", { chat, before, limit });
	}
	messagesAround(chat: ChatId, message: MessageId, limit: number): Promise<MessagePage> {
		return call("messages_around", { chat, message, limit });
	}
	messagesAfter(chat: ChatId, after: MessageId, limit: number): Promise<MessagePage> {
		return call("messages_after", { chat, after, limit });
	}
	searchMessages(query: MessageQuery): Promise<FoundPage> {
		return call("search_messages", { query });
	}
	openChat(chat: ChatId | null): Promise<void> {
		return call("open_chat", { chat });
	}
	markRead(chat: ChatId): Promise<void> {
		return call("mark_read", { chat });
	}
	sendText(chat: ChatId, text: string): Promise<MessageRow> {
		return call("send_text", { chat, text });
	}
	sendImage(chat: ChatId, fileName: string, dataBase64: string): Promise<MessageRow> {
		return call("send_image", { chat, fileName, dataBase64 });
	}
	retrySend(outbox: OutboxId): Promise<void> {
		return call("retry_send", { outbox });
	}
	discardSend(outbox: OutboxId): Promise<string | null> {
		return call("discard_send", { outbox });
	}
	deleteMessage(message: MessageId): Promise<void> {
		return call("delete_message", { message });
	}
	saveComposer(chat: ChatId, text: string): Promise<void> {
		return call("save_composer", { chat, text });
	}
	openLink(url: string): Promise<void> {
		return call("open_link", { url });
	}
	checkKey(key: KeyInput): Promise<KeyCheck> {
		return call("check_key", { key });
	}
	addAccount(key: KeyInput): Promise<AccountView> {
		return call("add_account", { key });
	}
	replaceKey(account: AccountId, key: KeyInput): Promise<void> {
		return call("replace_key", { account, key });
	}
	removeAccount(account: AccountId, keepArchive: boolean): Promise<void> {
		return call("remove_account", { account, keepArchive });
	}
	checkNow(account: AccountId | null): Promise<void> {
		return call("check_now", { account });
	}
	pauseBackfill(account: AccountId, paused: boolean): Promise<void> {
		return call("pause_backfill", { account, paused });
	}
	saveSettings(settings: Settings): Promise<void> {
		return call("save_settings", { settings });
	}
	chooseSecretFallback(fallback: SecretFallback, passphrase: string | null): Promise<void> {
		return call("choose_secret_fallback", { fallback, passphrase });
	}
	unlockSecrets(passphrase: string): Promise<void> {
		return call("unlock_secrets", { passphrase });
	}
	reopen(): Promise<void> {
		return call("reopen");
	}
	closedShop(): Promise<ClosedShop | null> {
		return call("closed_shop");
	}
	openWithRecoveryCode(code: string): Promise<void> {
		return call("open_with_recovery_code", { code });
	}
	recoveryCode(): Promise<string> {
		return call("recovery_code");
	}
	confirmRecoveryCode(lastGroup: string): Promise<void> {
		return call("confirm_recovery_code", { lastGroup });
	}
	rekeyArchive(): Promise<void> {
		return call("rekey_archive");
	}
	saveRecoveryCode(): Promise<boolean> {
		return call("save_recovery_code");
	}
	diagnostics(): Promise<string> {
		return call("diagnostics");
	}
	saveDiagnostics(): Promise<boolean> {
		return call("save_diagnostics");
	}
	saveMedia(media: MediaId): Promise<boolean> {
		return call("save_media", { media });
	}
	storageView(): Promise<StorageView> {
		return call("storage_view");
	}
	cleanPictures(): Promise<number> {
		return call("clean_pictures");
	}
	openDataFolder(): Promise<void> {
		return call("open_data_folder");
	}
	setArchiveAside(): Promise<SetAside> {
		return call<SetAside>("set_archive_aside").finally(() => this.#archive++);
	}
	showShop(mode: ShopMode): Promise<void> {
		return call("show_shop", { mode });
	}
	backupView(): Promise<BackupView> {
		return call("backup_view");
	}
	backupPlace(): Promise<BackupPlace> {
		return call("backup_place");
	}
	chooseBackupFolder(): Promise<BackupPlace> {
		return call("choose_backup_folder");
	}
	chooseBackupFile(): Promise<BackupPlace> {
		return call("choose_backup_file");
	}
	createBackup(passphrase: string | null): Promise<BackupReport> {
		return call("create_backup", { passphrase });
	}
	verifyBackup(secret: string | null): Promise<BackupReport> {
		return call("verify_backup", { secret });
	}
	restoreBackup(secret: string | null): Promise<RestoreReport> {
		return call<RestoreReport>("restore_backup", { secret }).finally(() => this.#archive++);
	}
	exportChats(format: ExportFormat): Promise<ExportReport> {
		return call("export_chats", { format });
	}
	stopLongWork(): Promise<void> {
		return call("stop_long_work");
	}
	reception(): Promise<ReceptionView> {
		return call("reception");
	}
	saveTunnels(settings: TunnelSettings, ngrokToken: string | null): Promise<boolean> {
		return call("save_tunnels", { settings, ngrokToken });
	}
	setNgrokToken(token: string): Promise<void> {
		return call("set_ngrok_token", { token });
	}
	retryTunnel(): Promise<void> {
		return call("retry_tunnel");
	}
	registerWebhook(account: AccountId): Promise<LineView> {
		return call("register_webhook", { account });
	}
	unregisterWebhook(account: AccountId): Promise<LineView> {
		return call("unregister_webhook", { account });
	}
	testWebhook(account: AccountId): Promise<SelfTest> {
		return call("test_webhook", { account });
	}
	rotateWebhookSecret(account: AccountId): Promise<LineView> {
		return call("rotate_webhook_secret", { account });
	}
	refreshSubscriptions(account: AccountId): Promise<LineView> {
		return call("refresh_subscriptions", { account });
	}
	removeSubscription(account: AccountId, subscription: string): Promise<LineView> {
		return call("remove_subscription", { account, subscription });
	}
	checkLine(account: AccountId, what: LineCheck): Promise<LineCheckResult> {
		return call("check_line", { account, what });
	}
	ledger(account: AccountId, daysAgo: number): Promise<LedgerDay> {
		return call("ledger", { account, daysAgo });
	}
	eventLog(query: EventQuery): Promise<EventRowView[]> {
		return call("event_log", { query });
	}
	eventBody(event: EventId): Promise<string> {
		return call("event_body", { event });
	}
	clearEventLog(account: AccountId | null): Promise<void> {
		return call("clear_event_log", { account });
	}
	proxySnippets(url: string, port: number): Promise<ProxySnippets> {
		return call("proxy_snippets", { url, port });
	}
	tryAlert(): Promise<void> {
		return call("try_alert");
	}
	closeWindow(): Promise<void> {
		return call("close_window");
	}
	on(handler: (notice: Notice) => void): () => void {
		return this.#hub.on(handler);
	}
	mediaUrl(id: MediaId): string {
		// Ids of the two shops overlap; their names keep the pictures apart in the web view's cache.
		return convertFileSrc(`${this.#shop}/${id}`, "media") + (this.#archive ? `?archive=${this.#archive}` : "");
	}
	async fetchMedia(id: MediaId): Promise<Blob> {
		const answer = await fetch(this.mediaUrl(id));
		if (!answer.ok) throw new HostError({ code: answer.status === GONE ? "notFound" : "network", message: `media ${id}: HTTP ${answer.status}` });
		return answer.blob();
	}
	async mediaAnswer(id: MediaId): Promise<MediaAnswer> {
		const answer = await fetch(this.mediaUrl(id), { method: "HEAD" }).catch(() => null);
		if (answer?.ok) return "there";
		return answer?.status === GONE ? "gone" : "later";
	}
}

/** Connects to the core this window belongs to. */
export function connectTauri(): Host {
	const host = new TauriHost();
	void host.listen();
	return host;
}

/** Whether this page runs in the program's window rather than in a plain browser. */
export function insideTauri(): boolean {
	return "__TAURI_INTERNALS__" in window;
}
