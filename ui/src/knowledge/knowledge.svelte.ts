// The state of the area: the list, what is opened beside it, and the question that is tried.
import { errorCode, type Host } from "../host";
import { toBase64 } from "../shared/base64";
import type { EntryInput, ErrorCode, KnowledgeView, PassageId, Scope, SourceId, SourceKind, SourceView, Trial } from "../host/contract";

/** What stands beside the list. */
export type Pane = { kind: "trial" } | { kind: "source"; id: SourceId } | { kind: "entry"; id: SourceId | null; entry: EntryInput };

/** Notices come with every percent of a reading. */
const PAUSE_MS = 120;
/** Larger files are chosen, not dropped: a dropped one goes through the page's memory. */
export const DROP_LIMIT = 32 * 1024 * 1024;

export const everywhere: Scope = { account: null, item: null };

/** An entry that is being written, and what it was begun from. */
type Half = { from: EntryInput; entry: EntryInput };

export class Knowledge {
	view = $state.raw<KnowledgeView | null>(null);
	error = $state<ErrorCode | null>(null);
	kind = $state<SourceKind | null>(null);
	words = $state("");
	pane = $state<Pane>({ kind: "trial" });
	source = $state.raw<SourceView | null>(null);
	question = $state("");
	scope = $state.raw<Scope>(everywhere);
	trial = $state.raw<Trial | null>(null);
	trying = $state(false);
	#host: Host;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#turn = 0;
	/** What was asked last. */
	#asked = "";
	/** Raised by every try; an answer to an older one is dropped. */
	#tries = 0;
	/** The try whose answer is the last there will be. */
	#answered = 0;
	/** Sources have changed since the question went out. */
	#late = false;
	/** Of a source, or new of its kind: wherever the seller looks meanwhile, they stay until they are saved or given up. */
	#halves = new Map<SourceId | SourceKind, Half>();

	constructor(host: Host) {
		this.#host = host;
	}

	/** Reads, and follows changes; returns the stopper. */
	start(): () => void {
		void this.refresh();
		const stop = this.#host.on((notice) => {
			if (notice.what === "knowledge" || notice.what === "everything") this.#soon();
		});
		return () => {
			stop();
			clearTimeout(this.#timer);
		};
	}

	/** Another shop is shown: nothing of this one is left. */
	forget(): void {
		this.view = null;
		this.trial = null;
		this.scope = everywhere;
		this.#answered = ++this.#tries;
		[this.#asked, this.#late, this.trying] = ["", false, false];
		this.#halves.clear();
		this.close();
	}

	#soon(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.refresh(), PAUSE_MS);
	}

	async refresh(): Promise<void> {
		const turn = ++this.#turn;
		try {
			const view = await this.#host.knowledge.knowledgeView(this.kind, this.words);
			if (turn !== this.#turn) return;
			this.view = view;
			this.error = null;
			if (this.pane.kind === "source") await this.#readSource(this.pane.id);
			if (this.#answered < this.#tries) this.#late = true;
			else await this.try(true);
		} catch (error) {
			this.error = errorCode(error);
		}
	}

	search(words: string): void {
		this.words = words;
		this.#soon();
	}

	filter(kind: SourceKind | null): void {
		this.kind = kind;
		void this.refresh();
	}

	async open(id: SourceId): Promise<void> {
		this.source = null;
		this.pane = { kind: "source", id };
		await this.#readSource(id);
	}

	async #readSource(id: SourceId): Promise<void> {
		try {
			const known = this.source?.row.id === id ? this.source.passages.length : 0;
			let view = await this.#host.knowledge.knowledgeSource(id, -1);
			// As many pages as were open.
			while (view.more && view.passages.length < known) {
				const next = await this.#host.knowledge.knowledgeSource(id, view.passages.at(-1)?.ordinal ?? -1);
				view = { ...next, passages: [...view.passages, ...next.passages] };
			}
			if (this.pane.kind === "source" && this.pane.id === id) this.source = view;
		} catch (error) {
			if (errorCode(error) === "notFound") this.close();
			else throw error;
		}
	}

	async more(): Promise<void> {
		const view = this.source;
		const last = view?.passages.at(-1);
		if (!view || !last) return;
		const next = await this.#host.knowledge.knowledgeSource(view.row.id, last.ordinal);
		if (this.source?.row.id === view.row.id) this.source = { ...next, passages: [...view.passages, ...next.passages] };
	}

	close(): void {
		this.source = null;
		this.pane = { kind: "trial" };
	}

	write(kind: SourceKind): void {
		this.#write(null, { kind, scope: this.scope, title: "", text: "", url: null });
	}

	edit(): void {
		const view = this.source;
		if (!view || view.text === null) return;
		const { id, kind, scope, title, url } = view.row;
		// Written over other words than it was begun from, it would undo what nobody sees. Another archive has other sources, too.
		if (this.#halves.get(id)?.from.text !== view.text) this.#halves.delete(id);
		this.#write(id, { kind, scope, title, text: view.text, url });
	}

	#write(id: SourceId | null, from: EntryInput): void {
		this.pane = { kind: "entry", id, entry: this.#halves.get(id ?? from.kind)?.entry ?? from };
	}

	/** What is being written has come so far. */
	keep(entry: EntryInput): void {
		if (this.pane.kind !== "entry") return;
		const key = this.pane.id ?? entry.kind;
		this.#halves.set(key, { from: this.#halves.get(key)?.from ?? this.pane.entry, entry });
		this.pane.entry = entry;
	}

	/** Gives up what is being written. */
	async cancel(): Promise<void> {
		if (this.pane.kind !== "entry") return;
		const { id, entry } = this.pane;
		this.#halves.delete(id ?? entry.kind);
		if (id === null) this.close();
		else await this.open(id);
	}

	async save(id: SourceId | null, entry: EntryInput): Promise<void> {
		const saved = await this.#saved(id, entry);
		this.#halves.delete(id ?? entry.kind);
		await this.open(saved);
		this.#soon();
	}

	/** What was written of a source that was removed meanwhile becomes one of its own. */
	async #saved(id: SourceId | null, entry: EntryInput): Promise<SourceId> {
		try {
			return await this.#host.knowledge.saveEntry(id, entry);
		} catch (error) {
			if (id === null || errorCode(error) !== "notFound") throw error;
			return this.#host.knowledge.saveEntry(null, entry);
		}
	}

	/** Asks once more when `quiet`: what is found changes with the sources and with whom it is for. */
	async try(quiet = false): Promise<void> {
		const question = quiet ? this.#asked : this.question.trim();
		if (!question) return;
		const turn = ++this.#tries;
		[this.#asked, this.#late] = [question, false];
		if (!quiet) this.trying = true;
		try {
			const trial = await this.#host.knowledge.tryQuestion(this.scope, question);
			if (turn === this.#tries) this.trial = trial;
		} catch (error) {
			if (turn === this.#tries) throw error;
		} finally {
			if (turn === this.#tries) [this.#answered, this.trying] = [turn, false];
		}
		if (turn === this.#tries && this.#late) this.#soon();
	}

	switchPassage(passage: PassageId, off: boolean): Promise<void> {
		return this.#host.knowledge.switchPassageOff(passage, off);
	}

	/** Adds dropped files, on trial switched off and opened; gives the names of those that are too large for it. */
	async drop(files: File[], onTrial: boolean): Promise<string[]> {
		const large = files.filter((file) => file.size > DROP_LIMIT);
		for (const file of files.filter((small) => !large.includes(small))) {
			const id = await this.#host.knowledge.addDroppedFile(this.scope, file.name, await toBase64(file), onTrial);
			if (onTrial) await this.open(id);
		}
		return large.map((file) => file.name);
	}
}
