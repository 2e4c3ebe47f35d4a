import { fireEvent, render } from "@testing-library/svelte";
import { createRawSnippet, tick } from "svelte";
import { expect, test, vi } from "vitest";
import FixedList from "./FixedList.svelte";

const snippet = createRawSnippet(() => ({ render: () => "<i></i>" }));
const numbers = Array.from({ length: 100 }, (_, index) => index);

async function list(top: number, steady: number | null = null) {
	const props = { rows: numbers, total: 100, rowHeight: 10, key: (row: number) => row, row: snippet as never, missing: snippet, steady, onreach: () => undefined };
	const { container, rerender } = render(FixedList<number>, { props });
	const scroller = container.querySelector(".scroller") as HTMLElement;
	Object.defineProperty(scroller, "clientHeight", { value: 100 });
	scroller.scrollTop = top;
	await fireEvent.scroll(scroller);
	const show = async (rows: number[]) => {
		await rerender({ ...props, rows });
		await tick();
		return scroller.scrollTop;
	};
	return show;
}
const toTop = (...rows: number[]) => [...rows, ...numbers.filter((row) => !rows.includes(row))];

test("rows in sight stay where they are while others move past them", async () => {
	const show = await list(300);
	expect(await show(toTop(80))).toBe(310);
	expect(await show(toTop(90, 80))).toBe(320);
});

test("at the top what is new comes into sight", async () => {
	const show = await list(0);
	expect(await show(toTop(80))).toBe(0);
});

test("a row that goes to the top itself does not take the view along", async () => {
	const show = await list(300, 33);
	expect(await show(toTop(33))).toBe(300);
});

test("the open row decides when rows in sight move apart", async () => {
	const show = await list(300, 38);
	// 31 and 32 went to the top: those above 31 moved by two, those below not at all.
	expect(await show(toTop(31, 32))).toBe(300);
});

test("the first frame draws what is in sight; then there are rows beyond either edge, so that a quick scroll shows no gap", async () => {
	vi.useFakeTimers();
	try {
		const rows = Array.from({ length: 400 }, (_, index) => index);
		const props = { rows, total: 400, rowHeight: 10, key: (row: number) => row, row: snippet as never, missing: snippet, onreach: () => undefined };
		const { container } = render(FixedList<number>, { props });
		const drawn = () => [...container.querySelectorAll<HTMLElement>(".slot")].map((slot) => Number(/\((\d+)px\)/.exec(slot.style.transform)?.[1]) / 10);
		// A window that is not laid out is taken for 800 pixels, which is 80 rows.
		expect(drawn()).toEqual(rows.slice(0, 80));
		await vi.advanceTimersByTimeAsync(1000);
		expect(drawn().length).toBeGreaterThan(80);
		const scroller = container.querySelector(".scroller") as HTMLElement;
		scroller.scrollTop = 2000;
		await fireEvent.scroll(scroller);
		await tick();
		const [first, last] = [drawn()[0]!, drawn().at(-1)!];
		expect(first).toBeLessThan(200);
		expect(last).toBeGreaterThan(280);
		// The list stays light: no more than a handful on either side.
		expect(last - first).toBeLessThan(80 + 20);
	} finally {
		vi.useRealTimers();
	}
});
