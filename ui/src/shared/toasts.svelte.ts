// Short notes at the bottom of the window, for what failed or was done without a place of its own.

/** What can be done about it while it is shown. */
export type ToastAction = { words: string; act: () => void };
export type Toast = { id: number; words: string; bad: boolean; action: ToastAction | null };

/** Milliseconds: what was done, what failed, what can be taken back. */
const [DONE, FAILED, UNDOABLE] = [3500, 8000, 10_000];

class Toasts {
	list = $state.raw<Toast[]>([]);
	/** Where they can be shown: the window, and above it each dialog that has opened, the last on top. */
	#places = $state.raw<symbol[]>([]);
	#next = 1;
	#timers = new Map<number, ReturnType<typeof setTimeout>>();

	show(words: string, bad = false): void {
		this.#add(words, bad, null);
	}

	/** What was done can be taken back as long as this is shown. */
	undoable(words: string, action: ToastAction): void {
		this.#add(words, false, action);
	}

	/** The place where they are seen: whatever is below an open dialog is dimmed, cannot be pressed and is not read out. */
	get top(): symbol | undefined {
		return this.#places.at(-1);
	}

	/** Opens a place on top of the others; returns what closes it. */
	open(place: symbol): () => void {
		this.#places = [...this.#places, place];
		return () => (this.#places = this.#places.filter((one) => one !== place));
	}

	close(id: number): void {
		clearTimeout(this.#timers.get(id));
		this.#timers.delete(id);
		this.list = this.list.filter((toast) => toast.id !== id);
	}

	/** Nothing can be taken back in another shop. */
	forgetActions(): void {
		for (const toast of this.list) if (toast.action) this.close(toast.id);
	}

	/** Whoever is about to press its button is not hurried. */
	hold(toast: Toast): void {
		clearTimeout(this.#timers.get(toast.id));
	}

	/** Begins its time anew. */
	release(toast: Toast): void {
		this.hold(toast);
		// Not what was closed while somebody pointed at it.
		if (!this.list.includes(toast)) return;
		this.#timers.set(toast.id, setTimeout(() => this.close(toast.id), toast.action ? UNDOABLE : toast.bad ? FAILED : DONE));
	}

	#add(words: string, bad: boolean, action: ToastAction | null): void {
		const toast = { id: this.#next++, words, bad, action };
		// The same words again are one note; but each thing that can be taken back is a thing of its own.
		this.list = [...this.list.filter((shown) => shown.words !== words || shown.action), toast].slice(-3);
		this.release(toast);
	}
}

export const toasts = new Toasts();
