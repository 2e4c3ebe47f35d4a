// Short notes at the bottom of the window, for what failed or was done without a place of its own.

export type Toast = { id: number; words: string; bad: boolean };

class Toasts {
	list = $state.raw<Toast[]>([]);
	#next = 1;

	show(words: string, bad = false, forMs = bad ? 8000 : 3500): void {
		const toast = { id: this.#next++, words, bad };
		this.list = [...this.list.filter((shown) => shown.words !== words), toast].slice(-3);
		setTimeout(() => this.close(toast.id), forMs);
	}

	close(id: number): void {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}

export const toasts = new Toasts();
