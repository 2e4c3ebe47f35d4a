// Questions that nothing in knowledge answers, and the answers the seller is writing to them.
import type { ErrorCode, QuestionGroup, QuestionId } from "../host/contract";
import { errorCode, type Host } from "../host";

/** An answer that is being written. */
export class Half {
	/** As it was when that began. */
	readonly group: QuestionGroup;
	question = $state("");
	answer = $state("");
	onlyItem = $state(true);

	constructor(group: QuestionGroup) {
		this.group = group;
		// A buyer's several messages are lines; the field has one.
		this.question = (group.questions[0]?.text ?? "").replace(/\s+/g, " ");
		this.onlyItem = group.scope.item !== null;
	}
}

const ids = (group: QuestionGroup): QuestionId[] => group.questions.map((one) => one.id);
/** The oldest question: the same however many like it come while the answer is written. */
export const oldest = (group: QuestionGroup): QuestionId | undefined => group.questions.at(-1)?.id;

export class Questions {
	groups = $state.raw<QuestionGroup[] | null>(null);
	error = $state<ErrorCode | null>(null);
	/** Wherever the seller looks meanwhile, they stay until they are saved or given up. */
	#halves = $state.raw<Half[]>([]);
	/** What is being answered stays, also when its question was settled elsewhere: nothing that is typed is lost. */
	shown = $derived.by(() => {
		const { groups } = this;
		return groups && [...this.#halves.filter((half) => !groups.some((group) => this.half(group) === half)).map((half) => half.group), ...groups];
	});
	#host: Host;
	#turn = 0;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Reads anew, and follows changes; returns the stopper. */
	start(): () => void {
		[this.groups, this.error] = [null, null];
		void this.read();
		return this.#host.on((notice) => {
			if (notice.what === "drafts" || notice.what === "everything") void this.read();
		});
	}

	/** Another shop is shown, with other questions. */
	forget(): void {
		this.#halves = [];
	}

	async read(): Promise<void> {
		const turn = ++this.#turn;
		try {
			const groups = await this.#host.drafts.questions();
			if (turn === this.#turn) [this.groups, this.error] = [groups, null];
		} catch (failure) {
			if (turn === this.#turn) this.error = errorCode(failure);
		}
	}

	/** What is being written for the group; two groups may have become one meanwhile. */
	half(group: QuestionGroup): Half | undefined {
		const halves = this.#halves.filter((half) => ids(group).some((id) => id === oldest(half.group)));
		return halves.find((half) => oldest(half.group) === oldest(group)) ?? halves[0];
	}

	begin(group: QuestionGroup): void {
		this.#halves = [...this.#halves, new Half(group)];
	}

	cancel(half: Half): void {
		this.#halves = this.#halves.filter((other) => other !== half);
	}

	/** One answer settles all of the group, also what came while it was written. */
	async save(group: QuestionGroup, half: Half): Promise<void> {
		const scope = { account: group.scope.account, item: half.onlyItem ? group.scope.item : null };
		await this.#host.drafts.answer(ids(group), { kind: "question", scope, title: half.question.trim(), text: half.answer.trim(), url: null });
		this.cancel(half);
		await this.read();
	}

	async drop(group: QuestionGroup): Promise<void> {
		await this.#host.drafts.dropQuestions(ids(group));
		await this.read();
	}
}
