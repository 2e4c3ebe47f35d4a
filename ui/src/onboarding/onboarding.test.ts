import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import type { ErrorCode, TariffState } from "../host/contract";
import type { FakeOptions } from "../host/fake";
import { renderIn, testFrame } from "../testing/render";
import { splitKey } from "./keyPaste";
import OnboardingDialog from "./OnboardingDialog.svelte";

async function open(options: FakeOptions = { mode: "demo" }, replace: number | null = null) {
	const frame = await testFrame(options);
	const close = vi.fn();
	renderIn(frame, OnboardingDialog, { replace, onclose: close });
	return { ...frame, close, user: userEvent.setup() };
}

async function typeKey(user: ReturnType<typeof userEvent.setup>) {
	await user.type(screen.getByTestId("key-client-id"), " id-123456 ");
	await user.type(screen.getByTestId("key-client-secret"), "secret-7890 ");
}

const verdict = () => screen.findByTestId("key-verdict");

describe("checking a key", () => {
	test("the key is trimmed, and nothing is connected before it was checked", async () => {
		const { host, user } = await open();
		expect(screen.queryByTestId("key-add")).toBeNull();
		expect((screen.getByTestId("key-check") as HTMLButtonElement).disabled).toBe(true);
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		expect((await verdict()).textContent).toMatch(/Вело-Мастер, №\u00a094235311/);
		expect(host.calls).toContainEqual(["checkKey", { clientId: "id-123456", clientSecret: "secret-7890", apiUrl: null }]);
	});

	test.each([
		["included", "Ключ подходит, тариф включает сообщения."],
		["missing", "тариф не включает сообщения через API"],
		["unknown", "Чатов пока нет"],
		["employeeKey", "Это ключ сотрудника"],
	] as [TariffState, string][])("tariff %s is explained", async (tariff, words) => {
		const { host, user } = await open();
		host.keyCheck = { ...host.keyCheck, tariff };
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		const shown = await verdict();
		expect(shown.dataset["verdict"]).toBe(tariff);
		expect(shown.textContent).toContain(words);
	});

	test("a key of which something is not known yet is not told as one that is in order", async () => {
		const { host, user } = await open();
		host.keyCheck = { ...host.keyCheck, tariff: "unknown" };
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		const tones = async () => [...(await verdict()).classList].filter((name) => ["ok", "note", "warn", "danger"].includes(name));
		expect(await tones()).toEqual(["note"]);
	});

	test.each(["wrongKey", "network", "dns", "badAddress", "rateLimited", "serverTrouble", "forbidden"] as ErrorCode[])("error %s has its sentence and keeps the fields", async (code) => {
		const { host, user } = await open();
		host.failNext("checkKey", code);
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		const shown = await verdict();
		expect(shown.dataset["verdict"]).toBe(code);
		expect(shown.textContent).toMatch(/[А-я].+\./);
		expect((screen.getByTestId("key-client-id") as HTMLInputElement).value).toBe(" id-123456 ");
	});

	test("an address that is not found is told from a dead line, with what to do about it", async () => {
		const { host, user } = await open();
		await typeKey(user);
		const told = async (code: ErrorCode) => {
			host.failNext("checkKey", code);
			await user.click(screen.getByTestId("key-check"));
			await vi.waitFor(() => expect(screen.getByTestId("key-verdict").dataset["verdict"]).toBe(code));
			return screen.getByTestId("key-verdict").textContent;
		};
		const [dead, unknown] = [await told("network"), await told("dns")];
		expect(dead).toContain("Нет связи");
		expect(unknown).not.toContain("Нет связи");
		expect(unknown).toContain("смените DNS-сервер");
	});

	test("a changed key must be checked again", async () => {
		const { user } = await open();
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		await verdict();
		await user.type(screen.getByTestId("key-client-id"), "x");
		expect(screen.queryByTestId("key-verdict")).toBeNull();
		expect(screen.queryByTestId("key-add")).toBeNull();
	});

	test("another server is asked for only behind «Другой сервер»", async () => {
		const { host, user } = await open();
		expect(screen.queryByTestId("key-server")).toBeNull();
		await user.click(screen.getByTestId("key-advanced"));
		await user.type(screen.getByTestId("key-server"), "http://127.0.0.1:8080");
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		await verdict();
		expect(host.calls).toContainEqual(["checkKey", expect.objectContaining({ apiUrl: "http://127.0.0.1:8080" })]);
	});
});

describe("connecting", () => {
	async function check(user: ReturnType<typeof userEvent.setup>) {
		await typeKey(user);
		await user.click(screen.getByTestId("key-check"));
		await verdict();
	}

	test("ends with the progress of the first reading", async () => {
		const { host, app, user, close } = await open();
		await check(user);
		await user.click(screen.getByTestId("key-add"));
		await screen.findByTestId("onboarding-finish");
		await app.refresh();
		await vi.waitFor(() => expect(screen.getByRole("progressbar")).toBeTruthy());
		expect(host.accounts.at(-1)?.name).toBeTruthy();
		await user.click(screen.getByTestId("onboarding-finish"));
		expect(close).toHaveBeenCalledOnce();
	});

	test("a known shop gets the new key instead of a second account", async () => {
		const { host, user } = await open({ mode: "real" });
		host.keyCheck = { ...host.keyCheck, alreadyAdded: 1 };
		await check(user);
		expect(screen.getByTestId("key-add").textContent).toContain("Заменить ключ");
		await user.click(screen.getByTestId("key-add"));
		await screen.findByTestId("onboarding-finish");
		expect(host.calls.map(([name]) => name)).toContain("replaceKey");
		expect(host.calls.map(([name]) => name)).not.toContain("addAccount");
	});

	test("without a keychain the seller chooses first, and the choice is carried out", async () => {
		const { host, user } = await open({ mode: "demo", secretStore: "missing" });
		await check(user);
		await user.click(screen.getByTestId("key-add"));
		await screen.findByTestId("secret-choice");
		expect(host.calls.map(([name]) => name)).not.toContain("addAccount");
		await user.type(screen.getByTestId("secret-passphrase"), "correct horse");
		await user.type(screen.getByTestId("secret-repeat"), "correct hose");
		expect((screen.getByTestId("secret-continue") as HTMLButtonElement).disabled).toBe(true);
		await user.clear(screen.getByTestId("secret-repeat"));
		await user.type(screen.getByTestId("secret-repeat"), "correct horse");
		await user.click(screen.getByTestId("secret-continue"));
		await screen.findByTestId("onboarding-finish");
		expect(host.calls).toContainEqual(["chooseSecretFallback", "passphrase", "correct horse"]);
	});

	test("a keychain found missing only while connecting leads to the same choice", async () => {
		const { host, user } = await open();
		host.failNext("addAccount", "noKeychain");
		await check(user);
		await user.click(screen.getByTestId("key-add"));
		await screen.findByTestId("secret-choice");
		await user.click(screen.getByRole("radio", { name: /Только до закрытия/ }));
		await user.click(screen.getByTestId("secret-continue"));
		await screen.findByTestId("onboarding-finish");
		expect(host.calls).toContainEqual(["chooseSecretFallback", "thisRunOnly", null]);
	});
});

describe("pasting both halves at once", () => {
	test.each([
		["abcDEF123 zyxWVU987", "abcDEF123", "zyxWVU987"],
		["abcDEF123\nzyxWVU987\n", "abcDEF123", "zyxWVU987"],
		["Client_secret: zyxWVU987\nClient_id: abcDEF123", "abcDEF123", "zyxWVU987"],
		['{"client_id":"abcDEF123","client_secret":"zyxWVU987"}', "abcDEF123", "zyxWVU987"],
	])("%j", (pasted, clientId, clientSecret) => expect(splitKey(pasted)).toEqual({ clientId, clientSecret }));

	test.each(["abcDEF123", "one two three", "короткий текст", ""])("%j is not both", (pasted) => expect(splitKey(pasted)).toBeNull());

	test("fills both fields", async () => {
		const { user } = await open();
		await user.click(screen.getByTestId("key-client-id"));
		await user.paste("abcDEF123 zyxWVU987");
		expect((screen.getByTestId("key-client-secret") as HTMLInputElement).value).toBe("zyxWVU987");
	});
});
