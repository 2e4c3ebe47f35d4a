import { fireEvent, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { renderIn, testFrame, type TestFrame } from "../testing/render";
import Avatar from "../shared/Avatar.svelte";
import ImageBody from "../thread/bodies/ImageBody.svelte";
import Viewer from "../thread/Viewer.svelte";
import { message } from "../host/fakeData";

let frame: TestFrame;
/** Ids that no other test has seen: what is gone stays gone for the window. */
let id = 5000;

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	frame = await testFrame();
	id++;
});
afterEach(() => vi.useRealTimers());

const asked = () => frame.host.calls.filter(([name]) => name === "mediaAnswer").length;
const picture = () => document.querySelector<HTMLImageElement>("img");
const breaks = () => fireEvent.error(picture() as HTMLImageElement);
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);
const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });

function show(onview = vi.fn()) {
	renderIn(frame, ImageBody, { small: id, width: 4, height: 3, caption: null, onview });
	return onview;
}

describe("a picture that is not to be had for the moment", () => {
	test("comes by itself when the way to it is open again", async () => {
		show();
		frame.host.media = "later";
		await breaks();
		expect(picture()).toBeNull();
		expect(screen.getByRole("button").textContent).toContain("Фото не загрузилось");
		await seconds(5);
		expect(picture()).toBeNull();
		frame.host.media = "there";
		await seconds(15);
		expect(picture()?.getAttribute("src")).toBe(frame.host.mediaUrl(id));
	});

	test("is asked for a few times with growing pauses, not for ever", async () => {
		show();
		frame.host.media = "later";
		await breaks();
		const counts: number[] = [];
		for (let minute = 0; minute < 3; minute++) {
			await seconds(60);
			counts.push(asked());
		}
		expect(counts).toEqual([3, 4, 4]);
	});

	test("is asked for when the shop reaches Avito again, and when the computer has a network again", async () => {
		const stop = frame.app.start();
		show();
		frame.host.media = "later";
		await breaks();
		await seconds(1000);
		const before = asked();
		const [account] = frame.host.accounts;
		if (!account) throw new Error("the fake has an account");
		account.trouble = { code: "network", sinceMs: 0, retryAtMs: null, detail: null };
		await frame.app.refresh();
		expect(asked()).toBe(before);
		account.trouble = null;
		await frame.app.refresh();
		expect(asked()).toBe(before + 1);
		frame.host.media = "there";
		window.dispatchEvent(new Event("online"));
		await seconds(0);
		expect(picture()).not.toBeNull();
		stop();
	});

	test("is asked for by a click on its place, which then does not open it", async () => {
		const onview = show();
		frame.host.media = "later";
		await breaks();
		await user.click(screen.getByRole("button", { name: "Фото не загрузилось. Загрузить фото ещё раз" }));
		expect(picture()?.getAttribute("src")).toBe(frame.host.mediaUrl(id));
		expect(onview).not.toHaveBeenCalled();
		await user.click(screen.getByRole("button", { name: "Открыть фото" }));
		expect(onview).toHaveBeenCalledOnce();
	});

	test("keeps its place", async () => {
		show();
		const box = () => screen.getByTestId("message-picture").getAttribute("style");
		const before = box();
		await breaks();
		expect(box()).toBe(before);
	});

	test("a face and a large picture are asked for in the same way", async () => {
		frame.host.media = "later";
		renderIn(frame, Avatar, { name: "Анна", media: id });
		await breaks();
		expect(document.body.textContent).toContain("А");
		frame.host.media = "there";
		await seconds(5);
		expect(picture()).not.toBeNull();
	});

	test("in the viewer a button asks for it", async () => {
		HTMLDialogElement.prototype.showModal ??= () => undefined;
		const row = message(false, 1, { kind: "image", small: null, large: id, width: 4, height: 3, caption: null });
		renderIn(frame, Viewer, { rows: [row], shown: row.key, onclose: vi.fn() });
		frame.host.media = "later";
		await breaks();
		expect(screen.getByText("Фото не загрузилось")).toBeTruthy();
		await user.click(screen.getByTestId("viewer-again"));
		expect(picture()).not.toBeNull();
	});
});

describe("a picture that is gone", () => {
	test("is not asked for again, also when it comes into sight again", async () => {
		show();
		frame.host.media = "gone";
		await breaks();
		await seconds(1000);
		expect(asked()).toBe(1);
		expect(screen.getByRole("button").textContent).toContain("Фото недоступно");
		window.dispatchEvent(new Event("online"));
		renderIn(frame, Avatar, { name: "Анна", media: id });
		await seconds(1000);
		expect(picture()).toBeNull();
		expect(asked()).toBe(1);
	});

	test("so is one whose bytes are no picture", async () => {
		show();
		await breaks();
		await seconds(5);
		await breaks();
		await seconds(1000);
		expect(picture()).toBeNull();
		expect(asked()).toBe(1);
	});

	test("nobody asks for what is no longer on the screen", async () => {
		const view = renderIn(frame, ImageBody, { small: id, width: 4, height: 3, caption: null, onview: vi.fn() });
		frame.host.media = "later";
		await breaks();
		view.unmount();
		await seconds(1000);
		window.dispatchEvent(new Event("online"));
		expect(asked()).toBe(0);
	});
});
