// The draft of the open chat. What the seller types is never touched by it: a draft goes into the composer only when asked.
import type { ChatId, DraftId, DraftView, EntryInput, ErrorCode, MessageRow, Notice, SentDraft } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";

/** Whether its button sends a draft as it is. A holding reply states nothing, so a click sends it; a key, pressed for an answer, does not. */
export function buttonSends(view: DraftView): boolean {
	return view.oneKey || view.maker === "holding";
}

/** What became of a reply: its echo, or why it did not go out. */
export type Sent = { row: MessageRow; error: null } | { row: null; error: ErrorCode };

export class Draft {
	chat = $state<ChatId | null>(null);
	view = $state.raw<DraftView | null>(null);
	/** The draft whose words are in the composer, to be changed. */
	editing = $state<DraftId | null>(null);
	error = $state<ErrorCode | null>(null);
	/** What an edited reply teaches, until the seller has said yes or no. */
	lesson = $state.raw<EntryInput | null>(null);
	/** The open chat's draft is on its way to the core. */
	busy = $state(false);
	/** Facts of the edited words that no source holds. */
	doubtful = $state.raw<string[]>([]);
	/** What is on its way, by chat: the draft whose words were changed, null for one sent as it is. */
	#leaving = new Map<ChatId, { edited: DraftId | null; sent: Promise<unknown> }>();
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
		// Who comes back while the draft is on its way must not send its words once more.
		const leaving = chat === null ? undefined : this.#leaving.get(chat);
		[this.busy, this.editing] = [leaving !== undefined, leaving?.edited ?? null];
		[this.chat, this.view, this.error, this.lesson] = [chat, null, null, null];
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

	/** Sends the draft as it is; null: not to be sent so, or on its way already. */
	async approve(): Promise<Sent | null> {
		const id = this.view?.id;
		if (id === null || id === undefined || !this.view || !buttonSends(this.view)) return null;
		return this.#send(null, () => this.#host.drafts.send(id, null, false));
	}

	/** Sends the seller's words that began as this draft: now the seller answers for every fact. */
	approveEdited(id: DraftId, text: string): Promise<Sent | null> {
		return this.#send(id, () => this.#host.drafts.send(id, text, true));
	}

	/** Waits until what was sent is with the core: before the window goes, or another shop comes. */
	async finish(): Promise<void> {
		await Promise.all([...this.#leaving.values()].map(({ sent }) => sent));
	}

	#send(edited: DraftId | null, work: () => Promise<SentDraft>): Promise<Sent | null> {
		const { chat } = this;
		if (chat === null || this.busy) return Promise.resolve(null);
		[this.busy, this.error] = [true, null];
		const sent = this.#sendFrom(chat, edited, work);
		this.#leaving.set(chat, { edited, sent });
		return sent;
	}

	/** The seller may have turned to another chat by the time it is answered: nothing of that one is touched. */
	async #sendFrom(chat: ChatId, edited: DraftId | null, work: () => Promise<SentDraft>): Promise<Sent> {
		try {
			const { row, lesson } = await work();
			if (chat === this.chat) {
				[this.view, this.lesson] = [null, lesson];
				if (this.editing === edited) this.editing = null;
			}
			return { row, error: null };
		} catch (fault) {
			const error = errorCode(fault);
			if (chat === this.chat) this.error = error;
			return { row: null, error };
		} finally {
			this.#leaving.delete(chat);
			if (chat === this.chat) this.busy = false;
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
		const shown = this.view?.id ?? null;
		await this.#attempt((chat) => this.#host.drafts.dismiss(chat, shown, reason));
	}

	async #attempt(work: (chat: ChatId) => Promise<void>): Promise<void> {
		const { chat } = this;
		if (chat === null) return;
		this.error = null;
		try {
			await work(chat);
		} catch (error) {
			if (chat === this.chat) this.error = errorCode(error);
		}
		await this.#read();
	}
}
