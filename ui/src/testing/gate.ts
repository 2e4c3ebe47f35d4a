/** Holds back answers so that a test decides which arrives first. */
export class Gate<Answer> {
	#waiting: ((answer: Answer) => void)[] = [];

	/** Stands in for an asynchronous call. */
	call = (): Promise<Answer> => new Promise((resolve) => this.#waiting.push(resolve));

	get waiting(): number {
		return this.#waiting.length;
	}

	/** Answers the call number `index` of those still waiting. */
	answer(index: number, answer: Answer): void {
		this.#waiting.splice(index, 1)[0]?.(answer);
	}
}
