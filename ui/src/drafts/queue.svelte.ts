// Drafts that wait for approval over all chats: read, send, next.
import type { ChatId, DraftId, ErrorCode, Notice, WaitingDraft } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";
import { toasts } from "../shared/toasts.svelte";
import { m } from "../words";
import { errorWords } from "../words/errors";
import { buttonSends } from "./draft.svelte";
import { QueueChanges } from "./queueChanges.svelte";

export class DraftQueue {
	ready = $state(false);
	/** Drafts are made at all. */
	on = $state(true);
	error = $state<ErrorCode | null>(null);
	/** Why the marked draft could not be sent. */
	refused = $state<ErrorCode | null>(null);
	/** A press was meant for the draft that was in sight before. */
	mistaken = $state(false);
	/** What the core says waits. */
	#waiting = $state.raw<WaitingDraft[]>([]);
	readonly #changes = new QueueChanges();
	#chat = $state<ChatId | null>(null);
	/** The draft that presses are meant for: the one in sight, unless it came there by itself. */
	#meant: DraftId | null = null;
	#host: Host;
	#turn = 0;
	/** Raised when another shop is shown. */
	#shop = 0;

	rows = $derived(this.#changes.over(this.#waiting));
	/** The row in sight: the chosen one, else the one that waits longest. */
	marked = $derived<WaitingDraft | null>(this.rows.find((row) => row.draft.chat === this.#chat) ?? this.rows[0] ?? null);

	constructor(host: Host) {
		this.#host = host;
	}

	/** The words of the marked draft while they are being changed. */
	get edited(): string | null {
		return this.#changes.of(this.marked)?.text ?? null;
	}

	set edited(text: string | null) {
		const change = this.#changes.of(this.marked);
		if (text !== null && change) change.text = text;
		else if (text === null) {
			this.#changes.drop(this.marked);
			this.#chat = this.marked?.draft.chat ?? null;
		}
	}

	start(): () => void {
		void this.read();
		const soon = perFrame(() => void this.read());
		return this.#host.on((notice: Notice) => {
			if (notice.what === "drafts" || notice.what === "draft" || notice.what === "everything") soon();
		});
	}

	async read(): Promise<void> {
		const turn = ++this.#turn;
		try {
			const [rows, view] = await Promise.all([this.#host.drafts.waiting(), this.#host.drafts.settings()]);
			if (turn !== this.#turn) return;
			const before = this.marked;
			this.#waiting = rows;
			this.on = view.settings.on;
			this.error = null;
			// What is in sight stays there while it waits.
			if (before) this.#chat = this.marked?.draft.chat ?? null;
			else this.look();
			// What became of one draft is not said of the next.
			if (this.marked?.draft.id !== before?.draft.id) this.refused = null;
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		}
		if (turn === this.#turn) this.ready = true;
	}

	/** Makes drafts from now on, with all other settings as they are. */
	async turnOn(): Promise<void> {
		const { settings } = await this.#host.drafts.settings();
		await this.#host.drafts.saveSettings({ ...settings, on: true }, { key: null, headers: null, proxy: null });
		await this.read();
	}

	/** The same numbers mean other drafts in another shop. */
	forget(): void {
		this.#shop++;
		this.#changes.forget();
		[this.#waiting, this.refused, this.ready] = [[], null, false];
		void this.read();
	}

	/** The seller sees what is in sight: presses are meant for it. */
	look(): void {
		this.#chat = this.marked?.draft.chat ?? null;
		this.#meant = this.marked?.draft.id ?? null;
		this.mistaken = false;
	}

	mark(row: WaitingDraft): void {
		if (row.draft.chat !== this.marked?.draft.chat) {
			if (this.edited === this.marked?.draft.text) this.edited = null;
			this.refused = null;
			this.#chat = row.draft.chat;
		}
		this.look();
	}

	move(step: 1 | -1): void {
		const at = this.marked ? this.rows.indexOf(this.marked) : -1;
		const next = this.rows[Math.min(this.rows.length - 1, Math.max(0, at + step))];
		if (next) this.mark(next);
	}

	edit(): void {
		const row = this.marked;
		if (row && this.edited === null) this.#changes.put(row, row.draft.text);
		this.look();
	}

	/** Sends the marked draft (or what became of it) and goes to the next. `byKey`: not by its button. */
	async send(byKey: boolean): Promise<void> {
		const row = this.marked;
		const id = row?.draft.id;
		if (!row || id === null || id === undefined || !this.#isMeant(row)) return;
		const text = this.edited?.trim();
		if (text === undefined && !(byKey ? row.draft.oneKey : buttonSends(row.draft))) return;
		await this.#done(row, () => this.#host.drafts.send(id, text ?? null, text !== undefined));
	}

	async dismiss(): Promise<void> {
		const row = this.marked;
		if (!row || !this.#isMeant(row)) return;
		// Of what the talk has overtaken only the words are left; what is asked now was not turned down.
		if (this.#waiting.some((other) => other.draft.id === row.draft.id)) await this.#done(row, () => this.#host.drafts.dismiss(row.draft.chat, row.draft.id, null));
		else this.edited = null;
	}

	/** A press that comes just as another draft takes the place is meant for the one before: that is said, and the next press counts. */
	#isMeant(row: WaitingDraft): boolean {
		if (row.draft.id === this.#meant) return true;
		this.look();
		this.mistaken = true;
		return false;
	}

	/** The row goes at once, the next is in sight; a refusal brings it back with the reason. */
	async #done(row: WaitingDraft, work: () => Promise<unknown>): Promise<void> {
		const at = this.rows.indexOf(row);
		const next = this.rows[at + 1] ?? this.rows[at - 1] ?? null;
		const [text, shop] = [this.edited, this.#shop];
		this.refused = this.edited = null;
		this.#waiting = this.#waiting.filter((other) => other.draft.id !== row.draft.id);
		this.#chat = next?.draft.chat ?? null;
		this.look();
		try {
			await work();
		} catch (error) {
			await this.read();
			if (shop === this.#shop) this.#refuse(row, text, errorCode(error));
		}
	}

	/** Whoever is changing another draft by now is not taken away from it: a note leads back. */
	#refuse(row: WaitingDraft, text: string | null, code: ErrorCode): void {
		const writes = this.edited !== null;
		if (text !== null) this.#changes.put(row, text);
		const stands = () => this.rows.some((other) => other.draft.id === row.draft.id);
		const back = () => {
			if (!stands()) return;
			this.mark(row);
			this.refused = code;
		};
		const words = [row.buyer ?? m.buyer_unnamed(), errorWords[code]()].join(" · ");
		if (!stands()) toasts.show(words, true);
		else if (writes) toasts.undoable(words, { words: m.draft_show(), act: back });
		else back();
	}
}
