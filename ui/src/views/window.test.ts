import { cleanup, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { AppView, ChatPage } from "../host/contract";
import { FakeHost, type FakeOptions } from "../host/fake";
import { Gate } from "../testing/gate";
import { Alerts } from "./alerts.svelte";
import { loadParts, parts } from "./parts";
import Window from "./Window.svelte";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

async function start(options: FakeOptions = {}) {
	const host = new FakeHost(options);
	render(Window, { props: { host } });
	await vi.waitFor(() => expect(host.calls.map(([name]) => name)).toContain("listChats"));
	await vi.waitFor(() => expect(document.querySelector(".window, .whole")).not.toBeNull());
	return { host, user: userEvent.setup() };
}

const row = async (id: number) => (await screen.findAllByTestId("chat-row")).find((element) => element.dataset["chatId"] === String(id)) as HTMLElement;
const composer = () => screen.getByTestId("composer") as HTMLTextAreaElement;

describe("the window", () => {
	test("a click opens the chat, Enter sends, and the echo is there", async () => {
		const { host, user } = await start();
		await user.click(await row(2));
		await vi.waitFor(() => expect(screen.getByTestId("thread").dataset["chatId"]).toBe("2"));
		expect(host.calls).toContainEqual(["openChat", 2]);
		await user.type(composer(), "Добрый день{Shift>}{Enter}{/Shift}в продаже{Enter}");
		await vi.waitFor(() => expect(host.calls).toContainEqual(["sendText", 2, "Добрый день\nв продаже"]));
		await vi.waitFor(() => expect(screen.getAllByTestId("message").at(-1)?.dataset["state"]).toBe("sending"));
		expect(composer().value).toBe("");
	});

	test("a shop without chats is not asked to choose one", async () => {
		const { host } = await start({ chats: 0 });
		await vi.waitFor(() => expect(screen.getByTestId("no-chat").textContent).toContain("Прилавок открыт"));
		host.chats = new FakeHost({ chats: 2 }).chats;
		host.emit({ what: "everything" });
		await vi.waitFor(() => expect(screen.getByTestId("no-chat").textContent).toContain("Выберите чат"));
	});

	test("the unread are counted of the account that is chosen", async () => {
		const { host, user } = await start({ chats: 40, accounts: 2 });
		const { accounts, unreadChats } = await host.appView();
		expect(accounts[1]!.unreadChats).toBeLessThan(unreadChats);
		const unread = () => Number(/\d+$/.exec(screen.getByTestId("filter-unread").textContent.trim())?.[0] ?? 0);
		await vi.waitFor(() => expect(unread()).toBe(unreadChats));
		await user.click(screen.getAllByTestId("filter-account")[1]!);
		await vi.waitFor(() => expect(unread()).toBe(accounts[1]!.unreadChats));
		await user.click(screen.getAllByTestId("filter-account")[1]!);
		await vi.waitFor(() => expect(unread()).toBe(unreadChats));
	});

	test("a wide window gives the list more room, until the seller has chosen its width", async () => {
		const wide = (width: number) => {
			Object.defineProperty(window, "innerWidth", { value: width, configurable: true });
			window.dispatchEvent(new Event("resize"));
		};
		const usual = window.innerWidth;
		try {
			const { user } = await start();
			const splitter = screen.getByRole("separator");
			const width = () => Number(splitter.getAttribute("aria-valuenow"));
			wide(1280);
			await vi.waitFor(() => expect(width()).toBe(320));
			wide(1920);
			await vi.waitFor(() => expect(width()).toBeGreaterThan(380));
			const was = width();
			splitter.focus();
			await user.keyboard("{ArrowLeft}");
			await vi.waitFor(() => expect(width()).toBe(was - 20));
			wide(1280);
			await vi.waitFor(() => expect(window.innerWidth).toBe(1280));
			expect(width()).toBe(was - 20);
		} finally {
			wide(usual);
		}
	});

	test("while the archive is being opened nothing flashes up, but a long wait is told and explained", async () => {
		vi.useFakeTimers();
		try {
			const host = new FakeHost();
			const gate = new Gate<AppView>();
			vi.spyOn(host, "appView").mockImplementationOnce(gate.call);
			render(Window, { props: { host } });
			await vi.advanceTimersByTimeAsync(100);
			const opening = screen.getByTestId("opening-archive");
			expect(opening.textContent.trim()).toBe("");
			await vi.advanceTimersByTimeAsync(1000);
			expect(opening.textContent).toContain("Открываем переписку");
			expect(opening.textContent).not.toContain("связки ключей");
			await vi.advanceTimersByTimeAsync(5000);
			expect(opening.textContent).toContain("пароль от связки ключей");
			gate.answer(0, await host.appView());
			await vi.advanceTimersByTimeAsync(100);
			expect(screen.queryByTestId("opening-archive")).toBeNull();
			expect(screen.getAllByTestId("chat-row").length).toBeGreaterThan(0);
		} finally {
			vi.useRealTimers();
		}
	});

	test("the first frame has the chats in it, and a list that takes long is not waited for", async () => {
		vi.useFakeTimers();
		try {
			const host = new FakeHost();
			const gate = new Gate<ChatPage>();
			vi.spyOn(host, "listChats").mockImplementationOnce(gate.call);
			render(Window, { props: { host } });
			await vi.advanceTimersByTimeAsync(100);
			expect(gate.waiting).toBe(1);
			expect(document.querySelector(".window")).toBeNull();
			gate.answer(0, await host.listChats({ account: null, unreadOnly: false, text: null, after: null, limit: 30 }));
			await vi.advanceTimersByTimeAsync(0);
			expect(document.querySelector(".window")).not.toBeNull();
			expect(screen.getAllByTestId("chat-row").length).toBeGreaterThan(0);
			cleanup();

			vi.spyOn(host, "listChats").mockImplementationOnce(gate.call);
			render(Window, { props: { host } });
			await vi.advanceTimersByTimeAsync(200);
			expect(gate.waiting).toBe(1);
			expect(document.querySelector(".window")).not.toBeNull();
		} finally {
			vi.useRealTimers();
		}
	});

	test("parts that nobody sees yet are loaded by themselves after the start", async () => {
		vi.useFakeTimers();
		const loads = Object.values(parts).length;
		const spies = (Object.keys(parts) as (keyof typeof parts)[]).map((name) => vi.spyOn(parts, name));
		try {
			render(Window, { props: { host: new FakeHost() } });
			await vi.advanceTimersByTimeAsync(1000);
			expect(spies.filter((spy) => spy.mock.calls.length > 0)).toHaveLength(0);
			await vi.advanceTimersByTimeAsync(1000);
			expect(spies.filter((spy) => spy.mock.calls.length > 0)).toHaveLength(loads);
		} finally {
			vi.useRealTimers();
			vi.restoreAllMocks();
		}
	});

	test("a long chat is drawn from its end, and whole right after", async () => {
		const { user } = await start();
		const counts: number[] = [];
		const watcher = new MutationObserver(() => {
			const count = document.querySelectorAll("[data-testid=message]").length;
			if (count !== counts.at(-1)) counts.push(count);
		});
		watcher.observe(document.body, { subtree: true, childList: true });
		await user.click(await row(1));
		await vi.waitFor(() => expect(screen.getAllByTestId("message").length).toBeGreaterThanOrEqual(60));
		watcher.disconnect();
		const first = counts.find((count) => count > 0) ?? 0;
		expect(first).toBeGreaterThan(10);
		expect(first).toBeLessThan(40);
	});

	test("with Ctrl+Enter chosen, Enter begins a new line", async () => {
		const { host, user } = await start({ settings: { enterSends: false } });
		await user.click(await row(2));
		await user.type(composer(), "раз{Enter}два");
		expect(composer().value).toBe("раз\nдва");
		await user.type(composer(), "{Control>}{Enter}{/Control}");
		await vi.waitFor(() => expect(host.calls).toContainEqual(["sendText", 2, "раз\nдва"]));
	});

	test("half-typed text stays with its chat and shows in the list", async () => {
		const { user } = await start();
		await user.click(await row(2));
		await user.type(composer(), "почти готово");
		await user.click(await row(3));
		await vi.waitFor(() => expect(composer().value).toBe(""));
		await vi.waitFor(async () => expect((await row(2)).textContent).toMatch(/Черновик:\s*почти готово/));
		await user.click(await row(2));
		await vi.waitFor(() => expect(composer().value).toBe("почти готово"));
	});

	test("an emoji is put where the caret is, by keyboard alone", async () => {
		const { user } = await start();
		await user.click(await row(2));
		await user.type(composer(), "Да, приезжайте");
		composer().setSelectionRange(2, 2);
		await user.click(screen.getByTestId("emoji-open"));
		await user.keyboard("{ArrowRight}{Enter}");
		await vi.waitFor(() => expect(composer().value).toBe("Да❌, приезжайте"));
		expect(screen.queryByTestId("emoji-panel")).toBeNull();
		expect(document.activeElement).toBe(composer());
	});

	test("before the window closes, the text typed last is kept", async () => {
		const { host, user } = await start();
		await user.click(await row(2));
		await user.type(composer(), "не успел");
		host.emit({ what: "closing" });
		await vi.waitFor(() => expect(host.calls).toContainEqual(["closeWindow"]));
		const names = host.calls.map(([name]) => name);
		expect(host.calls).toContainEqual(["saveComposer", 2, "не успел"]);
		expect(names.lastIndexOf("saveComposer")).toBeLessThan(names.indexOf("closeWindow"));
	});

	test("a clicked notification opens its chat over any dialog", async () => {
		const { host, user } = await start();
		await user.click(screen.getByTestId("settings-open"));
		await screen.findByTestId("settings");
		host.emit({ what: "openChat", chat: 5 });
		await vi.waitFor(() => expect(screen.getByTestId("thread").dataset["chatId"]).toBe("5"));
		expect(screen.queryByTestId("settings")).toBeNull();
	});

	test("arrow keys and Enter in the search field choose a chat, Esc clears it", async () => {
		const { user } = await start();
		await row(1);
		await user.keyboard("/");
		expect(document.activeElement).toBe(screen.getByTestId("chat-search"));
		await user.keyboard("велосипед");
		await vi.waitFor(() => expect(screen.getAllByTestId("chat-row").length).toBeLessThan(5));
		await user.keyboard("{ArrowDown}{ArrowDown}{Enter}");
		const second = screen.getAllByTestId("chat-row")[1]?.dataset["chatId"];
		await vi.waitFor(() => expect(screen.getByTestId("thread").dataset["chatId"]).toBe(second));
		await user.click(screen.getByTestId("chat-search"));
		await user.keyboard("{Escape}");
		expect((screen.getByTestId("chat-search") as HTMLInputElement).value).toBe("");
		expect(screen.getByTestId("thread")).toBeTruthy();
	});

	test("another shop closes the chat: its number means another one there", async () => {
		const { host, user } = await start({ mode: "demo", hasRealAccounts: true });
		await user.click(await row(2));
		await user.type(composer(), "для демо");
		await user.click(screen.getByTestId("demo-leave"));
		await vi.waitFor(() => expect(screen.queryByTestId("thread")).toBeNull());
		const names = host.calls.map(([name]) => name);
		expect(names.indexOf("saveComposer")).toBeLessThan(names.indexOf("showShop"));
		await user.click(await row(3));
		await vi.waitFor(() => expect(composer().value).toBe(""));
	});

	test("where nothing can be sent a draft cannot either, by click or by key", async () => {
		const { host, user } = await start({ trouble: "wrongKey", drafts: true });
		await user.click(await row(1));
		const send = (await screen.findByTestId("draft-send")) as HTMLButtonElement;
		expect([send.disabled, send.title]).toEqual([true, screen.getByTestId("send-blocked").querySelector("span")?.textContent]);
		await user.keyboard("{Control>}{Enter}{/Control}");
		expect(host.calls.map(([name]) => name)).not.toContain("drafts.send");
		expect(screen.queryByTestId("tip-draft"), "no tip about a key that does nothing").toBeNull();
	});

	test("an account that cannot send says why; typing goes on, sending does not", async () => {
		const { host, user } = await start({ trouble: "wrongKey" });
		await user.click(await row(2));
		expect((await screen.findByTestId("send-blocked")).textContent).toContain("ключ не подходит");
		await user.type(composer(), "не теряется{Enter}");
		expect(composer().value).toBe("не теряется");
		expect(host.calls.map(([name]) => name)).not.toContain("sendText");
		await user.click(within(screen.getByTestId("send-blocked")).getByRole("button"));
		expect(await screen.findByTestId("onboarding")).toBeTruthy();
	});

	test("the settings lead to what is set up elsewhere, also from another part of that area", async () => {
		const { user } = await start();
		for (const [button, part] of [
			["advanced-rules", "drafts-tab-rules"],
			["advanced-model", "drafts-tab-setup"],
			["advanced-tunnel", "reception-tab-tunnel"],
		] as const) {
			await user.click(screen.getByTestId("settings-open"));
			await user.click(await screen.findByTestId(button));
			await vi.waitFor(() => expect(screen.getByTestId(part).getAttribute("aria-selected")).toBe("true"));
			expect(screen.queryByTestId("settings")).toBeNull();
		}
	});

	test("the status line carries the mode and names the trouble", async () => {
		await start({ trouble: "network" });
		const line = await screen.findByTestId("status-line");
		expect(line.dataset["mode"]).toBe("offline");
		expect(line.textContent).toContain("Нет связи с Avito");
	});

	test("what can be done about an account's trouble stands in one place", async () => {
		const { user } = await start({ trouble: "network" });
		const buttons = () => screen.getAllByRole("button", { name: "Проверить сейчас" });
		expect((await screen.findByTestId("trouble-action")).textContent?.trim()).toBe("Проверить сейчас");
		await user.click(within(screen.getByTestId("status-line")).getByRole("button", { expanded: false }));
		await screen.findByTestId("status-details");
		expect(buttons(), "in the details while they are open").toHaveLength(1);
		await user.keyboard("{Escape}");
		await vi.waitFor(() => expect(screen.queryByTestId("status-details")).toBeNull());
		expect(buttons()).toHaveLength(1);
	});

	test("settings are stored as they are chosen, and the language changes at once", async () => {
		const { host, user } = await start();
		await user.click(screen.getByTestId("settings-open"));
		await user.click(await screen.findByTestId("setting-sound"));
		expect(host.settings.sound).toBe(false);
		await user.click(within(screen.getByTestId("setting-language")).getByRole("radio", { name: "English" }));
		expect(await screen.findByText("New message sound")).toBeTruthy();
		expect(document.documentElement.lang).toBe("en");
	});

	test("removing a shop asks what happens to its archive", async () => {
		const { host, user } = await start();
		await user.click(screen.getByTestId("settings-open"));
		await user.click(await screen.findByTestId("remove-account"));
		expect(host.calls.map(([name]) => name)).not.toContain("removeAccount");
		await user.click(await screen.findByTestId("remove-keep"));
		await vi.waitFor(() => expect(host.calls).toContainEqual(["removeAccount", 1, true]));
	});

	test("sealed keys ask for the passphrase; a wrong one says so, «Позже» shows the chats", async () => {
		const { user } = await start({ secretStore: "passphraseNeeded" });
		await user.type(await screen.findByTestId("unlock-passphrase"), "wrong");
		await user.click(screen.getByTestId("unlock-submit"));
		expect((await screen.findByRole("alert")).textContent).toContain("Пароль не подходит");
		await user.click(screen.getByRole("button", { name: "Позже" }));
		expect(screen.queryByTestId("unlock-passphrase")).toBeNull();
	});
});

describe("alerts", () => {
	test("play the sound only when told to, and are announced", async () => {
		const host = new FakeHost();
		const play = vi.fn().mockResolvedValue(undefined);
		const alerts = new Alerts(host, play);
		const stop = alerts.start();
		host.deliver(2, { kind: "voice", media: 9001 });
		await vi.waitFor(() => expect(alerts.words).toBe("Новое сообщение от Дмитрий Соколов: Голосовое сообщение"));
		expect(play).toHaveBeenCalledOnce();
		host.emit({ what: "alert", chat: null, sound: false });
		expect(play).toHaveBeenCalledOnce();
		stop();
	});
});
