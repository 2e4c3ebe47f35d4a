// The frame of the window: accounts, settings, which shop, which dialog. One per window.
import type { AccountId, AccountView, AppView, ClosedShop, ErrorCode, Notice, Settings, ShopMode, TroubleCode } from "../host/contract";
import { errorCode, type Host } from "../host";
import { perFrame } from "../shared/frame";
import { language } from "../words/language.svelte";
import { errorWords } from "../words/errors";
import { troubles } from "../words/troubles";
import { toasts } from "../shared/toasts.svelte";
import type { Area } from "../views/areas";

/** Settings as the page uses them: every field is there. */
export type FullSettings = Required<Settings>;

export type OpenDialog =
	| { kind: "settings" }
	| { kind: "palette" }
	| { kind: "shortcuts" }
	| { kind: "recoveryCode" }
	| { kind: "diagnostics" }
	/** `replace`: a new key for an account that exists. */
	| { kind: "onboarding"; replace: AccountId | null };

/** Where Avito sells what its messenger interface needs. */
export const TARIFF_PAGE = "https://www.avito.ru/professionals";
/** Where a seller finds the key. */
export const KEY_PAGE = "https://www.avito.ru/professionals/api";

/** Troubles that pass when the way to Avito is open again. */
const OUT_OF_REACH: ReadonlySet<TroubleCode> = new Set(["network", "dns", "serverTrouble", "rateLimited"]);

const DEFAULTS: FullSettings = {
	language: "ru",
	theme: "system",
	notifications: true,
	sound: true,
	enterSends: true,
	itemPanel: true,
	undoSendS: 0,
	keepVoices: true,
	polling: "usual",
	textPercent: 100,
};

export class AppController {
	view = $state.raw<AppView | null>(null);
	error = $state<ErrorCode | null>(null);
	/** Why the shop is not open, when that is the error. */
	closed = $state.raw<ClosedShop | null>(null);
	/** The seller looks at what can be done about a damaged archive. */
	mending = $state(false);
	/** What the window shows. */
	area = $state<Area>("chats");
	/** A part of the area that was asked for; the area takes it. */
	part = $state<string | null>(null);
	dialog = $state.raw<OpenDialog | null>(null);
	settings = $derived<FullSettings>({ ...DEFAULTS, ...this.view?.settings });
	accounts = $derived<AccountView[]>(this.view?.accounts ?? []);
	/** Raised when another archive took the place of the open one: the same numbers mean other chats. */
	archives = $state(0);
	/** Runs before another shop is shown, while chat numbers still mean the old one. */
	leaveShop: () => Promise<void> = () => Promise.resolve();
	#host: Host;
	#turn = 0;
	/** Changes of the settings so far, and how many of them are still on their way to the core. */
	#changes = 0;
	#unsaved = 0;
	/** Ends with the last of them. */
	#saves: Promise<unknown> = Promise.resolve();
	/** Accounts that cannot reach Avito. */
	#cut: AccountId[] = [];
	#backHandlers = new Set<() => void>();

	constructor(host: Host) {
		this.#host = host;
	}

	/** Reads and keeps reading; returns the stopper. What is read first is shown after `ready`. */
	start(ready: Promise<unknown> = Promise.resolve()): () => void {
		void this.refresh(ready);
		let running = true;
		const soon = perFrame(() => running && void this.refresh());
		const stop = this.#host.on((notice: Notice) => {
			if (notice.what === "accounts" || notice.what === "settings" || notice.what === "everything") soon();
		});
		const online = () => this.#lineIsBack();
		addEventListener("online", online);
		return () => {
			stop();
			removeEventListener("online", online);
			running = false;
			this.#turn++; // an answer that comes later has no window to change
		};
	}

	async refresh(ready?: Promise<unknown>): Promise<void> {
		const turn = ++this.#turn;
		const settled = this.#unsaved === 0 ? this.#changes : null;
		try {
			const view = await this.#host.appView();
			await ready;
			if (turn !== this.#turn) return;
			// Where a change was on its way meanwhile, the settings that were read may be those before it.
			this.view = settled === this.#changes ? view : { ...view, settings: this.settings };
			this.error = null;
			const cut = view.accounts.filter(({ trouble }) => trouble && OUT_OF_REACH.has(trouble.code)).map(({ id }) => id);
			const back = this.#cut.some((id) => !cut.includes(id));
			this.#cut = cut;
			if (back) this.#lineIsBack();
			language.follow(this.settings.language);
		} catch (error) {
			const closed = await this.#host.closedShop().catch(() => null);
			if (turn === this.#turn) [this.error, this.closed] = [errorCode(error), closed];
		}
	}

	/** Hears when Avito can be reached again; returns the unsubscriber. */
	onLineBack(handler: () => void): () => void {
		this.#backHandlers.add(handler);
		return () => this.#backHandlers.delete(handler);
	}

	#lineIsBack(): void {
		for (const handler of [...this.#backHandlers]) handler();
	}

	account(id: AccountId): AccountView | null {
		return this.accounts.find((account) => account.id === id) ?? null;
	}

	/** Shows the change at once and stores it; an error brings the stored settings back. */
	async change(patch: Partial<FullSettings>): Promise<void> {
		if (!this.view) return;
		const settings = { ...this.settings, ...patch };
		this.view = { ...this.view, settings };
		language.follow(settings.language);
		this.#changes++;
		this.#unsaved++;
		// Each holds all settings: the last one must be the last to be stored.
		const save = this.#saves.then(() => this.#host.saveSettings(settings)).finally(() => this.#unsaved--);
		this.#saves = save.catch(() => null);
		await this.attempt(() => save);
	}

	/** The data could not be opened: tries once more. */
	async reopen(): Promise<void> {
		await this.#host.reopen().catch(() => null); // why not is what the refresh finds
		await this.refresh();
	}

	async showShop(mode: ShopMode): Promise<void> {
		await this.leaveShop();
		await this.attempt(() => this.#host.showShop(mode));
		await this.refresh();
	}

	/** Runs what puts another archive in the place of this one; `work` answers whether it did. */
	async replaceArchive(work: () => Promise<boolean>): Promise<void> {
		await this.leaveShop();
		const done = await work();
		// What fails and leaves none open may have put the other one there.
		if (done || (await this.#host.closedShop().catch(() => null))) this.archives++;
		await this.refresh();
	}

	/** Shows a part of an area, in place of any dialog. */
	go(area: Area, part: string): void {
		[this.dialog, this.area, this.part] = [null, area, part];
	}

	/** The part that was asked for, if it is one of these; once. */
	takePart<Part extends string>(parts: readonly { id: Part }[]): Part | null {
		const asked = parts.find(({ id }) => id === this.part)?.id ?? null;
		if (asked) this.part = null;
		return asked;
	}

	/** The button beside a trouble. */
	async act(account: AccountId, code: TroubleCode): Promise<void> {
		const { action } = troubles[code];
		if (action === "replaceKey") this.dialog = { kind: "onboarding", replace: account };
		else if (action === "mendArchive") this.mending = true;
		else if (action === "openTariff") await this.attempt(() => this.#host.openLink(TARIFF_PAGE));
		else await this.attempt(() => this.#host.checkNow(account));
	}

	/** Runs a command whose failure is worth a note at the bottom of the window. */
	async attempt(work: () => Promise<unknown>): Promise<boolean> {
		try {
			await work();
			return true;
		} catch (error) {
			toasts.show(errorWords[errorCode(error)](), true);
			void this.refresh();
			return false;
		}
	}
}
