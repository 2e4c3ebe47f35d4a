import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Settings } from "../host/contract";
import { FakeHost } from "../host/fake";
import { toasts } from "../shared/toasts.svelte";
import { Gate } from "../testing/gate";
import { AppController } from "./app.svelte";

describe("settings that are being saved", () => {
	let host: FakeHost;
	let app: AppController;
	let gate: Gate<void>;
	let saved: Settings[];

	/** Saves are held back until `gate` answers; what is saved is in `saved`. */
	beforeEach(async () => {
		host = new FakeHost();
		app = new AppController(host);
		await app.refresh();
		[gate, saved] = [new Gate(), []];
		const save = host.saveSettings.bind(host);
		vi.spyOn(host, "saveSettings").mockImplementation(async (settings) => {
			saved.push(settings);
			await gate.call();
			await save(settings);
		});
	});
	const shown = () => ({ theme: app.settings.theme, sound: app.settings.sound });

	test("are not undone by what is read meanwhile, nor by the next change", async () => {
		const stop = app.start();
		const dark = app.change({ theme: "dark" });
		const reads = () => host.calls.filter(([name]) => name === "appView").length;
		const before = reads();
		host.accounts = host.accounts.map((account) => ({ ...account, name: "Другое имя" }));
		host.emit({ what: "accounts" });
		await vi.waitFor(() => expect(reads()).toBeGreaterThan(before));
		await vi.waitFor(() => expect(app.accounts[0]?.name).toBe("Другое имя"));
		expect(shown()).toEqual({ theme: "dark", sound: true });
		const quiet = app.change({ sound: false });
		gate.answer(0, undefined);
		await dark;
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		gate.answer(0, undefined);
		await quiet;
		expect(host.settings).toMatchObject({ theme: "dark", sound: false });
		await app.refresh();
		expect(shown()).toEqual({ theme: "dark", sound: false });
		stop();
	});

	test("are not undone by a reading that was begun before and ends after the save", async () => {
		const view = await host.appView();
		const reading = new Gate<typeof view>();
		vi.spyOn(host, "appView").mockImplementationOnce(reading.call);
		const refreshed = app.refresh();
		const dark = app.change({ theme: "dark" });
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		gate.answer(0, undefined);
		await dark;
		reading.answer(0, view);
		await refreshed;
		expect(shown().theme).toBe("dark");
		host.settings.theme = "light"; // by somebody else, since
		await app.refresh();
		expect(shown().theme).toBe("light");
	});

	test("go to the core one after the other, and one that fails does not stop the next", async () => {
		const first = app.change({ theme: "dark" });
		const second = app.change({ sound: false });
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		expect(saved).toHaveLength(1);
		host.failNext("saveSettings", "storage");
		gate.answer(0, undefined);
		await first;
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		expect(toasts.list).toHaveLength(1);
		gate.answer(0, undefined);
		await second;
		expect(host.settings).toMatchObject({ theme: "dark", sound: false });
	});

	test("that could not be saved are as they are stored again", async () => {
		host.failNext("saveSettings", "storage");
		const dark = app.change({ theme: "dark" });
		expect(shown().theme).toBe("dark");
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		gate.answer(0, undefined);
		await dark;
		await vi.waitFor(() => expect(shown().theme).toBe("system"));
		expect(toasts.list.map(({ bad }) => bad)).toEqual([true]);
	});
});
