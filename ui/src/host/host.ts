// The port between the page and whatever holds the data: the core behind Tauri, or the fake in tests.
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
	EntryInput,
	ErrorCode,
	EventId,
	EventQuery,
	EventRowView,
	ExportFormat,
	ExportReport,
	FolderId,
	FoundPage,
	KeyCheck,
	KeyInput,
	KnowledgeChange,
	KnowledgeView,
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
	PassageId,
	ProxySnippets,
	ReceptionView,
	RelatedChats,
	RestoreReport,
	Scope,
	SecretFallback,
	SelfTest,
	SetAside,
	Settings,
	ShopMode,
	SourceId,
	SourceKind,
	SourceView,
	StorageView,
	Trial,
	TunnelSettings,
	UiError,
} from "./contract";

import type { DraftHost } from "./drafts";

/** A command failed. The page chooses words by `code`; `message` is for the log and for curious readers. */
export class HostError extends Error {
	readonly code: ErrorCode;

	constructor(error: UiError) {
		super(error.message);
		this.name = "HostError";
		this.code = error.code;
	}
}

/** The code of anything thrown by a host call; what is not a `HostError` is a fault of the program. */
export function errorCode(error: unknown): ErrorCode {
	return error instanceof HostError ? error.code : "internal";
}

/** `later`: not for the moment. `gone`: there is no such file, or not any more. */
export type MediaAnswer = "there" | "later" | "gone";

/** What the seller told us: entries, files, items. */
export interface KnowledgeHost {
	knowledgeView(kind: SourceKind | null, words: string): Promise<KnowledgeView>;
	/** A page of its passages after `after`; −1: from the beginning. */
	knowledgeSource(source: SourceId, after: number): Promise<SourceView>;
	tryQuestion(scope: Scope, question: string): Promise<Trial>;
	/** Adds an entry when `source` is null. */
	saveEntry(source: SourceId | null, entry: EntryInput): Promise<SourceId>;
	/** It can be had back for some minutes. */
	removeSource(source: SourceId): Promise<void>;
	restoreSource(source: SourceId): Promise<void>;
	switchSourceOff(source: SourceId, off: boolean): Promise<void>;
	switchPassageOff(passage: PassageId, off: boolean): Promise<void>;
	setSourceScope(source: SourceId, scope: Scope): Promise<void>;
	/** By the system's own dialog; 0 when the seller changes their mind. */
	addFiles(scope: Scope, onTrial: boolean): Promise<number>;
	/** On trial: it is read, and switched off. */
	addDroppedFile(scope: Scope, fileName: string, dataBase64: string, onTrial: boolean): Promise<SourceId>;
	/** A file that was on trial takes the place of its older form, which is removed. */
	replaceSource(source: SourceId, older: SourceId): Promise<void>;
	/** Makes ready to replay past questions with knowledge as a change would make it. */
	proposeKnowledge(change: KnowledgeChange): Promise<void>;
	forgetProposed(): Promise<void>;
	/** By the system's own dialog; false when the seller changes their mind. */
	watchFolder(scope: Scope): Promise<boolean>;
	forgetFolder(folder: FolderId, keep: boolean): Promise<void>;
	readAgain(source: SourceId): Promise<void>;
	stopReading(source: SourceId): Promise<void>;
	refreshItems(account: AccountId): Promise<number>;
	keepOneDuplicate(passage: PassageId): Promise<void>;
	keepDuplicates(fingerprint: string): Promise<void>;
}

/** Every command may throw {@link HostError}. */
export interface Host {
	readonly drafts: DraftHost;
	appView(): Promise<AppView>;
	listChats(query: ChatQuery): Promise<ChatPage>;
	chat(chat: ChatId): Promise<ChatView>;
	relatedChats(chat: ChatId): Promise<RelatedChats>;
	/** None where the account may not read orders. */
	orders(chat: ChatId): Promise<OrderView[]>;
	/** For good: Avito has no way back. */
	blockBuyer(chat: ChatId, reason: BlockReason): Promise<void>;
	/** The newest page when `before` is null. */
	messages(chat: ChatId, before: MessageCursor | null, limit: number): Promise<MessagePage>;
	/** A piece of the thread with this message in its middle. */
	messagesAround(chat: ChatId, message: MessageId, limit: number): Promise<MessagePage>;
	/** What follows this message. */
	messagesAfter(chat: ChatId, after: MessageId, limit: number): Promise<MessagePage>;
	/** Over all messages of the archive. */
	searchMessages(query: MessageQuery): Promise<FoundPage>;
	/** Says which chat is on the screen. */
	openChat(chat: ChatId | null): Promise<void>;
	/** Only when the seller really looked. */
	markRead(chat: ChatId): Promise<void>;
	/** Returns the local echo. */
	sendText(chat: ChatId, text: string): Promise<MessageRow>;
	sendImage(chat: ChatId, fileName: string, dataBase64: string): Promise<MessageRow>;
	retrySend(outbox: OutboxId): Promise<void>;
	/** Returns the text, to edit or to drop. */
	discardSend(outbox: OutboxId): Promise<string | null>;
	deleteMessage(message: MessageId): Promise<void>;
	saveComposer(chat: ChatId, text: string): Promise<void>;
	/** In the system browser; http(s) only. */
	openLink(url: string): Promise<void>;
	checkKey(key: KeyInput): Promise<KeyCheck>;
	addAccount(key: KeyInput): Promise<AccountView>;
	replaceKey(account: AccountId, key: KeyInput): Promise<void>;
	removeAccount(account: AccountId, keepArchive: boolean): Promise<void>;
	checkNow(account: AccountId | null): Promise<void>;
	pauseBackfill(account: AccountId, paused: boolean): Promise<void>;
	saveSettings(settings: Settings): Promise<void>;
	chooseSecretFallback(fallback: SecretFallback, passphrase: string | null): Promise<void>;
	unlockSecrets(passphrase: string): Promise<void>;
	/** Tries once more to open the seller's own shop after it could not be opened. */
	reopen(): Promise<void>;
	/** Why the seller's own shop is not open; null when it is. */
	closedShop(): Promise<ClosedShop | null>;
	openWithRecoveryCode(code: string): Promise<void>;
	/** Only until it is confirmed. */
	recoveryCode(): Promise<string>;
	confirmRecoveryCode(lastGroup: string): Promise<void>;
	/** Encrypts the archive, or gives an encrypted one a new key and recovery code. */
	rekeyArchive(): Promise<void>;
	/** By the system's dialog; false: the seller changed their mind. */
	saveRecoveryCode(): Promise<boolean>;
	diagnostics(): Promise<string>;
	/** What {@link diagnostics} gave last. */
	saveDiagnostics(): Promise<boolean>;
	/** By the system's dialog; false: the seller changed their mind. */
	saveMedia(media: MediaId): Promise<boolean>;
	storageView(): Promise<StorageView>;
	/** Pictures that Avito gives again; answers the bytes freed. */
	cleanPictures(): Promise<number>;
	/** In the system's file manager. */
	openDataFolder(): Promise<void>;
	/** Sets a damaged archive aside and begins a new one. */
	setArchiveAside(): Promise<SetAside>;
	showShop(mode: ShopMode): Promise<void>;
	backupView(): Promise<BackupView>;
	backupPlace(): Promise<BackupPlace>;
	/** By the system's own dialog; unchanged when the seller changes their mind. */
	chooseBackupFolder(): Promise<BackupPlace>;
	chooseBackupFile(): Promise<BackupPlace>;
	/** Without a passphrase it opens with the recovery code. */
	createBackup(passphrase: string | null): Promise<BackupReport>;
	/** Without a secret the present recovery code is tried. */
	verifyBackup(secret: string | null): Promise<BackupReport>;
	/** What is there now is set aside; the window goes on with the restored data. */
	restoreBackup(secret: string | null): Promise<RestoreReport>;
	exportChats(format: ExportFormat): Promise<ExportReport>;
	/** Stops whichever of the four is going on. */
	stopLongWork(): Promise<void>;
	reception(): Promise<ReceptionView>;
	/** With a token for ngrok, if one is given. False: the seller answered no to the system's question, and nothing has changed. */
	saveTunnels(settings: TunnelSettings, ngrokToken: string | null): Promise<boolean>;
	/** An empty one is forgotten. */
	setNgrokToken(token: string): Promise<void>;
	retryTunnel(): Promise<void>;
	registerWebhook(account: AccountId): Promise<LineView>;
	unregisterWebhook(account: AccountId): Promise<LineView>;
	testWebhook(account: AccountId): Promise<SelfTest>;
	rotateWebhookSecret(account: AccountId): Promise<LineView>;
	refreshSubscriptions(account: AccountId): Promise<LineView>;
	removeSubscription(account: AccountId, subscription: string): Promise<LineView>;
	checkLine(account: AccountId, what: LineCheck): Promise<LineCheckResult>;
	ledger(account: AccountId, daysAgo: number): Promise<LedgerDay>;
	eventLog(query: EventQuery): Promise<EventRowView[]>;
	/** As text: indented when it is JSON. */
	eventBody(event: EventId): Promise<string>;
	clearEventLog(account: AccountId | null): Promise<void>;
	proxySnippets(url: string, port: number): Promise<ProxySnippets>;
	tryAlert(): Promise<void>;
	knowledge: KnowledgeHost;
	/** Answers the notice `closing`: everything is kept, the window may go. */
	closeWindow(): Promise<void>;
	/** Hears every notice; returns the unsubscriber. */
	on(handler: (notice: Notice) => void): () => void;
	/** Address for an `<img>`. */
	mediaUrl(id: MediaId): string;
	/** Whether the file behind it is to be had; the core fetches it when it can. Never throws. */
	mediaAnswer(id: MediaId): Promise<MediaAnswer>;
	/** The bytes, for what cannot be played from an address. */
	fetchMedia(id: MediaId): Promise<Blob>;
}

/** Fan-out of notices to the page's controllers. */
export class NoticeHub {
	#handlers = new Set<(notice: Notice) => void>();

	on(handler: (notice: Notice) => void): () => void {
		this.#handlers.add(handler);
		return () => this.#handlers.delete(handler);
	}

	emit(notice: Notice): void {
		for (const handler of [...this.#handlers]) handler(notice);
	}
}
