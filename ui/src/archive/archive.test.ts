import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { CODE, FakeHost, type FakeOptions } from "../host/fake";
import { renderIn, testFrame } from "../testing/render";
import ArchiveSection from "../settings/ArchiveSection.svelte";
import DiagnosticsDialog from "../settings/DiagnosticsDialog.svelte";
import { loadParts } from "../views/parts";
import Window from "../views/Window.svelte";
import { typedLength } from "./code";
import RecoveryCodeDialog from "./RecoveryCodeDialog.svelte";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

function start(options: FakeOptions) {
	const host = new FakeHost(options);
	render(Window, { props: { host } });
	return { host, user: userEvent.setup() };
}

const enabled = (id: string) => !(screen.getByTestId(id) as HTMLButtonElement).disabled;

test("dashes, spaces and case do not count", () => {
	expect(typedLength(" 7qk2-9XJB 4trm—W0DC ")).toBe(16);
	expect(typedLength("")).toBe(0);
});

describe("an archive that cannot be opened", () => {
	// First in this file: no settings were read yet.
	test("is told in Russian on an English system too, because the settings lie in it", async () => {
		vi.spyOn(navigator, "language", "get").mockReturnValue("en-US");
		start({ closed: "archiveKeyMissing" });
		expect((await screen.findByRole("heading")).textContent).toBe("Переписка зашифрована, ключ пропал");
		vi.restoreAllMocks();
	});

	test("a lost key asks for the code; a wrong one is told, the right one opens the chats", async () => {
		const { host, user } = start({ closed: "archiveKeyMissing" });
		const field = await screen.findByTestId("recovery-code");
		expect(screen.getByTestId("closed-archive").textContent).toContain("поверх него ничего не пишет");
		await user.type(field, CODE.slice(0, 20));
		expect(enabled("code-open")).toBe(false);
		await user.clear(field);
		await user.type(field, CODE.replace("7QK2", "7QK3"));
		await user.click(screen.getByTestId("code-open"));
		expect((await screen.findByTestId("closed-error")).dataset["code"]).toBe("wrongRecoveryCode");
		await user.clear(field);
		await user.type(field, CODE.toLowerCase().replaceAll("-", " "));
		await user.click(screen.getByTestId("code-open"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
		expect(host.calls).toContainEqual(["openWithRecoveryCode", CODE.toLowerCase().replaceAll("-", " ")]);
	});

	test("a locked password store offers to try again, and the code only when asked for", async () => {
		const { host, user } = start({ closed: "keychainLocked", secretStore: "keychainLocked" });
		await screen.findByTestId("closed-archive");
		expect(screen.queryByTestId("recovery-code")).toBeNull();
		await user.click(screen.getByTestId("closed-retry"));
		expect((await screen.findByTestId("closed-error")).dataset["code"]).toBe("keychainLocked");
		await user.click(screen.getByTestId("closed-use-code"));
		expect(screen.getByTestId("recovery-code")).toBeTruthy();
		host.closed = null;
		await user.click(screen.getByTestId("closed-retry"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
	});

	test("a passphrase is asked for where the key lies in a file", async () => {
		const { user } = start({ closed: "keychainLocked", secretStore: "passphraseNeeded" });
		await user.type(await screen.findByTestId("closed-passphrase"), "wrong");
		await user.click(screen.getByTestId("closed-unlock"));
		expect((await screen.findByTestId("closed-error")).dataset["code"]).toBe("wrongPassphrase");
		await user.clear(screen.getByTestId("closed-passphrase"));
		await user.type(screen.getByTestId("closed-passphrase"), "верная фраза");
		await user.click(screen.getByTestId("closed-unlock"));
		expect(await screen.findAllByTestId("chat-row")).not.toHaveLength(0);
	});

	test("trouble that no key mends is told by other words", async () => {
		start({ closed: "archiveDamaged" });
		await vi.waitFor(() => expect(document.querySelector("[data-testid=stuck-archive]")).not.toBeNull());
		expect(screen.queryByTestId("closed-archive")).toBeNull();
	});
});

describe("the recovery code", () => {
	test("the banner stays until the code's end was typed, and then is gone for good", async () => {
		const { host, user } = start({ archive: { recoveryCodeConfirmed: false } });
		await user.click(await screen.findByTestId("recovery-open"));
		await vi.waitFor(() => expect(screen.getByTestId("recovery-shown").textContent).toBe(CODE));
		// On macOS a button that is clicked does not take the focus; when it goes, the focus must not be where it was.
		screen.getByTestId("recovery-written").click();
		await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("recovery-last")));
		expect(screen.queryByTestId("recovery-shown")).toBeNull();
		screen.getByTestId("recovery-back").click();
		await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("recovery-written")));
		screen.getByTestId("recovery-written").click();
		await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("recovery-last")));
		await user.type(screen.getByTestId("recovery-last"), "0000");
		await user.click(screen.getByTestId("recovery-confirm"));
		expect((await screen.findByRole("alert")).textContent).toContain("Не совпадает");
		expect(screen.getByTestId("recovery-banner")).toBeTruthy();
		await user.clear(screen.getByTestId("recovery-last"));
		await user.type(screen.getByTestId("recovery-last"), CODE.slice(-4).toLowerCase());
		await user.click(screen.getByTestId("recovery-confirm"));
		await vi.waitFor(() => expect(screen.queryByTestId("recovery-banner")).toBeNull());
		expect(screen.queryByTestId("recovery-dialog")).toBeNull();
		expect(host.archive.recoveryCodeConfirmed).toBe(true);
	});

	test.each([
		["the demo", { mode: "demo" as const, archive: { recoveryCodeConfirmed: false } }],
		["a kept code", { archive: { recoveryCodeConfirmed: true } }],
		["an open archive", { archive: { encrypted: false, recoveryCodeConfirmed: false } }],
	])("%s shows no banner", async (_name, options) => {
		start(options);
		await screen.findAllByTestId("chat-row");
		expect(screen.queryByTestId("recovery-banner")).toBeNull();
	});

	test("it can be saved by the system's dialog and never goes back to the core", async () => {
		const { host, app } = await testFrame({ archive: { recoveryCodeConfirmed: false } });
		renderIn({ host, app, links: null as never }, RecoveryCodeDialog, { onclose: vi.fn() });
		const user = userEvent.setup();
		await screen.findByTestId("recovery-shown");
		await user.click(screen.getByTestId("recovery-save"));
		expect(host.calls).toContainEqual(["saveRecoveryCode"]);
	});
});

describe("protection in the settings", () => {
	test("an open archive is encrypted and its code is shown at once", async () => {
		const frame = await testFrame({ archive: { encrypted: false, recoveryCodeConfirmed: false } });
		renderIn(frame, ArchiveSection, {});
		await userEvent.setup().click(screen.getByTestId("archive-encrypt"));
		await vi.waitFor(() => expect(frame.app.dialog).toEqual({ kind: "recoveryCode" }));
		expect(frame.host.archive.encrypted).toBe(true);
	});

	test("without a place for the key nothing is offered", async () => {
		const frame = await testFrame({ archive: { encrypted: false, canEncrypt: false, recoveryCodeConfirmed: false } });
		renderIn(frame, ArchiveSection, {});
		expect(screen.queryByTestId("archive-encrypt")).toBeNull();
		expect(screen.getByTestId("archive-section").textContent).toContain("ключ негде хранить");
	});

	test("a new code is made only after a question", async () => {
		const frame = await testFrame();
		renderIn(frame, ArchiveSection, {});
		const user = userEvent.setup();
		await user.click(screen.getByTestId("archive-new-code"));
		expect(frame.host.calls).not.toContainEqual(["rekeyArchive"]);
		await user.click(screen.getByTestId("new-code-make"));
		await vi.waitFor(() => expect(frame.app.dialog).toEqual({ kind: "recoveryCode" }));
	});
});

test("details for support are shown before they can be saved", async () => {
	const frame = await testFrame();
	renderIn(frame, DiagnosticsDialog, { onclose: vi.fn() });
	expect(enabled("diagnostics-save")).toBe(false);
	expect((await screen.findByTestId("diagnostics-text")).textContent).toContain("schema 1");
	await userEvent.setup().click(screen.getByTestId("diagnostics-save"));
	expect(frame.host.calls.map(([name]) => name)).toEqual(["diagnostics", "saveDiagnostics"]);
});
