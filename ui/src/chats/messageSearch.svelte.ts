// Search over all messages, beside the search in the list of chats: the same words, answered by the archive.
import type { AccountId, ErrorCode, FoundMessage, FoundPage, MessageId, ShopMode } from "../host/contract";
import { errorCode, type Host } from "../host";

const PAGE = 50;
/** Of what was read, looked at again at once. */
const MOST = 200;
/** The archive is still being looked through: what is found may grow. */
const AGAIN_MS = 1500;

export class MessageSearch {
	found = $state.raw<FoundMessage[]>([]);
	more = $state(false);
	/** The words in the other keyboard layout, when only those were found. */
	readAs = $state<string | null>(null);
	/** Only words like those typed were found. */
	similar = $state(false);
	/** Messages not looked through yet. */
	outstanding = $state(0);
	/** Whether the present words have been answered. */
	ready = $state(false);
	error = $state<ErrorCode | null>(null);
	/** The row the arrow keys stand on. */
	marked = $state<MessageId | null>(null);
	#host: Host;
	#text = "";
	#account: AccountId | null = null;
	#shop: ShopMode | null = null;
	#turn = 0;
	#reading = false;
	#again: ReturnType<typeof setTimeout> | undefined;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Asks for other words, or in another shop; no words forget what was found, and so does another shop. */
	ask(text: string, account: AccountId | null, shop: ShopMode | null): void {
		const words = text.trim();
		if (words === this.#text && account === this.#account && shop === this.#shop) return;
		// There the same numbers mean other chats.
		if (!words || shop !== this.#shop) this.#forget();
		[this.#text, this.#account, this.#shop] = [words, account, shop];
		[this.ready, this.error, this.marked] = [false, null, null];
		if (words) void this.#read(null);
	}

	/** The end of what was read is in sight. */
	readOn(): void {
		const last = this.found.at(-1);
		if (this.more && !this.#reading && last) void this.#read(last.message);
	}

	retry(): void {
		void this.#read(null);
	}

	#forget(): void {
		this.#turn++;
		clearTimeout(this.#again);
		[this.found, this.more, this.readAs, this.similar, this.outstanding] = [[], false, null, false, 0];
	}

	async #read(before: MessageId | null, limit = PAGE): Promise<void> {
		const turn = before === null ? ++this.#turn : this.#turn;
		clearTimeout(this.#again);
		this.#reading = true;
		try {
			const page = await this.#host.searchMessages({ text: this.#text, account: this.#account, chat: null, before, limit });
			if (turn === this.#turn) this.#take(page, before);
		} catch (error) {
			if (turn === this.#turn) [this.error, this.ready, this.found] = [errorCode(error), true, before === null ? [] : this.found];
		} finally {
			if (turn === this.#turn) this.#reading = false;
		}
	}

	#take(page: FoundPage, before: MessageId | null): void {
		this.found = before === null ? [...page.found, ...this.#beyond(page)] : [...this.found, ...page.found];
		[this.more, this.outstanding, this.ready, this.error] = [page.more, page.outstanding, true, null];
		if (before === null) [this.readAs, this.similar] = [page.readAs, page.similar];
		if (page.outstanding > 0) this.#again = setTimeout(() => void this.#read(null, Math.min(MOST, Math.max(PAGE, this.found.length))), AGAIN_MS);
	}

	/** What was found by the same words after the end of the page, when those are looked for again. */
	#beyond(page: FoundPage): FoundMessage[] {
		const last = page.found.at(-1);
		if (!this.ready || !page.more || !last || page.readAs !== this.readAs || page.similar !== this.similar) return [];
		const known = new Set(page.found.map((found) => found.message));
		return this.found.filter((found) => found.sentMs <= last.sentMs && !known.has(found.message));
	}
}
