import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { afterPaint, perFrame } from "./frame";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A window whose frames are given out by hand, or never. */
function frames() {
	const waiting = new Map<number, FrameRequestCallback>();
	vi.spyOn(window, "requestAnimationFrame").mockImplementation((work) => waiting.set(waiting.size + 1, work).size);
	vi.spyOn(window, "cancelAnimationFrame").mockImplementation((number) => void waiting.delete(number));
	return () => [...waiting.values()].forEach((work) => work(0));
}

it("many calls before a frame are one, and later calls are another", () => {
	const draw = frames();
	const work = vi.fn();
	const ask = perFrame(work);
	ask();
	ask();
	expect(work).not.toHaveBeenCalled();
	draw();
	vi.runAllTimers();
	expect(work).toHaveBeenCalledTimes(1);
	ask();
	draw();
	expect(work).toHaveBeenCalledTimes(2);
});

it("news is read and the rest of a chat comes also where no frame is drawn", () => {
	frames();
	const [news, rest] = [vi.fn(), vi.fn()];
	perFrame(news)();
	afterPaint(rest);
	vi.runAllTimers();
	expect(news).toHaveBeenCalledTimes(1);
	expect(rest).toHaveBeenCalledTimes(1);
});
