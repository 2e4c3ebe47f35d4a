import { expect, test } from "vitest";
import { FIT, moved, zoomed } from "./zoom";

test("the point under the pointer stays under it", () => {
	const view = zoomed(FIT, true, 100, -40);
	// A point p of the picture lies at p * scale + offset.
	expect(100 * view.scale + view.x).toBeCloseTo(100 + 100 * (view.scale - 1) + view.x);
	const under = (100 - FIT.x) / FIT.scale;
	expect(under * view.scale + view.x).toBeCloseTo(100);
});

test("closer and back again is the whole picture", () => {
	let view = FIT;
	for (let step = 0; step < 20; step++) view = zoomed(view, true, 10, 10);
	expect(view.scale).toBe(8);
	for (let step = 0; step < 20; step++) view = zoomed(view, false);
	expect(view).toEqual(FIT);
});

test("the picture's edge is the end of moving", () => {
	const view = moved({ scale: 3, x: 0, y: 0 }, 5000, -5000, 400, 300);
	expect(view).toEqual({ scale: 3, x: 400, y: -300 });
	expect(moved(FIT, 50, 50, 400, 300)).toEqual(FIT);
});
