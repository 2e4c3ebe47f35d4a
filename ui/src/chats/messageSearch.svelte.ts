// Search over all messages, beside the search in the list of chats: the same words, answered by the archive.
import type { AccountId, ErrorCode, FoundMessage, FoundPage, MessageId } from "../host/contract";
import { errorCode, type Host } from "../host";

const PAGE = 50;
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
	#turn = 0;
	#reading = false;
	#again: ReturnType<typeof setTimeout> | undefined;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Asks for other words; none forget what was found. */
	ask(text: string, account: AccountId | null): void {
		const words = text.trim();
		if (words === this.#text && account === this.#account) return;
		[this.#text, this.#account] = [words, account];
		[this.ready, this.error, this.marked] = [false, null, null];
		if (words) void this.#read(null);
		else this.#forget();
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

	async #read(before: MessageId | null): Promise<void> {
		const turn = before === null ? ++this.#turn : this.#turn;
		clearTimeout(this.#again);
		this.#reading = true;
		try {
			const page = await this.#host.searchMessages({ text: this.#text, account: this.#account, chat: null, before, limit: PAGE });
			if (turn === this.#turn) this.#take(page, before);
		} catch (error) {
			if (turn === this.#turn) [this.error, this.ready, this.found] = [errorCode(error), true, before === null ? [] : this.found];
		} finally {
			if (turn === this.#turn) this.#reading = false;
		}
	}

	#take(page: FoundPage, before: MessageId | null): void {
		this.found = before === null ? page.found : [...this.found, ...page.found];
		[this.more, this.outstanding, this.ready, this.error] = [page.more, page.outstanding, true, null];
		if (before === null) [this.readAs, this.similar] = [page.readAs, page.similar];
		if (page.outstanding > 0 && before === null) this.#again = setTimeout(() => void this.#read(null), AGAIN_MS);
	}
}
