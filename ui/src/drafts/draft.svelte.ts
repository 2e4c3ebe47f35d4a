// The draft of the open chat. What the seller types is never touched by it: a draft goes into the composer only when asked.
import type { ChatId, DraftId, DraftView, EntryInput, ErrorCode, MessageRow, Notice } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";

/** Whether its button sends a draft as it is. A holding reply states nothing, so a click sends it; a key, pressed for an answer, does not. */
export function buttonSends(view: DraftView): boolean {
	return view.oneKey || view.maker === "holding";
}

export class Draft {
	chat = $state<ChatId | null>(null);
	view = $state.raw<DraftView | null>(null);
	/** The draft whose words are in the composer, to be changed. */
	editing = $state<DraftId | null>(null);
	error = $state<ErrorCode | null>(null);
	/** What an edited reply teaches, until the seller has said yes or no. */
	lesson = $state.raw<EntryInput | null>(null);
	busy = $state(false);
	/** Facts of the edited words that no source holds. */
	doubtful = $state.raw<string[]>([]);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#host: Host;
	#turn = 0;

	constructor(host: Host) {
		this.#host = host;
	}

	start(): () => void {
		const soon = perFrame(() => void this.#read());
		return this.#host.on((notice: Notice) => {
			if (this.chat === null) return;
			if (notice.what === "everything" || notice.what === "drafts" || (notice.what === "draft" && notice.chat === this.chat)) soon();
		});
	}

	turnTo(chat: ChatId | null): void {
		if (chat === this.chat) return;
		this.#turn++;
		[this.chat, this.view, this.editing, this.error, this.lesson] = [chat, null, null, null, null];
		void this.#read();
	}

	async #read(): Promise<void> {
		if (this.chat === null) return;
		const turn = ++this.#turn;
		// A chat without a draft is shown as before; why drafts fail is told where they are set up.
		const view = await this.#host.drafts.of(this.chat).catch(() => null);
		if (turn !== this.#turn) return;
		// What became of one draft is not said of the next.
		if (view && this.view && view.id !== this.view.id) this.error = null;
		this.view = view;
	}

	/** Sends the draft as it is; answers its echo, or nothing when it was refused. */
	async approve(): Promise<MessageRow | null> {
		const id = this.view?.id;
		if (id === null || id === undefined || !this.view || !buttonSends(this.view)) return null;
		return this.#send(() => this.#host.drafts.send(id, null, false));
	}

	/** Sends the seller's words that began as this draft: now the seller answers for every fact. */
	async approveEdited(id: DraftId, text: string): Promise<MessageRow | null> {
		const row = await this.#send(() => this.#host.drafts.send(id, text, true));
		if (row) this.editing = null;
		return row;
	}

	async #send(work: () => Promise<{ row: MessageRow; lesson: EntryInput | null }>): Promise<MessageRow | null> {
		if (this.busy) return null;
		this.busy = true;
		this.error = null;
		try {
			const { row, lesson } = await work();
			this.view = null;
			this.lesson = lesson;
			return row;
		} catch (error) {
			this.error = errorCode(error);
			return null;
		} finally {
			this.busy = false;
			void this.#read();
		}
	}

	/** The edited words changed: once the seller pauses, their facts are held against the sources. */
	typed(text: string): void {
		clearTimeout(this.#timer);
		const chat = this.chat;
		if (this.editing === null || chat === null) {
			this.doubtful = [];
			return;
		}
		this.#timer = setTimeout(() => {
			this.#host.drafts.facts(chat, text).then(
				(marks) => {
					const bad = marks.filter((mark) => mark.support === "nothing" || mark.support === "outdated");
					if (chat === this.chat) this.doubtful = bad.map((mark) => text.slice(mark.start, mark.end));
				},
				() => (this.doubtful = []),
			);
		}, 400);
	}

	/** Another version; the instruction may be empty. */
	async again(instruction: string): Promise<void> {
		await this.#attempt((chat) => this.#host.drafts.again(chat, instruction));
	}

	/** Turns it down, or stops its making. */
	async dismiss(reason: string | null): Promise<void> {
		await this.#attempt((chat) => this.#host.drafts.dismiss(chat, reason));
	}

	async #attempt(work: (chat: ChatId) => Promise<void>): Promise<void> {
		if (this.chat === null) return;
		this.error = null;
		try {
			await work(this.chat);
		} catch (error) {
			this.error = errorCode(error);
		}
		await this.#read();
	}
}
