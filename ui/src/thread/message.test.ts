import { fireEvent, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Delivery, MessageBody, MessageRow } from "../host/contract";
import { message } from "../host/fakeData";
import { clock } from "../shared/clock.svelte";
import { renderIn, testFrame, type TestFrame } from "../testing/render";
import { MessageActions } from "./actions";
import ImageBody from "./bodies/ImageBody.svelte";
import { toasts } from "../shared/toasts.svelte";
import ToastStack from "../shared/ToastStack.svelte";
import { Composer } from "./composer.svelte";
import MessageView from "./MessageView.svelte";
import { Thread } from "./thread.svelte";

let frame: TestFrame;
let composer: Composer;
let thread: Thread;

beforeEach(async () => {
	frame = await testFrame();
	composer = new Composer(frame.host);
	thread = new Thread(frame.host);
});

function show(row: MessageRow, onview = vi.fn()) {
	renderIn(frame, MessageView, {
		row,
		first: true,
		last: true,
		buyer: "Анна",
		siteUrl: "https://www.avito.ru/profile/messenger/channel/1",
		actions: new MessageActions(frame.host, frame.app, thread, composer),
		onview,
		onmenu: vi.fn(),
	});
	return screen.getByTestId("message");
}

const incoming = (body: MessageBody, more: Partial<MessageRow> = {}) => show(message(false, Date.now(), body, more));
const opened = () => frame.host.calls.filter(([name]) => name === "openLink").map(([, url]) => url);

describe("every kind of message", () => {
	test("text keeps its lines, and markup in it stays text", () => {
		const element = incoming({ kind: "text", text: "Первая\n<img src=x onerror=alert(1)>" });
		expect(element.querySelector("img")).toBeNull();
		expect(element.querySelector(".text")?.textContent).toBe("Первая\n<img src=x onerror=alert(1)>");
	});

	test("a picture takes its place and opens large", async () => {
		const view = vi.fn();
		const element = show(message(false, 1, { kind: "image", small: 2001, large: 2002, width: 1280, height: 960, caption: "вид сбоку" }), view);
		expect(within(element).getByRole("img", { name: "вид сбоку" }).getAttribute("src")).toBe(frame.host.mediaUrl(2001));
		await userEvent.click(within(element).getByRole("button", { name: "Открыть фото" }));
		expect(view).toHaveBeenCalledOnce();
	});

	test("a picture without a file says so", () => {
		expect(incoming({ kind: "image", small: null, large: null, width: null, height: null, caption: null }).textContent).toContain("Фото недоступно");
	});

	test("a picture that failed under one address is shown when it gets another", async () => {
		const view = renderIn(frame, ImageBody, { small: 7, width: 4, height: 3, caption: null, onview: vi.fn() });
		const picture = () => view.container.querySelector("img");
		await fireEvent.error(picture() as HTMLImageElement);
		expect(view.container.textContent).toContain("Фото не загрузилось");
		// The outer `props` is the library's, the inner one the frame's.
		await view.rerender({ props: { props: { small: 8, width: 4, height: 3, caption: null, onview: vi.fn() } } });
		expect(picture()?.getAttribute("src")).toBe(frame.host.mediaUrl(8));
	});

	test("a link card names the host the address leads to, whatever the preview says", async () => {
		const element = incoming({ kind: "link", text: "", url: "https://avito.ru@evil.example/pay", title: "Avito Доставка", description: null, domain: "avito.ru" });
		expect(element.textContent).toContain("evil.example");
		expect(element.textContent).toContain("не Avito");
		await userEvent.click(within(element).getByTestId("link-card"));
		expect(opened()).toEqual([]);
		expect(frame.links.asking?.address).toBe("https://avito.ru@evil.example/pay");
	});

	test("a listing opens on Avito", async () => {
		const element = incoming({ kind: "item", title: "Шлем", price: "2 100 ₽", url: "https://www.avito.ru/2222", picture: null });
		expect(element.textContent).toContain("2\u00a0100\u00a0₽");
		await userEvent.click(within(element).getByRole("button", { name: /Шлем/ }));
		await vi.waitFor(() => expect(opened()).toEqual(["https://www.avito.ru/2222"]));
	});

	test("a place opens on the map at its point, longitude first", async () => {
		const element = incoming({ kind: "location", title: "Встреча", text: "Казань, Баумана, 44", lat: 55.79, lon: 49.12 });
		expect(element.textContent).toContain("Казань, Баумана, 44");
		await userEvent.click(within(element).getByRole("button", { name: "Открыть на карте" }));
		await vi.waitFor(() => expect(opened()).toEqual(["https://yandex.ru/maps/?pt=49.12,55.79&z=16&l=map"]));
	});

	test("a missed call is called so", () => expect(incoming({ kind: "call", missed: true }).textContent).toContain("Пропущенный звонок"));

	test("a voice message plays from a blob", async () => {
		const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
		const make = vi.spyOn(URL, "createObjectURL");
		const element = incoming({ kind: "voice", media: 9001 });
		await userEvent.click(within(element).getByRole("button", { name: "Слушать" }));
		await vi.waitFor(() => expect(play).toHaveBeenCalledOnce());
		expect(make.mock.calls[0]?.[0]).toBeInstanceOf(Blob);
	});

	test("a voice message tells its length before it is played", async () => {
		class Decoder {
			decodeAudioData = () => Promise.resolve({ duration: 7.4, getChannelData: () => new Float32Array(88) });
		}
		vi.stubGlobal("OfflineAudioContext", Decoder);
		const element = incoming({ kind: "voice", media: 9001 });
		expect(element.textContent).toContain("Голосовое сообщение");
		await vi.waitFor(() => expect(element.textContent).toContain("0:07"));
		vi.unstubAllGlobals();
	});

	test("a recording that could not be had when it came into sight shows its wave once it is played", async () => {
		class Decoder {
			decodeAudioData = () => Promise.resolve({ duration: 7.4, getChannelData: () => new Float32Array(88) });
		}
		vi.stubGlobal("OfflineAudioContext", Decoder);
		vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
		const fetched = vi.spyOn(frame.host, "fetchMedia").mockRejectedValueOnce(new Error("no network"));
		const element = incoming({ kind: "voice", media: 9001 });
		await vi.waitFor(() => expect(fetched).toHaveBeenCalledOnce());
		expect(element.querySelector(".wave")).toBeNull();
		await userEvent.click(within(element).getByTestId("voice-play"));
		await vi.waitFor(() => expect(element.querySelector(".wave")).not.toBeNull());
		vi.unstubAllGlobals();
	});

	test("a voice message that cannot be read says so", async () => {
		vi.spyOn(frame.host, "fetchMedia").mockRejectedValue(new Error("gone"));
		const element = incoming({ kind: "voice", media: 9001 });
		await userEvent.click(within(element).getByTestId("voice-play"));
		await vi.waitFor(() => expect(element.textContent).toContain("Не удалось воспроизвести"));
	});

	test("Avito's note stands without a bubble", () => {
		const element = incoming({ kind: "system", text: "Объявление снято" });
		expect(element.textContent).toContain("Объявление снято");
		expect(element.querySelector(".bubble")).toBeNull();
	});

	test("a deleted message keeps our copy and its mark; without a copy only the fact", () => {
		const kept = incoming({ kind: "text", text: "Передумал" }, { deleted: true });
		expect(kept.textContent).toContain("Передумал");
		expect(kept.textContent).toContain("Удалено на Avito");
	});

	test("a message deleted before we had it says so", () => expect(incoming({ kind: "deleted" }).textContent).toContain("Сообщение удалено на Avito"));

	test("an unknown kind is a stub that leads to the chat on Avito", async () => {
		const element = incoming({ kind: "unsupported", what: "hologram" });
		await userEvent.click(within(element).getByRole("button", { name: "Открыть чат на Avito" }));
		await vi.waitFor(() => expect(opened()).toEqual(["https://www.avito.ru/profile/messenger/channel/1"]));
	});

	test("a kind this page has never heard of does not break the thread", () => {
		expect(incoming({ kind: "poll" } as unknown as MessageBody).textContent).toContain("Такие сообщения видны только на Avito");
	});

	test("a quote names who is quoted", () => {
		const quote = { outgoing: false, preview: { kind: "image", text: "", outgoing: false, delivery: null } } as const;
		incoming({ kind: "text", text: "Да" }, { quote });
		expect(screen.getByTestId("quote").textContent).toMatch(/Анна\s*Фото/);
	});
});

describe("words that mean no good", () => {
	test.each(["\u202eялпук\u2066а\u2069", "А\u200bн\u200dн\ufeffа", "до\0после", "\ud83d половина", "я".repeat(100_000), "\n".repeat(2000)])("are shown as written (%#)", (text) => {
		expect(incoming({ kind: "text", text }).querySelector(".text")?.textContent).toBe(text);
	});

	test("a quote's words are apart from the name of their kind", () => {
		const quote = { outgoing: false, preview: { kind: "image", text: "\u202eподпись", outgoing: false, delivery: null } } as const;
		incoming({ kind: "text", text: "Да" }, { quote });
		expect(screen.getByTestId("quote").querySelector("bdi")?.textContent).toBe("\u202eподпись");
	});

	test("a host that is turned round is apart from the warning behind it", () => {
		const element = incoming({ kind: "link", text: "", url: "\u202e//:x", title: null, description: null, domain: null });
		expect(element.querySelector(".host bdi")?.textContent).toBe("\u202e//:x");
	});
});

describe("addresses in a message", () => {
	test("Avito's opens at once, any other is asked about first", async () => {
		incoming({ kind: "text", text: "https://www.avito.ru/1 или https://pay.example/2" });
		const [avito, other] = screen.getAllByTestId("text-link");
		await userEvent.click(other as HTMLElement);
		expect(opened()).toEqual([]);
		expect(frame.links.asking?.address).toBe("https://pay.example/2");
		await userEvent.click(avito as HTMLElement);
		await vi.waitFor(() => expect(opened()).toEqual(["https://www.avito.ru/1"]));
	});
});

describe("a reply on its way", () => {
	const ours = (delivery: Delivery, body: MessageBody = { kind: "text", text: "Отправлю завтра" }) =>
		show(message(true, Date.now(), body, { delivery, outbox: 77, id: null, deletableUntilMs: null }));

	test.each(["queued", "sending", "checking", "sent", "read"] as const)("%s shows as its own state", (state) => {
		expect(ours({ state }).dataset["state"]).toBe(state);
	});

	test("waiting says why and when it goes on", () => {
		clock.now = new Date(2026, 10, 22, 8, 32, 10).getTime();
		expect(ours({ state: "waiting", code: "network", untilMs: clock.now + 5 * 60_000 }).textContent).toContain("Нет связи. Отправим в\u00a008:37");
	});

	test("waiting for less than a minute does not name the present one", () => {
		clock.now = new Date(2026, 10, 22, 8, 32, 10).getTime();
		expect(ours({ state: "waiting", code: "network", untilMs: clock.now + 20_000 }).textContent).toContain("Нет связи. Сейчас повторим");
	});

	test("a picture says how much of it is at Avito, and can be stopped until all of it is", async () => {
		const row = await frame.host.sendImage(2, "a.png", "");
		const stop = thread.start();
		await thread.open(2);
		composer.turnTo(2);
		show(row);
		expect(screen.queryByTestId("upload")).toBeNull();
		frame.host.emit({ what: "upload", chat: 2, outbox: row.outbox ?? 0, percent: 40 });
		expect((await screen.findByTestId("upload")).textContent).toContain("40 %");
		await userEvent.click(screen.getByTestId("upload"));
		await vi.waitFor(() => expect(frame.host.calls).toContainEqual(["discardSend", row.outbox]));
		await vi.waitFor(() => expect(thread.rows.some(({ key }) => key === row.key)).toBe(false));
		frame.host.emit({ what: "upload", chat: 2, outbox: row.outbox ?? 0, percent: 100 });
		await vi.waitFor(() => expect(screen.queryByTestId("upload")).toBeNull());
		expect(composer.pictures).toHaveLength(0);
		toasts.list.at(-1)?.action?.act();
		expect(composer.pictures).toHaveLength(1);
		stop();
	});

	test.each([
		["taken back before it goes", { state: "held", untilMs: clock.now + 10_000 } satisfies Delivery, "undo-send"],
		["refused and deleted", { state: "failed", code: "refused", detail: null } satisfies Delivery, "discard-send"],
	])("a picture %s can be sent again", async (_, delivery, button) => {
		const row = await frame.host.sendImage(2, "a.png", "");
		await thread.open(2);
		composer.turnTo(2);
		show({ ...row, delivery });
		await userEvent.click(screen.getByTestId(button));
		await vi.waitFor(() => expect(frame.host.calls).toContainEqual(["discardSend", row.outbox]));
		if (button === "discard-send") await vi.waitFor(() => toasts.list.at(-1)?.action?.act());
		await vi.waitFor(() => expect(composer.pictures).toHaveLength(1));
	});

	async function failed(body?: MessageBody) {
		const row = await frame.host.sendText(2, "Отправлю завтра");
		frame.host.setDelivery(2, row.key, { state: "failed", code: "refused", detail: "Bad request" });
		await thread.open(2);
		composer.turnTo(2);
		frame.host.calls.length = 0;
		const shown = thread.rows.at(-1) as MessageRow;
		show(body ? { ...shown, body } : shown);
		return row.outbox;
	}

	test("failed says why in words and can be sent again", async () => {
		const outbox = await failed();
		expect(screen.getByTestId("send-failed").textContent).toContain("Avito не принял сообщение");
		await userEvent.click(screen.getByTestId("retry-send"));
		expect(frame.host.calls).toContainEqual(["retrySend", outbox]);
	});

	test("edit puts the words back into the composer and takes the reply away", async () => {
		await failed();
		await userEvent.click(screen.getByTestId("edit-send"));
		await vi.waitFor(() => expect(composer.text).toBe("Отправлю завтра"));
		await vi.waitFor(() => expect(thread.rows.some((row) => row.outbox !== null)).toBe(false));
	});

	test("delete takes the reply away and leaves the composer alone", async () => {
		await failed();
		await userEvent.click(screen.getByTestId("discard-send"));
		await vi.waitFor(() => expect(thread.rows.some((row) => row.outbox !== null)).toBe(false));
		expect(composer.text).toBe("");
	});

	test("what was deleted can be had back while its note is there", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
		await failed();
		renderIn(frame, ToastStack, {});
		await user.click(screen.getByTestId("discard-send"));
		await vi.advanceTimersByTimeAsync(0);
		const note = screen.getByTestId("toast");
		expect(note.textContent).toContain("Ответ удалён");
		// Whoever has it under the pointer is not hurried.
		await fireEvent.pointerEnter(note);
		await vi.advanceTimersByTimeAsync(60_000);
		await user.click(screen.getByTestId("toast-action"));
		expect(composer.text).toBe("Отправлю завтра");
		expect(screen.queryByTestId("toast")).toBeNull();
		vi.useRealTimers();
	});

	test("a note that nobody looks at goes by itself, and so does the way back in another shop", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const act = vi.fn();
		toasts.undoable("Ответ удалён", { words: "Вернуть", act });
		await vi.advanceTimersByTimeAsync(11_000);
		expect(toasts.list).toEqual([]);
		toasts.undoable("Ответ удалён", { words: "Вернуть", act });
		toasts.forgetActions();
		expect(toasts.list).toEqual([]);
		vi.useRealTimers();
	});

	test("a picture cannot be edited, only sent again or deleted", async () => {
		await failed({ kind: "image", small: 1, large: 1, width: null, height: null, caption: null });
		expect(screen.queryByTestId("edit-send")).toBeNull();
		expect(screen.getByTestId("retry-send")).toBeTruthy();
	});
});
