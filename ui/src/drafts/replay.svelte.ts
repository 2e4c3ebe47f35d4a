// Past questions asked again, one after the other, before a change is accepted.
import type { ErrorCode, PastQuestion, Replayed, ReplayVerdict } from "../host/contract";
import { errorCode, type Host } from "../host";

/** Makes ready for a change; gives what asks a question with and without it. */
export type Prepare = () => Promise<(question: PastQuestion) => Promise<Replayed>>;
export type ReplayRow = { question: PastQuestion; found: Replayed };

/** Worst first: what speaks against the change is read first. */
const ORDER: Record<ReplayVerdict, number> = { unsupported: 0, worse: 1, failed: 2, better: 3, same: 4 };

export class Replay {
	rows = $state.raw<ReplayRow[]>([]);
	all = $state(0);
	running = $state(false);
	/** It has run, perhaps over no question. */
	done = $state(false);
	error = $state<ErrorCode | null>(null);
	counts = $derived.by(() => {
		const counts: Record<ReplayVerdict, number> = { better: 0, worse: 0, same: 0, unsupported: 0, failed: 0 };
		for (const { found } of this.rows) counts[found.verdict]++;
		return counts;
	});
	sorted = $derived([...this.rows].sort((a, b) => ORDER[a.found.verdict] - ORDER[b.found.verdict]));
	#host: Host;
	#turn = 0;

	constructor(host: Host) {
		this.#host = host;
	}

	async run(count: number, prepare: Prepare): Promise<void> {
		const turn = ++this.#turn;
		[this.rows, this.all, this.running, this.done, this.error] = [[], 0, true, false, null];
		try {
			const ask = await prepare();
			const questions = await this.#host.drafts.pastQuestions(count);
			if (turn !== this.#turn) return;
			this.all = questions.length;
			for (const question of questions) {
				if (turn !== this.#turn) return;
				const found = await ask(question);
				if (turn !== this.#turn) return;
				this.rows = [...this.rows, { question, found }];
			}
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		}
		if (turn === this.#turn) [this.running, this.done] = [false, true];
	}

	stop(): void {
		this.#turn++;
		[this.running, this.done] = [false, this.rows.length > 0];
	}
}
