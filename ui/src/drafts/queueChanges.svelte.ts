// What the seller has changed in the queue and not sent yet.
import type { WaitingDraft } from "../host/contract";

/** Words in place of a draft, with its row as it was when they were begun. */
class Change {
	text = $state("");
	readonly row: WaitingDraft;

	constructor(row: WaitingDraft, text: string) {
		this.row = row;
		this.text = text;
	}
}

export class QueueChanges {
	#all = $state.raw<Change[]>([]);

	/** A row that is being changed stays as it was, also when the talk has overtaken it: nothing that is typed is lost. */
	over(waiting: readonly WaitingDraft[]): WaitingDraft[] {
		const changed = new Map(this.#all.map(({ row }) => [row.draft.chat, row]));
		const rows = waiting.map((row) => changed.get(row.draft.chat) ?? row);
		return [...[...changed.values()].filter((row) => !rows.includes(row)), ...rows];
	}

	of(row: WaitingDraft | null): Change | null {
		return this.#all.find((change) => change.row === row) ?? null;
	}

	put(row: WaitingDraft, text: string): void {
		this.#all = [...this.#all, new Change(row, text)];
	}

	drop(row: WaitingDraft | null): void {
		this.#all = this.#all.filter((change) => change.row !== row);
	}

	forget(): void {
		this.#all = [];
	}
}
