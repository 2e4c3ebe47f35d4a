import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import type { FakeOptions } from "../host/fake";
import { toasts } from "../shared/toasts.svelte";
import { Gate } from "../testing/gate";
import { renderIn, testFrame } from "../testing/render";
import { errorWords } from "../words/errors";
import { fileSize } from "../words/numbers";
import BackupSection from "./BackupSection.svelte";

async function start(options: FakeOptions = {}) {
	const frame = await testFrame(options);
	renderIn(frame, BackupSection, {});
	await screen.findByTestId("backup-last");
	await screen.findByTestId("backup-folder");
	return { ...frame, user: userEvent.setup() };
}

const button = (id: string) => screen.getByTestId(id) as HTMLButtonElement;
const calls = (host: { calls: unknown[][] }, name: string) => host.calls.filter(([called]) => called === name);

test("a size is told as people say it", () => {
	expect([fileSize(640_000), fileSize(12_740_000), fileSize(3_200_000_000)].map((size) => size.replaceAll("\u00a0", " "))).toEqual(["640 кБ", "12,7 МБ", "3,2 ГБ"]);
});

describe("making a backup", () => {
	test("with the recovery code it is one click, and the file is told", async () => {
		const { host, user } = await start();
		expect(screen.getByTestId("backup-last").textContent).toBe("Копий ещё не было.");
		await user.click(button("backup-make"));
		const outcome = await screen.findByTestId("backup-outcome");
		expect(outcome.textContent).toContain("prilavok-2026-11-21.prilavok-backup");
		expect(outcome.textContent).toContain("сообщений: 310");
		expect(calls(host, "createBackup")).toEqual([["createBackup", null]]);
		await vi.waitFor(() => expect(screen.getByTestId("backup-last").textContent).toContain("Последняя копия:"));
	});

	test("a recovery code that nobody wrote down is warned of", async () => {
		const { user } = await start({ archive: { recoveryCodeConfirmed: false } });
		expect(screen.getByTestId("backup-code-unknown")).toBeTruthy();
		await user.click(within(screen.getByTestId("backup-way")).getByLabelText("парольной фразой"));
		expect(screen.queryByTestId("backup-code-unknown")).toBeNull();
	});

	test("a passphrase must be long enough and typed twice", async () => {
		const { host, user } = await start({ archive: { encrypted: false } });
		expect(screen.queryByTestId("backup-way")).toBeNull();
		expect(button("backup-make").disabled).toBe(true);
		await user.type(screen.getByTestId("backup-phrase"), "короткая");
		await user.type(screen.getByTestId("backup-phrase-again"), "короткое");
		expect(button("backup-make").disabled).toBe(true);
		expect(screen.getByText("Фразы не совпадают.")).toBeTruthy();
		await user.clear(screen.getByTestId("backup-phrase-again"));
		await user.type(screen.getByTestId("backup-phrase-again"), "короткая");
		await user.click(button("backup-make"));
		await screen.findByTestId("backup-outcome");
		expect(calls(host, "createBackup")).toEqual([["createBackup", "короткая"]]);
		expect((screen.getByTestId("backup-phrase") as HTMLInputElement).value).toBe("");
	});

	test("while it goes on nothing else can be begun, how far it is is told, and it can be stopped", async () => {
		const { host, user } = await start();
		const gate = new Gate<null>();
		const made = host.createBackup.bind(host);
		host.createBackup = async (passphrase) => {
			host.backup = { ...host.backup, running: { work: "create", done: 30, total: 120 } };
			await gate.call();
			host.backup = { ...host.backup, running: null };
			return made(passphrase);
		};
		await user.click(button("backup-make"));
		await vi.waitFor(() => expect(screen.getByTestId("backup-running").textContent).toMatch(/25\s%/u));
		expect(button("backup-make").disabled && button("backup-from-copy").disabled && button("backup-export").disabled).toBe(true);
		await user.click(button("backup-stop"));
		expect(calls(host, "stopLongWork")).toHaveLength(1);
		host.failNext("createBackup", "cancelled");
		gate.answer(0, null);
		expect((await screen.findByTestId("backup-error")).dataset["code"]).toBe("cancelled");
		await vi.waitFor(() => expect(button("backup-make").disabled).toBe(false));
	});

	describe("that ends after the settings were closed", () => {
		async function begun() {
			const frame = await testFrame();
			const gate = new Gate<null>();
			const made = frame.host.createBackup.bind(frame.host);
			frame.host.createBackup = async (passphrase) => {
				await gate.call();
				return made(passphrase);
			};
			const { unmount } = renderIn(frame, BackupSection, {});
			await screen.findByTestId("backup-last");
			await userEvent.setup().click(button("backup-make"));
			unmount();
			return { ...frame, gate };
		}

		test("tells that it failed, and why", async () => {
			const { host, gate } = await begun();
			host.failNext("createBackup", "diskFull");
			gate.answer(0, null);
			await vi.waitFor(() => expect(toasts.list.map(({ words, bad }) => [words, bad])).toEqual([[errorWords.diskFull(), true]]));
		});

		test("tells that it is done", async () => {
			const { gate } = await begun();
			gate.answer(0, null);
			await vi.waitFor(() => expect(toasts.list.map(({ words, bad }) => [words, bad])).toEqual([["Копия готова и проверена", false]]));
		});
	});

	test("work that was begun before the settings were opened is seen", async () => {
		const frame = await testFrame();
		frame.host.backup = { ...frame.host.backup, running: { work: "export", done: 1, total: 2 } };
		renderIn(frame, BackupSection, {});
		expect((await screen.findByTestId("backup-running")).dataset["work"]).toBe("export");
		frame.host.backup = { ...frame.host.backup, running: null };
		await vi.waitFor(() => expect(screen.queryByTestId("backup-running")).toBeNull());
	});
});

describe("an existing backup", () => {
	test("must be chosen first; then it is checked and restored, and the old data's place is told", async () => {
		const { host, app, user } = await start();
		app.leaveShop = vi.fn(() => Promise.resolve());
		await user.click(button("backup-from-copy"));
		expect(button("backup-verify").disabled && button("backup-restore").disabled).toBe(true);
		await user.click(button("backup-choose-file"));
		await vi.waitFor(() => expect(screen.getByTestId("backup-file").textContent).toContain("2026-10-03"));
		await user.type(screen.getByTestId("backup-secret"), "кофемолка");
		await user.click(button("backup-verify"));
		expect((await screen.findByTestId("backup-outcome")).textContent).toContain("Копия цела");
		await vi.waitFor(() => expect(button("backup-restore").disabled).toBe(false));
		await user.click(button("backup-restore"));
		await vi.waitFor(() => expect(screen.getByTestId("backup-outcome").dataset["work"]).toBe("restore"));
		expect(screen.getByTestId("backup-outcome").textContent).toContain("shop-set-aside-20261121T090000Z");
		expect(app.leaveShop).toHaveBeenCalledOnce();
		expect(calls(host, "restoreBackup")).toEqual([["restoreBackup", "кофемолка"]]);
		await user.click(button("backup-close"));
		expect(screen.queryByTestId("backup-file-dialog")).toBeNull();
	});

	test("without a recovery code here its own words are needed", async () => {
		const { host, user } = await start({ archive: { encrypted: false } });
		host.place = { ...host.place, file: "/x.prilavok-backup" };
		await user.click(button("backup-from-copy"));
		await user.click(button("backup-choose-file"));
		expect(button("backup-verify").disabled).toBe(true);
		await user.type(screen.getByTestId("backup-secret"), "что-то");
		host.failNext("verifyBackup", "wrongBackupSecret");
		await user.click(button("backup-verify"));
		expect((await screen.findByTestId("backup-error")).dataset["code"]).toBe("wrongBackupSecret");
	});
});

test("chats are exported as pages or as lines, and what is missing is told", async () => {
	const { host, user } = await start();
	await user.click(button("backup-export"));
	const dialog = screen.getByTestId("export-dialog");
	await user.click(within(dialog).getByLabelText("JSON Lines для программ"));
	await user.click(button("export-make"));
	const outcome = await screen.findByTestId("backup-outcome");
	expect(outcome.textContent).toContain("prilavok-export-2026-11-21");
	expect(outcome.textContent).toContain("Ещё 2 не открывали");
	expect(calls(host, "exportChats")).toEqual([["exportChats", "jsonl"]]);
});
