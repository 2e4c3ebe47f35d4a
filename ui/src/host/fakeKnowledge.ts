// Knowledge for tests and for a plain browser: entries are kept, what is found is what shares words.
import type { EntryInput, FoundPassage, KnowledgeChange, KnowledgeView, Notice, PassageView, Scope, SourceId, SourceKind, SourceRowView, SourceView, Trial } from "./contract";
import type { KnowledgeHost } from "./host";

const words = (text: string): string[] => text.toLowerCase().match(/[а-яёa-z0-9]+/g) ?? [];

export class FakeKnowledge implements KnowledgeHost {
	rows: SourceRowView[] = [];
	texts = new Map<SourceId, string>();
	folders: KnowledgeView["folders"] = [];
	duplicates: KnowledgeView["duplicates"] = [];
	meaning: KnowledgeView["meaning"] = null;
	/** Calls in order, for tests. */
	calls: unknown[][] = [];
	#emit: (notice: Notice) => void;
	#now: () => number;
	#next = 1;
	#removed: SourceRowView[] = [];

	constructor(emit: (notice: Notice) => void, now: () => number) {
		this.#emit = emit;
		this.#now = now;
	}

	/** A source as a test wants it. */
	add(row: Partial<SourceRowView>, text = ""): SourceRowView {
		const id = this.#next++;
		const full: SourceRowView = {
			id,
			kind: "question",
			scope: { account: null, item: null },
			itemTitle: null,
			title: "",
			preview: text.slice(0, 200),
			url: null,
			path: null,
			state: "read",
			progress: null,
			problems: [],
			off: false,
			passages: 1,
			uses: 0,
			changedMs: this.#now(),
			...row,
		};
		this.rows = [full, ...this.rows];
		this.texts.set(full.id, text);
		return full;
	}

	change(id: SourceId, change: Partial<SourceRowView>): void {
		this.rows = this.rows.map((row) => (row.id === id ? { ...row, ...change } : row));
		this.#emit({ what: "knowledge" });
	}

	async knowledgeView(kind: SourceKind | null, search: string): Promise<KnowledgeView> {
		this.calls.push(["knowledgeView", kind, search]);
		const found = (row: SourceRowView) => `${row.title} ${this.texts.get(row.id) ?? ""}`.toLowerCase().includes(search.trim().toLowerCase());
		const sources = this.rows.filter((row) => (kind === null || row.kind === kind) && found(row));
		return { sources, total: this.rows.length, passages: this.rows.length, folders: this.folders, duplicates: this.duplicates, meaning: this.meaning };
	}
	async knowledgeSource(id: SourceId, after: number): Promise<SourceView> {
		this.calls.push(["knowledgeSource", id, after]);
		const row = this.#row(id);
		const text = this.texts.get(id) ?? "";
		const passage: PassageView = { id, ordinal: 0, heading: row.title, text, page: null, sheet: null, line: null, off: false, uses: row.uses };
		const older = row.off ? this.rows.find((other) => other.kind === "file" && other.title === row.title && !other.off) : undefined;
		return { row, text: row.kind === "file" ? null : text, older: older?.id ?? null, passages: text ? [passage] : [], more: false, uses: [] };
	}
	async tryQuestion(scope: Scope, question: string): Promise<Trial> {
		this.calls.push(["tryQuestion", scope, question]);
		const asked = words(question);
		const found = this.rows.filter((row) => !row.off).map((row): FoundPassage => {
			const text = this.texts.get(row.id) ?? "";
			const shared = asked.filter((word) => words(`${row.title} ${text}`).includes(word));
			return {
				id: row.id,
				key: `${row.id}:0`,
				source: row.id,
				kind: row.kind,
				sourceTitle: row.title,
				scope: row.scope,
				heading: row.title,
				text,
				page: null,
				sheet: null,
				line: null,
				changedMs: row.changedMs,
				score: shared.length,
			byMeaning: false,
				words: shared.map((word) => {
					const start = text.toLowerCase().indexOf(word);
					return { asked: word, word, how: "same", inHeading: start < 0, start: Math.max(start, 0), end: Math.max(start, 0) + word.length };
				}),
				askedAbout: [],
			};
		});
		const passages = found.filter((passage) => (passage.score ?? 0) > 0).sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
		const best = passages[0];
		return { passages, answer: best ? { passage: best, quote: best.text, confidence: 0.9, given: (best.score ?? 0) > 1 } : null };
	}
	async saveEntry(id: SourceId | null, entry: EntryInput): Promise<SourceId> {
		this.calls.push(["saveEntry", id, entry]);
		const change = { kind: entry.kind, scope: entry.scope, title: entry.title, url: entry.url, preview: entry.text };
		const row = id === null ? this.add(change, entry.text) : this.#row(id);
		this.texts.set(row.id, entry.text);
		this.change(row.id, change);
		return row.id;
	}
	async removeSource(id: SourceId): Promise<void> {
		this.calls.push(["removeSource", id]);
		this.#removed.push(this.#row(id));
		this.rows = this.rows.filter((row) => row.id !== id);
		this.#emit({ what: "knowledge" });
	}
	async restoreSource(id: SourceId): Promise<void> {
		this.calls.push(["restoreSource", id]);
		this.rows.push(...this.#removed.filter((row) => row.id === id));
		this.#emit({ what: "knowledge" });
	}
	async switchSourceOff(id: SourceId, off: boolean): Promise<void> {
		this.calls.push(["switchSourceOff", id, off]);
		this.change(id, { off });
	}
	async switchPassageOff(id: number, off: boolean): Promise<void> {
		this.calls.push(["switchPassageOff", id, off]);
	}
	async setSourceScope(id: SourceId, scope: Scope): Promise<void> {
		this.calls.push(["setSourceScope", id, scope]);
		this.change(id, { scope });
	}
	async addFiles(scope: Scope, onTrial: boolean): Promise<number> {
		this.calls.push(["addFiles", scope, onTrial]);
		return 0;
	}
	async replaceSource(source: SourceId, older: SourceId): Promise<void> {
		this.calls.push(["replaceSource", source, older]);
		this.rows = this.rows.filter((row) => row.id !== older);
		this.change(source, { off: false });
	}
	async proposeKnowledge(change: KnowledgeChange): Promise<void> {
		this.calls.push(["proposeKnowledge", change]);
	}
	async forgetProposed(): Promise<void> {
		this.calls.push(["forgetProposed"]);
	}
	async addDroppedFile(scope: Scope, fileName: string, dataBase64: string, onTrial: boolean): Promise<SourceId> {
		this.calls.push(["addDroppedFile", scope, fileName, dataBase64, onTrial]);
		const row = this.add({ kind: "file", title: fileName, scope, state: onTrial ? "read" : "toRead", off: onTrial, passages: 0 });
		this.#emit({ what: "knowledge" });
		return row.id;
	}
	async watchFolder(scope: Scope): Promise<boolean> {
		this.calls.push(["watchFolder", scope]);
		return false;
	}
	async forgetFolder(folder: number, keep: boolean): Promise<void> {
		this.calls.push(["forgetFolder", folder, keep]);
		this.folders = this.folders.filter((known) => known.id !== folder);
		this.#emit({ what: "knowledge" });
	}
	async readAgain(id: SourceId): Promise<void> {
		this.calls.push(["readAgain", id]);
	}
	async stopReading(id: SourceId): Promise<void> {
		this.calls.push(["stopReading", id]);
		this.change(id, { state: "stopped", progress: null });
	}
	async refreshItems(account: number): Promise<number> {
		this.calls.push(["refreshItems", account]);
		return 0;
	}
	async keepOneDuplicate(passage: number): Promise<void> {
		this.calls.push(["keepOneDuplicate", passage]);
		this.duplicates = [];
		this.#emit({ what: "knowledge" });
	}
	async keepDuplicates(fingerprint: string): Promise<void> {
		this.calls.push(["keepDuplicates", fingerprint]);
		this.duplicates = this.duplicates.filter((group) => group.fingerprint !== fingerprint);
		this.#emit({ what: "knowledge" });
	}

	#row(id: SourceId): SourceRowView {
		const row = this.rows.find((known) => known.id === id);
		if (!row) throw new Error("no such source");
		return row;
	}
}
