import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { renderIn, testFrame } from "../testing/render";
import ComposerPane from "./ComposerPane.svelte";
import { FakeHost } from "../host/fake";
import type { MessageRow } from "../host/contract";
import { message } from "../host/fakeData";
import { toasts } from "../shared/toasts.svelte";
import { Gate } from "../testing/gate";
import { Composer } from "./composer.svelte";
import { splitText } from "./split";

const saved = (host: FakeHost) => host.calls.filter(([name]) => name === "saveComposer").map(([, chat, text]) => [chat, text]);

describe("composer", () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	test("saves once the seller pauses, with the last words only", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		composer.turnTo(1);
		composer.type("Доб");
		composer.type("Добрый день");
		expect(saved(host)).toEqual([]);
		await vi.advanceTimersByTimeAsync(300);
		expect(saved(host)).toEqual([[1, "Добрый день"]]);
	});

	test("turning to another chat saves at once and never mixes the texts", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		composer.turnTo(1);
		composer.type("для первого");
		composer.turnTo(2);
		expect(composer.text).toBe("");
		expect(saved(host)).toEqual([[1, "для первого"]]);
		composer.type("для второго");
		composer.turnTo(1);
		expect(composer.text).toBe("для первого");
		await vi.runAllTimersAsync();
		expect(saved(host).at(-1)).toEqual([2, "для второго"]);
	});

	test("the stored text fills the field unless the seller typed already", () => {
		const composer = new Composer(new FakeHost());
		composer.turnTo(4);
		composer.adopt(4, "Могу отдать за 25 000");
		expect(composer.text).toBe("Могу отдать за 25 000");
		composer.turnTo(5);
		composer.type("быстрее");
		composer.adopt(5, "старое");
		expect(composer.text).toBe("быстрее");
	});

	test("a failed save is tried again with the next one", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		host.failNext("saveComposer", "storage");
		composer.turnTo(1);
		composer.type("важное");
		await composer.flush();
		expect(host.chats[0]?.composerText).toBe("");
		await composer.flush();
		expect(host.chats[0]?.composerText).toBe("важное");
	});

	test("sending empties the field and hands over the echo", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		const echo = vi.fn();
		composer.turnTo(2);
		composer.type("  Да, в продаже  ");
		await composer.send(echo);
		expect(composer.text).toBe("");
		expect(echo).toHaveBeenCalledWith(2, expect.objectContaining({ body: { kind: "text", text: "Да, в продаже" } }));
		expect(host.chats[1]?.composerText).toBe("");
	});

	test("text that could not be sent comes back in front of what was typed meanwhile, into its own chat", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		host.failNext("sendText", "storage");
		composer.turnTo(2);
		composer.type("Первое");
		const sending = composer.send(vi.fn());
		composer.type("Второе");
		composer.turnTo(3);
		await sending;
		expect(composer.text).toBe("");
		expect(composer.error).toBeNull();
		composer.turnTo(2);
		expect(composer.text).toBe("Первое\nВторое");
		expect(host.chats[1]?.composerText).toBe("Первое\nВторое");
	});

	test("that it came back to a chat left meanwhile is told", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		host.failNext("sendText", "storage");
		composer.turnTo(2);
		composer.type("Первое");
		const sending = composer.send(vi.fn());
		composer.turnTo(3);
		await sending;
		expect(toasts.list.map(({ words, bad }) => [words, bad])).toEqual([["Ответ в другом чате не ушёл: он остался там в поле ввода", true]]);
		toasts.list = [];
		composer.turnTo(2);
		host.failNext("sendText", "storage");
		await composer.send(vi.fn());
		expect(composer.error).toBe("storage");
		expect(toasts.list).toEqual([]);
	});

	test("words that went out leave their own field, and only they", () => {
		const composer = new Composer(new FakeHost());
		composer.turnTo(2);
		composer.type("Да. Жду! И ещё");
		composer.turnTo(3);
		composer.type("для третьего");
		composer.took(2, "Да. Жду!");
		expect(composer.text).toBe("для третьего");
		composer.turnTo(2);
		expect(composer.text).toBe("И ещё");
		composer.took(2, "Да. Жду!");
		expect(composer.text, "something else by now").toBe("И ещё");
	});

	test("a kill while pictures are on their way to the core does not take the text behind them", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		let taken = () => {};
		const real = host.sendImage.bind(host);
		vi.spyOn(host, "sendImage").mockImplementation(async (...picture) => {
			await new Promise<void>((resolve) => (taken = resolve));
			return real(...picture);
		});
		composer.turnTo(2);
		composer.attach([new File(["x"], "a.png", { type: "image/png" })]);
		composer.type("Вот она");
		const sending = composer.send(vi.fn());
		expect(composer.text).toBe("");
		composer.type("И ещё");
		await vi.waitFor(() => expect(host.sendImage).toHaveBeenCalled());
		await vi.advanceTimersByTimeAsync(300);
		expect(host.chats[1]?.composerText).toBe("Вот она\nИ ещё");
		taken();
		await sending;
		expect(host.chats[1]?.composerText).toBe("И ещё");
	});

	test("a later text does not overtake the one that waits for its pictures, and both come back in order", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		const gate = new Gate<MessageRow>();
		const order: string[] = [];
		vi.spyOn(host, "sendImage").mockImplementation(gate.call);
		const sendText = host.sendText.bind(host);
		vi.spyOn(host, "sendText").mockImplementation((chat, words) => {
			order.push(words);
			return sendText(chat, words);
		});
		const send = (words: string, picture = false) => {
			if (picture) composer.attach([new File(["x"], "a.png", { type: "image/png" })]);
			composer.type(words);
			return composer.send(vi.fn());
		};
		composer.turnTo(2);
		const first = send("Вот фото", true);
		const second = send("И доставка есть");
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		// Meanwhile another chat does not wait for this one.
		composer.turnTo(3);
		await send("В третий");
		expect(order).toEqual(["В третий"]);
		gate.answer(0, message(true, 1, { kind: "text", text: "" }));
		await Promise.all([first, second]);
		expect(order).toEqual(["В третий", "Вот фото", "И доставка есть"]);
		composer.turnTo(2);
		host.failNext("sendText", "storage");
		const failing = [send("Раз", true), send("Два")];
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		gate.answer(0, message(true, 1, { kind: "text", text: "" }));
		await Promise.all(failing);
		expect(composer.text).toBe("Раз\nДва");
		expect(order.slice(3)).toEqual(["Раз"]);
	});

	test("what was sent is with the core before the window goes or another shop comes", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		composer.turnTo(2);
		composer.attach([new File(["x"], "a.png", { type: "image/png" })]);
		composer.type("Вот она");
		void composer.send(vi.fn());
		await composer.finish();
		expect(host.calls.map(([name]) => name)).toEqual(expect.arrayContaining(["sendImage", "sendText"]));
		expect(host.chats[1]?.composerText).toBe("");
	});

	test("in another shop nothing of this one is saved under its numbers", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		composer.turnTo(2);
		composer.type("для прежнего второго");
		composer.forget();
		await vi.runAllTimersAsync();
		expect(saved(host)).toEqual([]);
		composer.turnTo(2);
		expect(composer.text).toBe("");
	});

	test("when a part of a long text fails, the parts that went out are not sent twice", async () => {
		const host = new FakeHost();
		const composer = new Composer(host);
		composer.turnTo(2);
		const [first, second] = ["а".repeat(600) + ".", "б".repeat(600) + "."];
		composer.type(`${first} ${second}`);
		expect(composer.pieces).toHaveLength(2);
		const real = host.sendText.bind(host);
		let calls = 0;
		vi.spyOn(host, "sendText").mockImplementation((chat, text) => {
			if (++calls === 2) host.failNext("sendText", "storage");
			return real(chat, text);
		});
		await composer.send(vi.fn());
		expect(composer.text).toBe(second);
		expect(composer.error).toBe("storage");
	});

	test("of several files those that are refused are named, each with its reason", async () => {
		const frame = await testFrame();
		const composer = new Composer(frame.host);
		composer.turnTo(1);
		const large = new File(["x"], "вид сбоку.jpg", { type: "image/jpeg" });
		Object.defineProperty(large, "size", { value: 25 * 1024 * 1024 });
		const pdf = (name: string) => new File(["x"], name, { type: "application/pdf" });
		composer.attach([pdf("прайс.pdf"), new File(["x"], "a.png", { type: "image/png" }), large, pdf("акт.pdf")]);
		renderIn(frame, ComposerPane, { composer, trouble: null, onsend: vi.fn(), onaction: vi.fn() });
		const words = screen.getByTestId("composer-error").textContent.replace(/\s+/g, " ");
		expect(words).toContain("«прайс.pdf», «акт.pdf». Avito не принимает такой файл.");
		expect(words).toContain("«вид сбоку.jpg». Фото больше 24 МБ.");
		expect(composer.pictures).toHaveLength(1);
		composer.type("Д");
		await tick();
		expect(screen.queryByTestId("composer-error")).toBeNull();
		composer.attach([pdf("прайс.pdf")]);
		await tick();
		expect(screen.getByTestId("composer-error").textContent).not.toContain("прайс");
	});

	test("refuses files Avito does not take and says why", () => {
		const composer = new Composer(new FakeHost());
		composer.turnTo(1);
		composer.attach([new File(["x"], "price.pdf", { type: "application/pdf" })]);
		expect(composer.error).toBe("badImage");
		expect(composer.pictures).toHaveLength(0);
		const large = new File(["x"], "photo.jpg", { type: "image/jpeg" });
		Object.defineProperty(large, "size", { value: 25 * 1024 * 1024 });
		composer.attach([large, new File(["x"], "IMG_1.HEIC", { type: "" })]);
		expect(composer.error).toBe("imageTooLarge");
		expect(composer.pictures.map(({ file }) => file.name)).toEqual(["IMG_1.HEIC"]);
	});
});

test("a picture goes out as base64 under its own name, before the text", async () => {
	const host = new FakeHost();
	const composer = new Composer(host);
	composer.turnTo(1);
	composer.attach([new File(["привет"], "photo.png", { type: "image/png" })]);
	composer.type("Вот фото");
	await composer.send(vi.fn());
	const sends = host.calls.filter(([name]) => name === "sendImage" || name === "sendText");
	expect(sends).toEqual([
		["sendImage", 1, "photo.png", Buffer.from("привет").toString("base64")],
		["sendText", 1, "Вот фото"],
	]);
	expect(composer.pictures).toHaveLength(0);
});

describe("splitting a long text", () => {
	test("cuts between sentences and loses nothing", () => {
		const sentence = "Состояние хорошее, отправлю завтра утром. ";
		const pieces = splitText(sentence.repeat(60));
		expect(pieces.length).toBe(3);
		expect(pieces.every((piece) => piece.length <= 1000 && piece.endsWith("."))).toBe(true);
		expect(pieces.join(" ")).toBe(sentence.repeat(60).trim());
	});

	test("prefers a paragraph, then a word, and cuts a word only when it must", () => {
		expect(splitText("аааа бб.\n\nвв гггг", 12)).toEqual(["аааа бб.", "вв гггг"]);
		expect(splitText("один два три", 9)).toEqual(["один два", "три"]);
		expect(splitText("ж".repeat(25), 10)).toEqual(["ж".repeat(10), "ж".repeat(10), "ж".repeat(5)]);
	});

	test("never tears a character apart", () => {
		const pieces = splitText("😀".repeat(8), 5);
		expect(pieces.join("")).toBe("😀".repeat(8));
		expect(pieces.every((piece) => piece.length <= 5 && /^(?:😀)+$/u.test(piece))).toBe(true);
	});

	test("short text stays whole, empty text is nothing", () => {
		expect(splitText(" да ")).toEqual(["да"]);
		expect(splitText(" \n ")).toEqual([]);
	});
});
