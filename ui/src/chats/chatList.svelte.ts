// The chat list: pages read by cursor, re-read on notices, never an older answer over a newer one.
import type { AccountId, ChatCursor, ChatId, ChatPage, ChatQuery, ChatRow, ErrorCode, Notice } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";
import { keepEqual } from "../shared/kept";

const PAGE = 100;
const MOST = 500;
/** Read first and shown at once: about what is in sight at the top, where news comes. */
const TOP = 30;

export class ChatList {
	rows = $state.raw<ChatRow[]>([]);
	total = $state(0);
	/** Whether the list of the present question has been read at least once. */
	ready = $state(false);
	error = $state<ErrorCode | null>(null);
	account = $state<AccountId | null>(null);
	unreadOnly = $state(false);
	text = $state("");
	/** The open chat. */
	openId = $state<ChatId | null>(null);
	/** The row the arrow keys stand on. */
	markedId = $state<ChatId | null>(null);
	/** Resolves with the first answer, whatever it is. */
	readonly answered: Promise<void>;
	filtered = $derived(this.account !== null || this.unreadOnly || this.text.trim() !== "");
	#host: Host;
	#next: ChatCursor | null = null;
	#wanted = PAGE;
	#dirty = false;
	/** Raised by every new question; an answer to an older one is dropped. */
	#turn = 0;
	#reading: number | null = null;
	/** The turn whose answer the rows are. */
	#answered = -1;
	#tell: () => void = () => undefined;

	constructor(host: Host) {
		this.#host = host;
		this.answered = new Promise((resolve) => (this.#tell = resolve));
	}

	start(): () => void {
		this.ask();
		const soon = perFrame(() => this.refresh());
		return this.#host.on((notice: Notice) => {
			if (notice.what === "chats" || notice.what === "everything") soon();
		});
	}

	/** The question changed (filter, search, shop): read from the top. */
	ask(): void {
		this.#turn++;
		this.#wanted = PAGE;
		this.#next = null;
		this.#dirty = true;
		void this.#read();
	}

	/** The rows may be stale: read what is loaded again. */
	refresh(): void {
		this.#dirty = true;
		void this.#read();
	}

	/** Rows up to `last` are in sight. */
	reach(last: number): void {
		if (last < this.rows.length || this.#next === null) return;
		this.#wanted = Math.max(this.#wanted, last + PAGE);
		void this.#read();
	}

	search(text: string): void {
		this.text = text;
		this.ask();
	}

	filter(unreadOnly: boolean): void {
		this.unreadOnly = unreadOnly;
		this.ask();
	}

	choose(account: AccountId | null): void {
		this.account = account;
		this.ask();
	}

	/** The chat `step` rows below (or above) the marked or open one. */
	neighbour(step: 1 | -1): ChatRow | null {
		const at = this.rows.findIndex((row) => row.id === (this.markedId ?? this.openId));
		if (at < 0) return this.rows[0] ?? null;
		return this.rows[Math.min(this.rows.length - 1, Math.max(0, at + step))] ?? null;
	}

	#query(after: ChatCursor | null, limit: number): ChatQuery {
		return { account: this.account, unreadOnly: this.unreadOnly, text: this.text.trim() || null, after, limit: Math.min(MOST, limit) };
	}

	/** One reader per question: re-reads while something changed, then reads on until enough rows are there. */
	async #read(): Promise<void> {
		const turn = this.#turn;
		if (this.#reading === turn) return;
		this.#reading = turn;
		try {
			while (turn === this.#turn && (this.#dirty || (this.#next && this.rows.length < this.#wanted))) {
				if (this.#dirty) await this.#readAgain(turn);
				else await this.#readOn(turn);
			}
		} catch (error) {
			if (turn === this.#turn) {
				this.error = errorCode(error);
				this.#dirty = false;
				// What is still on the screen answers another question.
				if (this.#answered !== turn) [this.rows, this.total] = [[], 0];
			}
		} finally {
			if (this.#reading === turn) this.#reading = null;
			this.#tell(); // an error is an answer, too
		}
	}

	async #readAgain(turn: number): Promise<void> {
		this.#dirty = false;
		// The first answer to a new question must not wait for rows that only the old one had.
		const again = this.ready && this.#answered === turn;
		const enough = again ? Math.max(PAGE, this.rows.length) : PAGE;
		let rows: ChatRow[] = [];
		let next: ChatCursor | null = null;
		do {
			const page: ChatPage = await this.#host.listChats(this.#query(next, rows.length === 0 ? TOP : enough - rows.length));
			if (turn !== this.#turn) return;
			rows = append(rows, page.rows);
			next = page.next;
			const last = next === null || rows.length >= enough;
			// Until the rest is read, what was below is still below.
			this.#show(last || !again ? rows : append(rows, this.rows), page.total);
			this.#answered = turn;
			this.#next = next;
			this.ready = true;
			this.error = null;
			this.#tell();
		} while (next && rows.length < enough);
	}

	#show(rows: ChatRow[], total: number): void {
		this.rows = keepEqual(this.rows, rows, (row) => row.id);
		this.total = Math.max(total, rows.length);
	}

	async #readOn(turn: number): Promise<void> {
		const page = await this.#host.listChats(this.#query(this.#next, Math.max(PAGE, this.#wanted - this.rows.length)));
		if (turn !== this.#turn) return;
		// What is known stays the same object: nothing has to be compared, however long the list is.
		this.rows = append(this.rows, page.rows);
		this.total = Math.max(page.total, this.rows.length);
		this.#next = page.next;
	}
}

/** A chat that moved between two pages is kept where it was met first. */
function append(rows: ChatRow[], more: ChatRow[]): ChatRow[] {
	const known = new Set(rows.map((row) => row.id));
	return [...rows, ...more.filter((row) => !known.has(row.id))];
}
