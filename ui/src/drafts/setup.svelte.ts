// Settings of drafts while they are being changed: nothing is stored before «Сохранить», a check uses what is on the screen.
import type { DraftSettings, DraftSettingsView, ErrorCode, ModelCheck, ModelPreset, ModelSecrets } from "../host/contract";
import { errorCode, type Host } from "../host";

export class DraftSetup {
	view = $state.raw<DraftSettingsView | null>(null);
	presets = $state.raw<ModelPreset[]>([]);
	settings = $state<DraftSettings | null>(null);
	key = $state("");
	proxy = $state("");
	headers = $state("");
	check = $state.raw<ModelCheck | null>(null);
	checking = $state(false);
	saved = $state(false);
	error = $state<ErrorCode | null>(null);
	preset = $derived(this.presets.find((preset) => preset.id === this.settings?.preset) ?? null);
	changed = $derived(
		this.view !== null && (JSON.stringify(this.settings) !== JSON.stringify(this.view.settings) || this.key !== "" || this.headers !== "" || this.proxy !== (this.view.proxy ?? "")),
	);
	#host: Host;

	constructor(host: Host) {
		this.#host = host;
	}

	async read(): Promise<void> {
		try {
			const [view, presets] = await Promise.all([this.#host.drafts.settings(), this.#host.drafts.presets()]);
			this.view = view;
			this.presets = presets;
			this.settings = { ...view.settings };
			[this.key, this.headers, this.proxy, this.error] = ["", "", view.proxy ?? "", null];
		} catch (error) {
			this.error = errorCode(error);
		}
	}

	/** Only the figures, while settings are being changed. */
	async refresh(): Promise<void> {
		const view = await this.#host.drafts.settings().catch(() => null);
		if (view && this.view) this.view = { ...view, settings: this.view.settings };
	}

	choose(id: string): void {
		if (!this.settings) return;
		const preset = this.presets.find((one) => one.id === id);
		this.check = null;
		this.settings.preset = preset?.id ?? null;
		if (preset) [this.settings.baseUrl, this.settings.model] = [preset.baseUrl, preset.model];
	}

	/** What was typed of secrets; null keeps what is stored. */
	secrets(): ModelSecrets {
		const headers = this.headers
			.split("\n")
			.map((line) => line.split(":"))
			.filter(([name, ...value]) => name?.trim() && value.join(":").trim())
			.map(([name = "", ...value]) => ({ name: name.trim(), value: value.join(":").trim() }));
		return {
			key: this.key.trim() || null,
			headers: this.headers.trim() ? headers : null,
			proxy: this.proxy === (this.view?.proxy ?? "") ? null : this.proxy.trim(),
		};
	}

	/** What a check depends on, as it stands on the screen. */
	#checked(): string {
		const { baseUrl, model, timeoutS } = this.settings ?? {};
		return JSON.stringify([baseUrl, model, timeoutS, this.secrets()]);
	}

	/** A model takes seconds: what was found is told only where it still is of what is on the screen. */
	async verify(): Promise<void> {
		if (!this.settings || this.checking) return;
		this.checking = true;
		[this.check, this.error] = [null, null];
		const asked = this.#checked();
		try {
			const found = await this.#host.drafts.check({ ...this.settings }, this.secrets());
			if (asked === this.#checked()) this.check = found;
		} catch (error) {
			if (asked === this.#checked()) this.error = errorCode(error);
		} finally {
			this.checking = false;
		}
	}

	async save(): Promise<boolean> {
		if (!this.settings) return false;
		try {
			await this.#host.drafts.saveSettings({ ...this.settings }, this.secrets());
		} catch (error) {
			this.error = errorCode(error);
			return false;
		}
		await this.read();
		return true;
	}
}
