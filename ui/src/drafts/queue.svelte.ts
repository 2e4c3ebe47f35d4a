// Drafts that wait for approval over all chats: read, send, next.
import type { ErrorCode, Notice, WaitingDraft } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";
import { buttonSends } from "./draft.svelte";

export class DraftQueue {
	rows = $state.raw<WaitingDraft[]>([]);
	ready = $state(false);
	/** Drafts are made at all. */
	on = $state(true);
	error = $state<ErrorCode | null>(null);
	/** Why the marked draft could not be sent. */
	refused = $state<ErrorCode | null>(null);
	/** The words of the marked draft while they are being changed. */
	edited = $state<string | null>(null);
	#chat = $state<number | null>(null);
	#host: Host;
	#turn = 0;

	/** The row in sight: the chosen one, else the one that waits longest. */
	marked = $derived<WaitingDraft | null>(this.rows.find((row) => row.draft.chat === this.#chat) ?? this.rows[0] ?? null);

	constructor(host: Host) {
		this.#host = host;
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
			const before = this.marked?.draft.id;
			this.rows = rows;
			this.on = view.settings.on;
			this.error = null;
			// What is being changed belongs to one draft only.
			if (this.marked?.draft.id !== before) this.edited = null;
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		}
		if (turn === this.#turn) this.ready = true;
	}

	/** Makes drafts from now on, with all other settings as they are. */
	async turnOn(): Promise<void> {
		try {
			const { settings } = await this.#host.drafts.settings();
			await this.#host.drafts.saveSettings({ ...settings, on: true }, { key: null, headers: null, proxy: null });
		} catch (error) {
			this.error = errorCode(error);
		}
		await this.read();
	}

	mark(row: WaitingDraft): void {
		if (row.draft.chat === this.marked?.draft.chat) return;
		this.#chat = row.draft.chat;
		this.edited = this.refused = null;
	}

	move(step: 1 | -1): void {
		const at = this.marked ? this.rows.indexOf(this.marked) : -1;
		const next = this.rows[Math.min(this.rows.length - 1, Math.max(0, at + step))];
		if (next) this.mark(next);
	}

	edit(): void {
		if (this.marked) this.edited = this.marked.draft.text;
	}

	/** Sends the marked draft (or what became of it) and goes to the next. `byKey`: not by its button. */
	async send(byKey: boolean): Promise<void> {
		const row = this.marked;
		const id = row?.draft.id;
		if (!row || id === null || id === undefined) return;
		const text = this.edited?.trim();
		if (text === undefined && !(byKey ? row.draft.oneKey : buttonSends(row.draft))) return;
		await this.#done(row, () => this.#host.drafts.send(id, text ?? null, text !== undefined));
	}

	async dismiss(): Promise<void> {
		const row = this.marked;
		if (row) await this.#done(row, () => this.#host.drafts.dismiss(row.draft.chat, null));
	}

	/** The row goes at once, the next is in sight; a refusal brings it back with the reason. */
	async #done(row: WaitingDraft, work: () => Promise<unknown>): Promise<void> {
		const at = this.rows.indexOf(row);
		const next = this.rows[at + 1] ?? this.rows[at - 1] ?? null;
		const edited = this.edited;
		this.refused = this.edited = null;
		this.rows = this.rows.filter((other) => other !== row);
		this.#chat = next?.draft.chat ?? null;
		try {
			await work();
		} catch (error) {
			this.#chat = row.draft.chat;
			await this.read();
			this.edited = edited;
			this.refused = errorCode(error);
		}
	}
}
