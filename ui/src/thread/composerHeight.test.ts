import { screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { renderIn, testFrame } from "../testing/render";
import { Composer } from "./composer.svelte";
import ComposerPane from "./ComposerPane.svelte";

test("the field is as high as its text at the width it has now", async () => {
	let resized: ResizeObserverCallback = () => undefined;
	class Observer {
		constructor(told: ResizeObserverCallback) {
			resized = told;
		}
		observe() {}
		unobserve() {}
		disconnect() {}
	}
	vi.stubGlobal("ResizeObserver", Observer);
	const frame = await testFrame();
	const composer = new Composer(frame.host);
	composer.turnTo(1);
	renderIn(frame, ComposerPane, { composer, trouble: null, onsend: () => undefined, onaction: () => undefined });
	const field = screen.getByTestId("composer");
	let width = 300;
	Object.defineProperty(field, "clientWidth", { get: () => width });
	Object.defineProperty(field, "scrollHeight", { get: () => (width < 600 ? 44 : 22) });
	const tell = () => resized([{ target: field }] as unknown as ResizeObserverEntry[], undefined as unknown as ResizeObserver);
	tell();
	composer.type("Ножки родные, четыре штуки, 900 ₽ за комплект.");
	await vi.waitFor(() => expect(field.style.height).toBe("44px"));
	width = 900;
	tell();
	await vi.waitFor(() => expect(field.style.height).toBe("22px"));
	vi.unstubAllGlobals();
});
