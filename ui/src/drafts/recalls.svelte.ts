// Sent replies that are no longer so, while they can be taken back: of one chat, or of all.
import type { ChatId, ErrorCode, Notice, Recall } from "../host/contract";
import { errorCode, type Host } from "../host";

/** A reading looks every recent reply up again: not once for every word of a draft that is being written. */
const PAUSE_MS = 300;

export class Recalls {
	rows = $state.raw<Recall[]>([]);
	busy = $state(false);
	error = $state<ErrorCode | null>(null);
	#host: Host;
	#chat: ChatId | null;
	#turn = 0;

	constructor(host: Host, chat: ChatId | null) {
		this.#host = host;
		this.#chat = chat;
	}

	start(): () => void {
		void this.read();
		let timer: ReturnType<typeof setTimeout> | undefined;
		const soon = () =>
			(timer ??= setTimeout(() => {
				timer = undefined;
				void this.read();
			}, PAUSE_MS));
		// A price of a listing comes with its chat, a passage with knowledge.
		const telling = new Set<Notice["what"]>(["chats", "messages", "knowledge", "draft", "everything"]);
		const silence = this.#host.on((notice) => {
			if (telling.has(notice.what)) soon();
		});
		return () => {
			silence();
			clearTimeout(timer);
		};
	}

	async read(): Promise<void> {
		const turn = ++this.#turn;
		const rows = await this.#host.drafts.recalls(this.#chat).catch(() => this.rows);
		if (turn === this.#turn) this.rows = rows;
	}

	/** Deletes the reply at Avito; a new draft is made. Answers whether it is gone. */
	takeBack = (row: Recall) => this.#attempt(() => this.#host.drafts.recall(row.draft));
	keep = (row: Recall) => this.#attempt(() => this.#host.drafts.keep(row.draft));

	async #attempt(work: () => Promise<void>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		try {
			await work();
			this.error = null;
			return true;
		} catch (error) {
			this.error = errorCode(error);
			return false;
		} finally {
			this.busy = false;
			await this.read();
		}
	}
}
