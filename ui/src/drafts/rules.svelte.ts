// Rules of sending while they are being changed, and what they have done.
import type { AutomaticReply, DryRun, ErrorCode, Rule, RuleLevel, RuleSettings, Scope } from "../host/contract";
import { errorCode, type Host } from "../host";

/** What a new rule begins with: the program's own defaults, off. */
export const NEW_RULE: Rule = {
	id: null,
	account: null,
	item: null,
	active: false,
	settings: {
		hours: "always",
		fromMin: 9 * 60,
		toMin: 21 * 60,
		days: [true, true, true, true, true, true, true],
		afterMin: 0,
		delayS: 2,
		minChance: 0.9,
		perHour: 3,
		stopWords: ["возврат", "брак", "обман", "жалоба", "суд", "полиция"],
		template: "",
		templateWords: [],
	},
};

const LOG = 100;

/** What a dry run depends on. */
const about = (rule: Rule | null) => JSON.stringify(rule && [rule.id, rule.account, rule.item, rule.settings]);

export class Rules {
	rules = $state.raw<Rule[]>([]);
	/** Titles of the listings known, by Avito's number. */
	titles = $state.raw(new Map<string, string>());
	log = $state.raw<AutomaticReply[]>([]);
	paused = $state(false);
	ready = $state(false);
	/** Why they could not be read. */
	error = $state<ErrorCode | null>(null);
	/** Why the last act failed: no reading wipes it. */
	failed = $state<ErrorCode | null>(null);
	/** The rule being changed; a copy. */
	edited = $state<Rule | null>(null);
	/** None while they are being read. */
	levels = $state.raw<RuleLevel[] | null>(null);
	dry = $state.raw<DryRun[] | null>(null);
	busy = $state(false);
	#host: Host;
	#turn = 0;
	#levelsTurn = 0;

	/** What the past says of the threshold on the screen. */
	level = $derived.by(() => {
		const chance = this.edited?.settings.minChance ?? 0;
		return this.levels?.findLast((level) => (level.minChance ?? 0) <= chance + 0.001) ?? null;
	});

	constructor(host: Host) {
		this.#host = host;
	}

	async read(): Promise<void> {
		const turn = ++this.#turn;
		try {
			const { drafts } = this.#host;
			const [rules, log, settings] = await Promise.all([drafts.rules(), drafts.automatic(null, LOG), drafts.settings()]);
			if (turn !== this.#turn) return;
			[this.rules, this.log, this.paused, this.error] = [rules, log, settings.rulesPaused, null];
			this.ready = true;
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		}
		if (this.rules.some((rule) => rule.item !== null && !this.titles.has(rule.item))) await this.#readTitles();
	}

	/** Without them a rule shows its listing's number. */
	async #readTitles(): Promise<void> {
		const items = await this.#host.knowledge.knowledgeView("item", "").catch(() => null);
		this.titles = new Map(items?.sources.map((row) => [row.scope.item ?? "", row.title]));
	}

	open(rule: Rule): void {
		this.edited = structuredClone($state.snapshot(rule) as Rule);
		[this.dry, this.failed] = [null, null];
		void this.readLevels();
	}

	close(): void {
		this.edited = this.failed = null;
	}

	change(part: Partial<RuleSettings>): void {
		if (!this.edited) return;
		this.edited.settings = { ...this.edited.settings, ...part };
		this.dry = null;
	}

	/** For another account or listing; the past has other figures for it. */
	turnTo({ account, item }: Scope): void {
		if (!this.edited) return;
		[this.edited.account, this.edited.item] = [account, item];
		this.dry = null;
		void this.readLevels();
	}

	#current(): Rule | null {
		return this.edited && ($state.snapshot(this.edited) as Rule);
	}

	/** Figures of the past for the rule on the screen. */
	async readLevels(): Promise<void> {
		const rule = this.#current();
		if (!rule) return;
		const turn = ++this.#levelsTurn;
		this.levels = null;
		const levels = await this.#host.drafts.levels(rule).catch(() => []);
		if (turn === this.#levelsTurn) this.levels = levels;
	}

	async try(): Promise<void> {
		const rule = this.#current();
		if (!rule || this.busy) return;
		await this.#attempt(async () => {
			const dry = await this.#host.drafts.dryRun(rule);
			// Of the rule that is on the screen by now, or of none.
			if (about(rule) === about(this.edited)) this.dry = dry;
		});
	}

	async save(): Promise<boolean> {
		const rule = this.#current();
		if (!rule) return false;
		const { edited } = this;
		const saved = await this.#attempt(() => this.#host.drafts.saveRule(rule));
		// Another may have been opened meanwhile.
		if (saved && edited === this.edited) this.close();
		await this.read();
		return saved;
	}

	async switch(rule: Rule, active: boolean): Promise<void> {
		await this.#attempt(() => this.#host.drafts.saveRule({ ...rule, active }));
		await this.read();
	}

	async remove(rule: Rule): Promise<void> {
		const { id } = rule;
		if (id === null) return;
		const { edited } = this;
		if ((await this.#attempt(() => this.#host.drafts.removeRule(id))) && edited === this.edited) this.close();
		await this.read();
	}

	async pause(paused: boolean): Promise<void> {
		await this.#attempt(() => this.#host.drafts.pauseRules(paused));
		await this.read();
	}

	async #attempt(work: () => Promise<unknown>): Promise<boolean> {
		this.busy = true;
		try {
			await work();
			this.failed = null;
			return true;
		} catch (error) {
			this.failed = errorCode(error);
			return false;
		} finally {
			this.busy = false;
		}
	}
}

/** «09:30» of minutes of the day, and back. */
export const clockOf = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
export function minutesOf(clock: string): number | null {
	const [, hours, minutes] = /^(\d{1,2}):(\d{2})/.exec(clock) ?? [];
	return hours === undefined || minutes === undefined ? null : Math.min(1439, Number(hours) * 60 + Number(minutes));
}

/** Words parted by commas or lines. */
export const wordsOf = (text: string) => [...new Set(text.split(/[,;\n]/).map((word) => word.trim()).filter(Boolean))];
