// Connecting a shop: the key, what Avito says about it, where the secret is kept, and the first reading of the chats.
import type { AccountId, ErrorCode, KeyCheck, KeyInput, SecretFallback, TariffState } from "../host/contract";
import { errorCode, type Host } from "../host";
import { splitKey } from "./keyPaste";

export type Step = "key" | "secret" | "done";

export class Onboarding {
	step = $state<Step>("key");
	clientId = $state("");
	clientSecret = $state("");
	apiUrl = $state("");
	busy = $state(false);
	check = $state.raw<KeyCheck | null>(null);
	error = $state<ErrorCode | null>(null);
	account = $state<AccountId | null>(null);
	complete = $derived(this.clientId.trim() !== "" && this.clientSecret.trim() !== "");
	/** What the check came to: the tariff, or why it failed. */
	verdict = $derived<TariffState | ErrorCode | null>(this.error ?? this.check?.tariff ?? null);
	#host: Host;
	#replace: AccountId | null;
	#turn = 0;

	/** `replace`: the key is a new one for this account. */
	constructor(host: Host, replace: AccountId | null) {
		this.#host = host;
		this.#replace = replace;
	}

	/** A changed key is an unchecked key. */
	edit(patch: Partial<Record<"clientId" | "clientSecret" | "apiUrl", string>>): void {
		Object.assign(this, patch);
		this.#turn++;
		this.check = null;
		this.error = null;
		this.busy = false;
	}

	/** Takes a paste of both halves; says whether it did. */
	paste(text: string): boolean {
		const both = splitKey(text);
		if (both) this.edit(both);
		return both !== null;
	}

	#key(): KeyInput {
		return { clientId: this.clientId.trim(), clientSecret: this.clientSecret.trim(), apiUrl: this.apiUrl.trim() || null };
	}

	async verify(): Promise<void> {
		if (!this.complete || this.busy) return;
		await this.#run(async (turn) => {
			const check = await this.#host.checkKey(this.#key());
			if (turn === this.#turn) this.check = check;
		});
	}

	/** Keeps the key: a new account, or a new key for the one that exists. */
	async connect(): Promise<void> {
		if (!this.check || this.busy) return;
		const known = this.#replace ?? this.check.alreadyAdded;
		await this.#run(async () => {
			if (known !== null) await this.#host.replaceKey(known, this.#key());
			this.account = known ?? (await this.#host.addAccount(this.#key())).id;
			this.step = "done";
			// It is in the keychain now, or wherever the seller chose; the page has no use for it.
			this.clientSecret = "";
		});
		if (this.error === "noKeychain") {
			this.error = null;
			this.step = "secret";
		}
	}

	async keepSecrets(fallback: SecretFallback, passphrase: string | null): Promise<void> {
		let chosen = false;
		await this.#run(async () => {
			await this.#host.chooseSecretFallback(fallback, passphrase);
			chosen = true;
		});
		if (!chosen) return;
		this.step = "key";
		await this.connect();
	}

	async #run(work: (turn: number) => Promise<void>): Promise<void> {
		const turn = ++this.#turn;
		this.busy = true;
		this.error = null;
		try {
			await work(turn);
		} catch (error) {
			if (turn === this.#turn) this.error = errorCode(error);
		} finally {
			if (turn === this.#turn) this.busy = false;
		}
	}
}
