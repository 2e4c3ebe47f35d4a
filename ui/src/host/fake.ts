// A host in memory: the shop of `fakeData`, with the core's rules. For unit tests and for the page in a plain browser.
import type {
	AccountId,
	AccountView,
	AppView,
	ArchiveView,
	BackupPlace,
	BackupReport,
	BackupView,
	BlockReason,
	ChatId,
	ChatPage,
	ChatQuery,
	ChatRow,
	ChatView,
	ClosedShop,
	Delivery,
	ErrorCode,
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
	MessageBody,
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
	SecretStoreState,
	SelfTest,
	SetAside,
	Settings,
	ShopMode,
	StorageView,
	TroubleCode,
	TunnelSettings,
} from "./contract";
import { bodyPreview, fakeOrders, longTalk, makeChats, message, type FakeChat } from "./fakeData";
import { FakeDrafts } from "./fakeDrafts";
import { fakePicture, fakeVoice } from "./fakeMedia";
import { FakeReception } from "./fakeReception";
import { FakeKnowledge } from "./fakeKnowledge";
import { HostError, NoticeHub, type Host, type MediaAnswer } from "./host";

export type FakeOptions = {
	chats?: number;
	accounts?: number;
	mode?: ShopMode;
	hasRealAccounts?: boolean;
	secretStore?: SecretStoreState;
	archive?: Partial<ArchiveView>;
	/** Why the shop is not open. */
	closed?: ErrorCode | null;
	trouble?: TroubleCode | null;
	/** Avito's clock minus this computer's. */
	clockOffsetMs?: number;
	backfill?: boolean;
	settings?: Partial<Settings>;
	/** Messages of the second chat. */
	long?: number;
	/** Buyers wait, and drafts are there for them. Off in tests. */
	drafts?: boolean;
	/** Buyers answer and deliveries go on by themselves. Off in tests. */
	lively?: boolean;
	now?: () => number;
};

/** The recovery code of the fake archive. */
export const CODE = "7QK2-9XJB-4TRM-W0DC-HN8V-E3YG-6F5A";

function fail(code: ErrorCode, words: string = code): never {
	throw new HostError({ code, message: words });
}

/** The stand-in. Public fields and `deliver`, `setDelivery`, `failNext` are for tests. */
export class FakeHost implements Host {
	readonly drafts: FakeDrafts;
	chats: FakeChat[];
	accounts: AccountView[];
	mode: ShopMode;
	hasRealAccounts: boolean;
	secretStore: SecretStoreState;
	archive: ArchiveView;
	closed: ErrorCode | null;
	backup: BackupView;
	place: BackupPlace = { folder: "/home/anna/Документы", file: null };
	settings: Required<Settings>;
	receptionState: FakeReception;
	/** Calls in order, for tests: `[command, ...args]`. */
	calls: unknown[][] = [];
	/** When the buyer of a chat was blocked. */
	blocked = new Map<ChatId, number>();
	storage: StorageView = { archive: 48_300_000, media: 312_400_000, pictures: 298_100_000, logs: 2_100_000 };
	/** What `checkKey` finds. */
	keyCheck: KeyCheck = { name: "Вело-Мастер", userId: 94235311, tariff: "included", alreadyAdded: null };
	#hub = new NoticeHub();
	readonly knowledge = new FakeKnowledge((what) => this.emit(what), () => this.#now());
	#failures = new Map<string, ErrorCode[]>();
	#now: () => number;
	#lively: boolean;
	#nextOutbox = 1;

	constructor(options: FakeOptions = {}) {
		this.#now = options.now ?? Date.now;
		this.#lively = options.lively ?? false;
		const count = options.accounts ?? 1;
		this.mode = options.mode ?? "real";
		this.hasRealAccounts = options.hasRealAccounts ?? this.mode === "real";
		this.secretStore = options.secretStore ?? "keychain";
		this.archive = { encrypted: true, canEncrypt: true, recoveryCodeConfirmed: true, ...options.archive };
		this.closed = options.closed ?? null;
		this.backup = { running: null, last: null, hasRecoveryCode: this.archive.encrypted };
		this.chats = makeChats(options.chats ?? 24, Math.max(count, 1), this.#now());
		const second = this.chats[1];
		if (second && options.long) second.messages = longTalk(options.long, this.#now());
		this.settings = {
			language: "system",
			theme: "system",
			notifications: true,
			sound: true,
			enterSends: true,
			itemPanel: true,
			undoSendS: 0,
			keepVoices: true,
			polling: "usual",
			textPercent: 100,
			...options.settings,
		};
		this.receptionState = new FakeReception(this.#now);
		this.accounts = Array.from({ length: count }, (_, index) => this.#makeAccount(index, options));
		this.drafts = new FakeDrafts(this, options.drafts ?? false);
	}

	#makeAccount(index: number, options: FakeOptions): AccountView {
		const now = this.#now();
		const trouble = index === 0 ? (options.trouble ?? null) : null;
		const polling = index > 0 || trouble === "eventsMissing";
		return {
			id: index + 1,
			name: ["Вело-Мастер", "Техника у дома", "Мебель Тула"][index] ?? `Магазин ${index + 1}`,
			userId: 94235311 + index,
			colour: index,
			apiUrl: null,
			mode: trouble && !polling ? "offline" : polling ? "polling" : "live",
			modeSinceMs: now - 42 * 60_000,
			lastCheckedMs: now - 12_000,
			lastEventMs: index === 0 ? now - 5 * 60_000 : null,
			nextCheckMs: now + 18_000,
			trouble: trouble ? { code: trouble, sinceMs: now - 9 * 60_000, retryAtMs: trouble === "network" ? now + 60_000 : null, detail: null } : null,
			backfill: options.backfill && index === 0 ? { listing: false, chatsDone: 214, chatsTotal: 861, messages: 18_240, paused: false } : null,
			unreadChats: 0,
			outboxWaiting: 0,
			clockOffsetMs: options.clockOffsetMs ?? 300,
		};
	}

	// For tests.

	/** The next call of `command` fails. */
	failNext(command: keyof Host, code: ErrorCode): void {
		this.#failures.set(command, [...(this.#failures.get(command) ?? []), code]);
	}
	emit(notice: Notice): void {
		this.#hub.emit(notice);
	}
	/** A buyer writes. */
	deliver(chat: ChatId, body: MessageBody): MessageRow {
		const found = this.#chat(chat);
		const row = message(false, this.#now(), body);
		found.messages.push(row);
		found.unread++;
		this.#changed(chat);
		this.emit({ what: "alert", chat, sound: this.settings.sound });
		return row;
	}
	setDelivery(chat: ChatId, key: string, delivery: Delivery): void {
		const found = this.#chat(chat);
		found.messages = found.messages.map((row) => {
			if (row.key !== key) return row;
			const arrived = delivery.state === "sent" || delivery.state === "read";
			return { ...row, delivery, ...(arrived ? { id: row.id ?? 500_000 + this.#nextOutbox++, avitoId: row.avitoId ?? `av-${key}`, outbox: null } : {}) };
		});
		this.#changed(chat);
	}

	// Helpers.

	async #called(command: keyof Host, ...args: unknown[]): Promise<void> {
		this.calls.push([command, ...args]);
		await Promise.resolve();
		const code = this.#failures.get(command)?.shift();
		if (code) fail(code);
	}
	rowsForDrafts(): ChatRow[] {
		return this.chats.map((chat) => this.#row(chat)).filter((row) => row.unread > 0);
	}
	#changed(chat: ChatId): void {
		this.emit({ what: "messages", chat });
		this.emit({ what: "chats", chats: [chat] });
		this.emit({ what: "accounts" });
	}
	#chat(id: ChatId): FakeChat {
		return this.chats.find((chat) => chat.id === id) ?? fail("notFound");
	}
	#row(chat: FakeChat): ChatRow {
		const last = chat.messages.at(-1);
		return {
			id: chat.id,
			avitoId: `u2i-${chat.id}`,
			account: chat.account,
			buyer: chat.buyer,
			itemTitle: chat.item?.title ?? null,
			itemPrice: chat.item?.price ?? null,
			itemPicture: chat.item?.picture ?? null,
			updatedMs: last?.sentMs ?? this.#now() - chat.id * 3_600_000,
			preview: last
				? { ...(last.deleted ? { kind: "deleted" as const, text: "" } : bodyPreview(last.body)), outgoing: last.outgoing, delivery: last.delivery }
				: null,
			unread: chat.unread,
			awaitsReply: last ? !last.outgoing : false,
			failed: chat.messages.some((row) => row.delivery?.state === "failed"),
			composerText: chat.composerText || null,
		};
	}
	#findOutbox(outbox: OutboxId): [FakeChat, MessageRow] {
		for (const chat of this.chats) {
			const row = chat.messages.find((candidate) => candidate.outbox === outbox);
			if (row) return [chat, row];
		}
		return fail("notFound");
	}
	#send(chat: FakeChat, body: MessageBody): MessageRow {
		const outbox = this.#nextOutbox++;
		const row: MessageRow = {
			...message(true, this.#now(), body, { id: null, avitoId: null, outbox, delivery: { state: "sending" } }),
			key: `o${outbox}`,
		};
		chat.messages.push(row);
		this.#changed(chat.id);
		if (this.#lively) {
			const upload = body.kind === "image" ? 3000 : 0;
			for (let percent = 0; upload > 0 && percent <= 100; percent += 5) setTimeout(() => this.emit({ what: "upload", chat: chat.id, outbox, percent }), (upload * percent) / 100);
			setTimeout(() => this.setDelivery(chat.id, row.key, { state: "sent" }), upload + 700);
			setTimeout(() => this.setDelivery(chat.id, row.key, { state: "read" }), upload + 2500);
			setTimeout(() => this.deliver(chat.id, { kind: "text", text: "Понял, спасибо за быстрый ответ" }), upload + 4000);
		}
		return row;
	}

	// The port.

	async appView(): Promise<AppView> {
		await this.#called("appView");
		if (this.closed) fail(this.closed);
		const unreadIn = (account: AccountId) => this.chats.filter((chat) => chat.account === account && chat.unread > 0).length;
		return {
			version: "0.1.0",
			mode: this.mode,
			hasRealAccounts: this.hasRealAccounts,
			accounts: this.accounts.map((account) => ({ ...account, unreadChats: unreadIn(account.id) })),
			secretStore: this.secretStore,
			archive: this.archive,
			settings: { ...this.settings },
			unreadChats: this.chats.filter((chat) => chat.unread > 0).length,
			dataDir: "~/.local/share/ru.prilavok.desktop",
		};
	}
	async listChats(query: ChatQuery): Promise<ChatPage> {
		await this.#called("listChats", query);
		const fold = (words: string) => words.toLowerCase().replaceAll("ё", "е");
		const wanted = query.text ? fold(query.text) : null;
		const rows = this.chats
			.map((chat) => this.#row(chat))
			.filter((row) => query.account === null || row.account === query.account)
			.filter((row) => !query.unreadOnly || row.unread > 0)
			.filter((row) => !wanted || fold([row.buyer.name, row.itemTitle, row.preview?.text].join(" ")).includes(wanted))
			.sort((a, b) => b.updatedMs - a.updatedMs || b.id - a.id);
		const { after } = query;
		const rest = after ? rows.filter((row) => row.updatedMs < after.updatedMs || (row.updatedMs === after.updatedMs && row.id < after.id)) : rows;
		const page = rest.slice(0, query.limit);
		const last = page.at(-1);
		return { rows: page, next: last && rest.length > page.length ? { updatedMs: last.updatedMs, id: last.id } : null, total: rows.length };
	}
	async chat(id: ChatId): Promise<ChatView> {
		await this.#called("chat", id);
		const chat = this.#chat(id);
		const incoming = chat.messages.filter((row) => !row.outgoing);
		return {
			row: this.#row(chat),
			item: chat.item,
			siteUrl: `https://www.avito.ru/profile/messenger/channel/u2i-${id}`,
			composerText: chat.composerText,
			firstUnread: chat.unread > 0 ? (incoming.at(-Math.min(chat.unread, incoming.length))?.id ?? null) : null,
			historyIncomplete: chat.historyIncomplete,
			hiddenByTariff: chat.hiddenByTariff,
			buyerOtherChats: this.#ofBuyer(chat).length,
			blockedMs: this.blocked.get(id) ?? null,
		};
	}
	#ofBuyer(chat: FakeChat): ChatRow[] {
		const others = this.chats.filter((other) => other !== chat && other.account === chat.account);
		return others.filter((other) => other.buyer.name !== null && other.buyer.name.split(" ")[0] === chat.buyer.name).map((other) => this.#row(other));
	}
	async relatedChats(id: ChatId): Promise<RelatedChats> {
		await this.#called("relatedChats", id);
		const chat = this.#chat(id);
		const aboutItem = this.chats.filter((other) => other !== chat && chat.item !== null && other.item?.title === chat.item.title);
		return { aboutItem: aboutItem.slice(0, chat.item?.otherChats ?? 0).map((other) => this.#row(other)), ofBuyer: this.#ofBuyer(chat) };
	}
	async orders(id: ChatId): Promise<OrderView[]> {
		await this.#called("orders", id);
		return fakeOrders(id, this.#now());
	}
	async blockBuyer(id: ChatId, reason: BlockReason): Promise<void> {
		await this.#called("blockBuyer", id, reason);
		this.blocked.set(id, this.#now());
		this.emit({ what: "messages", chat: id });
	}
	async messages(id: ChatId, before: MessageCursor | null, limit: number): Promise<MessagePage> {
		await this.#called("messages", id, before, limit);
		const all = this.#chat(id).messages;
		const end = before ? all.findIndex((row) => row.id === before.id) : all.length;
		const start = Math.max(0, end - limit);
		const rows = all.slice(start, end);
		const oldest = rows[0];
		return { rows, older: start > 0 && oldest ? { sentMs: oldest.sentMs, order: start, id: oldest.id ?? 0 } : null, newer: null };
	}
	async messagesAround(id: ChatId, message: MessageId, limit: number): Promise<MessagePage> {
		await this.#called("messagesAround", id, message, limit);
		const all = this.#chat(id).messages;
		const at = all.findIndex((row) => row.id === message);
		if (at < 0) fail("notFound");
		const half = Math.max(1, Math.floor(limit / 2));
		const [start, end] = [Math.max(0, at - half), Math.min(all.length, at + half + 1)];
		const oldest = all[start];
		return {
			rows: all.slice(start, end),
			older: start > 0 && oldest ? { sentMs: oldest.sentMs, order: start, id: oldest.id ?? 0 } : null,
			newer: end < all.length ? (all[end - 1]?.id ?? null) : null,
		};
	}
	async messagesAfter(id: ChatId, after: MessageId, limit: number): Promise<MessagePage> {
		await this.#called("messagesAfter", id, after, limit);
		const all = this.#chat(id).messages;
		const start = all.findIndex((row) => row.id === after) + 1;
		const rows = all.slice(start, start + limit);
		return { rows, older: null, newer: start + limit < all.length ? (rows.at(-1)?.id ?? null) : null };
	}
	async searchMessages(query: MessageQuery): Promise<FoundPage> {
		await this.#called("searchMessages", query);
		const fold = (words: string) => words.toLowerCase().replaceAll("ё", "е");
		const wanted = fold(query.text).split(/\s+/).filter(Boolean);
		const all = this.chats
			.filter((chat) => (query.account === null || chat.account === query.account) && (query.chat === null || chat.id === query.chat))
			.flatMap((chat) => chat.messages.flatMap((row) => (row.id !== null && row.body.kind === "text" ? [{ chat, row, id: row.id, text: row.body.text }] : [])))
			.filter(({ text }) => wanted.length > 0 && wanted.every((word) => fold(text).includes(word)))
			.sort((a, b) => b.row.sentMs - a.row.sentMs);
		const begin = query.before === null ? 0 : all.findIndex(({ id }) => id === query.before) + 1;
		const page = all.slice(begin, begin + query.limit);
		const first = wanted[0] ?? "";
		return {
			found: page.map(({ chat, row, id, text }) => {
				const at = fold(text).indexOf(first);
				const parts = [
					{ text: text.slice(0, at), found: false },
					{ text: text.slice(at, at + first.length), found: true },
					{ text: text.slice(at + first.length), found: false },
				];
				return {
					message: id,
					chat: chat.id,
					account: chat.account,
					buyer: chat.buyer.name,
					itemTitle: chat.item?.title ?? null,
					sentMs: row.sentMs,
					outgoing: row.outgoing,
					kind: "text",
					parts: parts.filter((part) => part.text),
				};
			}),
			more: begin + query.limit < all.length,
			readAs: null,
			similar: false,
			outstanding: 0,
		};
	}
	async openChat(chat: ChatId | null): Promise<void> {
		await this.#called("openChat", chat);
	}
	async markRead(chat: ChatId): Promise<void> {
		await this.#called("markRead", chat);
		this.#chat(chat).unread = 0;
		this.emit({ what: "chats", chats: [chat] });
		this.emit({ what: "accounts" });
	}
	async sendText(chat: ChatId, text: string): Promise<MessageRow> {
		await this.#called("sendText", chat, text);
		if (!text.trim()) fail("emptyText");
		if (text.length > 1000) fail("textTooLong");
		return this.#send(this.#chat(chat), { kind: "text", text });
	}
	async sendImage(chat: ChatId, fileName: string, dataBase64: string): Promise<MessageRow> {
		await this.#called("sendImage", chat, fileName, dataBase64);
		return this.#send(this.#chat(chat), { kind: "image", small: 2001, large: 2001, width: 1280, height: 960, caption: null });
	}
	async retrySend(outbox: OutboxId): Promise<void> {
		await this.#called("retrySend", outbox);
		const [chat, row] = this.#findOutbox(outbox);
		this.setDelivery(chat.id, row.key, { state: "sending" });
		if (this.#lively) setTimeout(() => this.setDelivery(chat.id, row.key, { state: "sent" }), 900);
	}
	async discardSend(outbox: OutboxId): Promise<string | null> {
		await this.#called("discardSend", outbox);
		const [chat, row] = this.#findOutbox(outbox);
		chat.messages = chat.messages.filter((candidate) => candidate !== row);
		this.#changed(chat.id);
		return row.body.kind === "text" ? row.body.text : null;
	}
	async deleteMessage(id: MessageId): Promise<void> {
		await this.#called("deleteMessage", id);
		const chat = this.chats.find((candidate) => candidate.messages.some((row) => row.id === id)) ?? fail("notFound");
		chat.messages = chat.messages.map((row) => (row.id === id ? { ...row, deleted: true, deletableUntilMs: null } : row));
		this.#changed(chat.id);
	}
	async saveComposer(chat: ChatId, text: string): Promise<void> {
		await this.#called("saveComposer", chat, text);
		this.#chat(chat).composerText = text;
		this.emit({ what: "chats", chats: [chat] });
	}
	async openLink(url: string): Promise<void> {
		await this.#called("openLink", url);
		if (this.#lively) window.open(url, "_blank", "noreferrer");
	}
	async checkKey(key: KeyInput): Promise<KeyCheck> {
		await this.#called("checkKey", key);
		if (this.#lively) await new Promise((done) => setTimeout(done, 600));
		if (key.clientSecret === "wrong") fail("wrongKey");
		return this.keyCheck;
	}
	async addAccount(key: KeyInput): Promise<AccountView> {
		await this.#called("addAccount", key);
		if (this.secretStore === "missing") fail("noKeychain");
		const account: AccountView = {
			...this.#makeAccount(this.accounts.length, { backfill: false }),
			backfill: { listing: true, chatsDone: 12, chatsTotal: 140, messages: 830, paused: false },
		};
		this.accounts = this.mode === "demo" ? [account] : [...this.accounts, account];
		this.mode = "real";
		this.hasRealAccounts = true;
		this.emit({ what: "everything" });
		return account;
	}
	async replaceKey(account: AccountId, key: KeyInput): Promise<void> {
		await this.#called("replaceKey", account, key);
		this.#patchAccount(account, { trouble: null, mode: "live", modeSinceMs: this.#now() });
	}
	async removeAccount(account: AccountId, keepArchive: boolean): Promise<void> {
		await this.#called("removeAccount", account, keepArchive);
		this.accounts = this.accounts.filter((candidate) => candidate.id !== account);
		if (!keepArchive) this.chats = this.chats.filter((chat) => chat.account !== account);
		this.emit({ what: "everything" });
	}
	async checkNow(account: AccountId | null): Promise<void> {
		await this.#called("checkNow", account);
		for (const candidate of this.accounts) if (account === null || candidate.id === account) this.#patchAccount(candidate.id, { lastCheckedMs: this.#now() });
	}
	async pauseBackfill(account: AccountId, paused: boolean): Promise<void> {
		await this.#called("pauseBackfill", account, paused);
		const backfill = this.accounts.find((candidate) => candidate.id === account)?.backfill;
		if (backfill) this.#patchAccount(account, { backfill: { ...backfill, paused } });
	}
	#patchAccount(id: AccountId, patch: Partial<AccountView>): void {
		this.accounts = this.accounts.map((account) => (account.id === id ? { ...account, ...patch } : account));
		this.emit({ what: "accounts" });
	}
	async saveSettings(settings: Settings): Promise<void> {
		await this.#called("saveSettings", settings);
		this.settings = { ...this.settings, ...settings };
		this.emit({ what: "settings" });
	}
	async chooseSecretFallback(fallback: SecretFallback, passphrase: string | null): Promise<void> {
		await this.#called("chooseSecretFallback", fallback, passphrase);
		this.secretStore = fallback === "passphrase" ? "passphraseFile" : "thisRunOnly";
		this.emit({ what: "settings" });
	}
	async unlockSecrets(passphrase: string): Promise<void> {
		await this.#called("unlockSecrets", passphrase);
		if (passphrase === "wrong") fail("wrongPassphrase");
		this.secretStore = "passphraseFile";
		if (this.closed === "keychainLocked") this.closed = null;
		this.emit({ what: "everything" });
	}
	async reopen(): Promise<void> {
		await this.#called("reopen");
		if (this.closed) fail(this.closed);
	}
	async closedShop(): Promise<ClosedShop | null> {
		await this.#called("closedShop");
		return this.closed && { error: { code: this.closed, message: this.closed }, secretStore: this.secretStore, dataDir: "/home/seller/.local/share/ru.prilavok.desktop" };
	}
	async openWithRecoveryCode(code: string): Promise<void> {
		await this.#called("openWithRecoveryCode", code);
		const letters = code.toUpperCase().replaceAll(/[^0-9A-Z]/g, "");
		if (letters.length !== CODE.replaceAll("-", "").length) fail("badRecoveryCode");
		if (letters !== CODE.replaceAll("-", "")) fail("wrongRecoveryCode");
		this.closed = null;
		this.emit({ what: "everything" });
	}
	async recoveryCode(): Promise<string> {
		await this.#called("recoveryCode");
		if (!this.archive.encrypted || this.archive.recoveryCodeConfirmed) fail("notFound");
		return CODE;
	}
	async confirmRecoveryCode(lastGroup: string): Promise<void> {
		await this.#called("confirmRecoveryCode", lastGroup);
		if (lastGroup.trim().toUpperCase() !== CODE.slice(-4)) fail("wrongRecoveryCode");
		this.archive = { ...this.archive, recoveryCodeConfirmed: true };
		this.emit({ what: "everything" });
	}
	async rekeyArchive(): Promise<void> {
		await this.#called("rekeyArchive");
		if (this.#lively) await new Promise((done) => setTimeout(done, 1500));
		this.archive = { ...this.archive, encrypted: true, recoveryCodeConfirmed: false };
		this.emit({ what: "everything" });
	}
	async saveRecoveryCode(): Promise<boolean> {
		await this.#called("saveRecoveryCode");
		return true;
	}
	async diagnostics(): Promise<string> {
		await this.#called("diagnostics");
		return "== Prilavok\nversion 0.1.0\n\n== Archive\nschema 1\nmessages 1_204\n";
	}
	async saveDiagnostics(): Promise<boolean> {
		await this.#called("saveDiagnostics");
		return true;
	}
	async saveMedia(media: MediaId): Promise<boolean> {
		await this.#called("saveMedia", media);
		return true;
	}
	async storageView(): Promise<StorageView> {
		await this.#called("storageView");
		return { ...this.storage };
	}
	async cleanPictures(): Promise<number> {
		await this.#called("cleanPictures");
		const freed = this.storage.pictures;
		this.storage = { ...this.storage, media: this.storage.media - freed, pictures: 0 };
		return freed;
	}
	async openDataFolder(): Promise<void> {
		await this.#called("openDataFolder");
	}
	async setArchiveAside(): Promise<SetAside> {
		await this.#called("setArchiveAside");
		this.closed = null;
		this.emit({ what: "everything" });
		return { folder: "/home/seller/.local/share/ru.prilavok.desktop/shop/damaged-2026-10-15T11-30-00Z", accounts: 1 };
	}
	async showShop(mode: ShopMode): Promise<void> {
		await this.#called("showShop", mode);
		this.mode = mode;
		this.emit({ what: "everything" });
	}
	async closeWindow(): Promise<void> {
		await this.#called("closeWindow");
	}
	async backupView(): Promise<BackupView> {
		await this.#called("backupView");
		return this.backup;
	}
	async backupPlace(): Promise<BackupPlace> {
		await this.#called("backupPlace");
		return this.place;
	}
	async chooseBackupFolder(): Promise<BackupPlace> {
		await this.#called("chooseBackupFolder");
		return (this.place = { ...this.place, folder: "/media/anna/Флешка" });
	}
	async chooseBackupFile(): Promise<BackupPlace> {
		await this.#called("chooseBackupFile");
		return (this.place = { ...this.place, file: "/media/anna/Флешка/prilavok-2026-10-03.prilavok-backup" });
	}
	async createBackup(passphrase: string | null): Promise<BackupReport> {
		await this.#called("createBackup", passphrase);
		const report = this.#backupReport(`${this.place.folder}/prilavok-2026-11-21.prilavok-backup`);
		this.backup = { ...this.backup, last: { atMs: report.createdMs, path: report.path, bytes: report.bytes } };
		this.place = { ...this.place, file: report.path };
		return report;
	}
	async verifyBackup(secret: string | null): Promise<BackupReport> {
		await this.#called("verifyBackup", secret);
		return this.#backupReport(this.place.file ?? fail("fileMissing"));
	}
	async restoreBackup(secret: string | null): Promise<RestoreReport> {
		await this.#called("restoreBackup", secret);
		const backup = this.#backupReport(this.place.file ?? fail("fileMissing"));
		this.emit({ what: "everything" });
		return { backup, setAside: "/home/anna/.local/share/ru.prilavok.desktop/shop-set-aside-20261121T090000Z" };
	}
	async exportChats(format: ExportFormat): Promise<ExportReport> {
		await this.#called("exportChats", format);
		return { path: `${this.place.folder}/prilavok-export-2026-11-21`, chats: 24, messages: 310, files: 18, missingFiles: 2 };
	}
	async stopLongWork(): Promise<void> {
		await this.#called("stopLongWork");
	}
	#backupReport(path: string): BackupReport {
		return { path, bytes: 12_700_000, createdMs: this.#now(), program: "0.1.0", accounts: 1, chats: 24, messages: 310, files: 18 };
	}
	async reception(): Promise<ReceptionView> {
		await this.#called("reception");
		return this.receptionState.view(this.accounts);
	}
	async saveTunnels(settings: TunnelSettings, ngrokToken: string | null): Promise<boolean> {
		await this.#called("saveTunnels", settings, ngrokToken);
		this.receptionState.save(settings);
		if (ngrokToken !== null) this.receptionState.tunnel = { ...this.receptionState.tunnel, ngrokTokenKept: true };
		this.emit({ what: "accounts" });
		return true;
	}
	async setNgrokToken(token: string): Promise<void> {
		await this.#called("setNgrokToken", token);
		this.receptionState.tunnel = { ...this.receptionState.tunnel, ngrokTokenKept: token !== "" };
		this.emit({ what: "accounts" });
	}
	async retryTunnel(): Promise<void> {
		await this.#called("retryTunnel");
	}
	async registerWebhook(account: AccountId): Promise<LineView> {
		await this.#called("registerWebhook", account);
		this.receptionState.unwanted.delete(account);
		return this.#line(account);
	}
	async unregisterWebhook(account: AccountId): Promise<LineView> {
		await this.#called("unregisterWebhook", account);
		this.receptionState.unwanted.add(account);
		return this.#line(account);
	}
	async testWebhook(account: AccountId): Promise<SelfTest> {
		await this.#called("testWebhook", account);
		return this.receptionState.test(account);
	}
	async rotateWebhookSecret(account: AccountId): Promise<LineView> {
		await this.#called("rotateWebhookSecret", account);
		return { ...this.#line(account), oldPathUntilMs: this.#now() + 600_000 };
	}
	async refreshSubscriptions(account: AccountId): Promise<LineView> {
		await this.#called("refreshSubscriptions", account);
		return this.#line(account);
	}
	async removeSubscription(account: AccountId, subscription: string): Promise<LineView> {
		await this.#called("removeSubscription", account, subscription);
		const { receptionState } = this;
		receptionState.strangers = receptionState.strangers.filter((one) => one.id !== subscription);
		return this.#line(account);
	}
	async checkLine(account: AccountId, what: LineCheck): Promise<LineCheckResult> {
		await this.#called("checkLine", account, what);
		return this.receptionState.check(what);
	}
	async ledger(account: AccountId, daysAgo: number): Promise<LedgerDay> {
		await this.#called("ledger", account, daysAgo);
		return this.receptionState.ledger(daysAgo);
	}
	async eventLog(query: EventQuery): Promise<EventRowView[]> {
		await this.#called("eventLog", query);
		return this.receptionState.log(query);
	}
	async eventBody(event: EventId): Promise<string> {
		await this.#called("eventBody", event);
		return JSON.stringify({ id: `event-${event}`, payload: { type: "message" } }, null, 2);
	}
	async clearEventLog(account: AccountId | null): Promise<void> {
		await this.#called("clearEventLog", account);
		this.receptionState.events = [];
	}
	async proxySnippets(url: string, port: number): Promise<ProxySnippets> {
		await this.#called("proxySnippets", url, port);
		const { host } = new URL(url);
		return { nginx: `server_name ${host};\nproxy_pass http://127.0.0.1:${port}/;\n`, caddy: `${host} {\n\treverse_proxy 127.0.0.1:${port}\n}\n` };
	}
	#line(id: AccountId): LineView {
		const account = this.accounts.find((one) => one.id === id) ?? fail("notFound");
		this.emit({ what: "accounts" });
		return this.receptionState.line(account);
	}
	async tryAlert(): Promise<void> {
		await this.#called("tryAlert");
		this.emit({ what: "alert", chat: null, sound: true });
	}
	on(handler: (notice: Notice) => void): () => void {
		return this.#hub.on(handler);
	}
	mediaUrl(id: MediaId): string {
		return fakePicture(id);
	}
	/** What {@link mediaAnswer} says. */
	media: MediaAnswer = "there";
	async mediaAnswer(id: MediaId): Promise<MediaAnswer> {
		this.calls.push(["mediaAnswer", id]);
		return this.media;
	}
	async fetchMedia(_id: MediaId): Promise<Blob> {
		return fakeVoice();
	}
}
