// The open chat: its newest page re-read on notices and merged by key, older pages read on demand.
import type { ChatId, ChatView, ErrorCode, MessageCursor, MessageId, MessagePage, MessageRow, Notice, OutboxId } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";
import { keepEqual } from "../shared/kept";

const PAGE = 60;
const MOST = 200;
/** Messages shown above the first unread one. */
const CONTEXT = 20;
const REMEMBERED = 30;

type Remembered = { view: ChatView; page: MessagePage };

export class Thread {
	chatId = $state<ChatId | null>(null);
	view = $state.raw<ChatView | null>(null);
	rows = $state.raw<MessageRow[]>([]);
	/** Whether older messages can be read. */
	hasOlder = $state(false);
	loadingOlder = $state(false);
	ready = $state(false);
	error = $state<ErrorCode | null>(null);
	/** Whether the rows end before the newest message: they are a piece around a message that was found. */
	hasNewer = $state(false);
	/** A message to be brought into sight, and told apart for a moment. */
	target = $state.raw<{ id: MessageId } | null>(null);
	/** How much of our pictures is at Avito, in per cent. */
	uploads = $state.raw<ReadonlyMap<OutboxId, number>>(new Map());
	/** The divider stays where it was when the chat was opened. */
	firstUnread = $state<MessageId | null>(null);
	#host: Host;
	#older: MessageCursor | null = null;
	/** The last message of a piece from the middle. */
	#newer: MessageId | null = null;
	#loadingNewer = false;
	/** Raised when another chat is opened; answers for the former one are dropped. */
	#turn = 0;
	/** Raised when our own rows become newer than any answer under way. */
	#revision = 0;
	#dirty = false;
	#reading: number | null = null;
	#dividerSet = false;
	/** Rows the first page should hold. */
	#span = 0;
	#markedRead = "";
	#shown = true;
	/** Chats shown before, for an instant first paint. */
	#remembered = new Map<ChatId, Remembered>();

	constructor(host: Host) {
		this.#host = host;
	}

	start(): () => void {
		const soon = perFrame(() => this.refresh());
		return this.#host.on((notice: Notice) => {
			if (notice.what === "upload") this.uploads = new Map(this.uploads).set(notice.outbox, notice.percent);
			if (this.chatId === null) return;
			const ours =
				notice.what === "everything" ||
				(notice.what === "messages" && notice.chat === this.chatId) ||
				(notice.what === "chats" && (notice.chats.length === 0 || notice.chats.includes(this.chatId)));
			if (ours) soon();
		});
	}

	/** `unread`: how many messages are unread as far as known, so that the first of them is in the first page. */
	async open(chat: ChatId, unread = 0, at: MessageId | null = null): Promise<void> {
		if (at !== null) return this.#openAt(chat, at);
		if (chat === this.chatId) return;
		this.#reset(chat);
		this.#span = unread + CONTEXT;
		const known = this.#remembered.get(chat);
		if (known) {
			this.view = known.view;
			this.rows = known.page.rows;
			this.#setOlder(known.page.older);
			this.ready = true;
		}
		this.#host.openChat(chat).catch(() => undefined);
		this.#dirty = true;
		await this.#read();
	}

	/** Shows the message, with what was said around it. */
	async #openAt(chat: ChatId, message: MessageId): Promise<void> {
		if (chat !== this.chatId) {
			this.#reset(chat);
			this.#host.openChat(chat).catch(() => undefined);
		} else if (this.rows.some((row) => row.id === message)) {
			this.target = { id: message };
			return;
		}
		const turn = ++this.#turn;
		this.loadingOlder = false;
		this.#dividerSet = true;
		try {
			const [view, page] = await Promise.all([this.#host.chat(chat), this.#host.messagesAround(chat, message, PAGE)]);
			if (turn !== this.#turn) return;
			this.#revision++;
			[this.view, this.rows, this.ready, this.error] = [view, page.rows, true, null];
			this.#setOlder(page.older);
			this.#setNewer(page.newer);
			this.target = { id: message };
		} catch (error) {
			if (turn !== this.#turn) return;
			// Gone since it was found: the chat itself is the next best.
			this.error = errorCode(error);
			this.newest();
		}
	}

	/** From a piece in the middle back to the end of the thread. */
	newest(): void {
		this.#turn++;
		this.rows = [];
		this.ready = this.loadingOlder = false;
		this.#setOlder(null);
		this.#setNewer(null);
		this.refresh();
	}

	async loadNewer(): Promise<void> {
		if (this.#newer === null || this.#loadingNewer || this.chatId === null) return;
		const [turn, after] = [this.#turn, this.#newer];
		this.#loadingNewer = true;
		try {
			const page = await this.#host.messagesAfter(this.chatId, after, PAGE);
			if (turn !== this.#turn || after !== this.#newer) return;
			const known = new Set(this.rows.map((row) => row.key));
			this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(row.key))];
			this.#setNewer(page.newer);
			if (page.newer === null) this.refresh();
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		} finally {
			this.#loadingNewer = false;
		}
	}

	close(): void {
		if (this.chatId === null) return;
		this.#reset(null);
		this.#host.openChat(null).catch(() => undefined);
	}

	/** Another area of the window may hide the open chat: what comes meanwhile is neither seen nor read. */
	show(shown: boolean): void {
		if (shown === this.#shown) return;
		this.#shown = shown;
		if (this.chatId === null) return;
		this.#host.openChat(shown ? this.chatId : null).catch(() => undefined);
		if (shown) this.looked();
	}

	/** Another shop has other chats under the same numbers. */
	forget(): void {
		this.close();
		this.uploads = new Map();
		this.#remembered.clear();
	}

	#reset(chat: ChatId | null): void {
		this.#turn++;
		this.#revision++;
		this.chatId = chat;
		this.view = null;
		this.rows = [];
		this.#setOlder(null);
		this.#setNewer(null);
		this.target = null;
		this.loadingOlder = false;
		this.ready = false;
		this.error = null;
		this.firstUnread = null;
		this.#dividerSet = false;
		this.#markedRead = "";
		this.#dirty = false;
	}

	refresh(): void {
		if (this.chatId === null) return;
		this.#dirty = true;
		void this.#read();
	}

	/** Puts the echo of a reply on the screen before any notice says so. */
	append(chat: ChatId, row: MessageRow): void {
		if (chat !== this.chatId) return;
		if (this.hasNewer) return this.newest();
		this.#revision++;
		if (!this.rows.some((known) => known.key === row.key)) this.rows = [...this.rows, row];
		this.refresh();
	}

	async loadOlder(): Promise<void> {
		if (!this.#older || this.loadingOlder || this.chatId === null) return;
		const [turn, before] = [this.#turn, this.#older];
		this.loadingOlder = true;
		try {
			const page = await this.#host.messages(this.chatId, before, PAGE);
			if (turn !== this.#turn || before !== this.#older) return;
			const known = new Set(this.rows.map((row) => row.key));
			this.rows = [...page.rows.filter((row) => !known.has(row.key)), ...this.rows];
			this.#setOlder(page.older);
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		} finally {
			if (turn === this.#turn) this.loadingOlder = false;
		}
	}

	/**
	 * Call when the newest message is in sight. Marks the chat read only if the seller can really see it, once per newest
	 * incoming message.
	 */
	looked(): void {
		if (this.chatId === null || this.hasNewer || !this.#shown || !this.view || this.view.row.unread === 0 || !document.hasFocus()) return;
		const newest = this.rows.findLast((row) => !row.outgoing)?.key ?? "";
		const mark = `${this.chatId} ${newest}`;
		if (mark === this.#markedRead) return;
		this.#markedRead = mark;
		this.#host.markRead(this.chatId).catch(() => (this.#markedRead = ""));
	}

	/** One reader per opened chat; reads again while something changed meanwhile. */
	async #read(): Promise<void> {
		const [turn, chat] = [this.#turn, this.chatId];
		if (chat === null || this.#reading === turn) return;
		this.#reading = turn;
		try {
			while (turn === this.#turn && this.#dirty) {
				this.#dirty = false;
				const revision = this.#revision;
				const limit = Math.min(MOST, Math.max(PAGE, this.rows.length, this.#span));
				const [view, page] = await Promise.all([this.#host.chat(chat), this.#host.messages(chat, null, limit)]);
				if (turn !== this.#turn) return;
				if (this.hasNewer) {
					// The end of the thread does not join on to what is shown.
					this.view = view;
					continue;
				}
				if (revision !== this.#revision) {
					this.#dirty = true;
					continue;
				}
				this.#take(chat, view, page);
			}
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		} finally {
			if (this.#reading === turn) this.#reading = null;
		}
	}

	#take(chat: ChatId, view: ChatView, page: MessagePage): void {
		if (!this.#dividerSet) {
			this.#dividerSet = true;
			this.firstUnread = view.firstUnread;
		}
		const merged = mergeNewest(this.rows, page);
		this.view = view;
		this.rows = keepEqual(this.rows, merged.rows, (row) => row.key);
		if (merged.replaced) this.#setOlder(page.older);
		this.ready = true;
		this.error = null;
		this.#remember(chat, { view, page });
	}

	#setOlder(older: MessageCursor | null): void {
		this.#older = older;
		this.hasOlder = older !== null;
	}

	#setNewer(newer: MessageId | null): void {
		this.#newer = newer;
		this.hasNewer = newer !== null;
	}

	#remember(chat: ChatId, state: Remembered): void {
		this.#remembered.delete(chat);
		this.#remembered.set(chat, state);
		const oldest = this.#remembered.keys().next();
		if (this.#remembered.size > REMEMBERED && !oldest.done) this.#remembered.delete(oldest.value);
	}
}

/**
 * The newest page is the truth for the time it covers; rows before it are kept if the page joins on to them. `replaced`: nothing
 * older was kept, so the page's own cursor holds.
 */
export function mergeNewest(rows: MessageRow[], page: MessagePage): { rows: MessageRow[]; replaced: boolean } {
	const first = page.rows[0];
	if (!first || page.older === null) return { rows: page.rows, replaced: true };
	const inPage = new Set(page.rows.map((row) => row.key));
	const joint = rows.findIndex((row) => inPage.has(row.key));
	const kept = joint < 0 ? [] : rows.slice(0, joint).filter((row) => row.sentMs <= first.sentMs);
	return { rows: [...kept, ...page.rows], replaced: kept.length === 0 };
}
