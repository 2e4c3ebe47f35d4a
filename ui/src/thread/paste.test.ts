import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { toasts } from "../shared/toasts.svelte";
import { renderIn, testFrame } from "../testing/render";
import { Composer } from "./composer.svelte";
import ComposerPane from "./ComposerPane.svelte";

afterEach(() => vi.restoreAllMocks());

/** A composer, and a clipboard that shows the page these types and gives these pictures when asked. */
async function start(pictures: Record<string, Blob>[]) {
	const frame = await testFrame();
	const composer = new Composer(frame.host);
	composer.turnTo(1);
	renderIn(frame, ComposerPane, { composer, trouble: null, onsend: () => undefined, onaction: () => undefined });
	const items = pictures.map((kinds) => ({ types: Object.keys(kinds), getType: (type: string) => Promise.resolve(kinds[type]) }));
	const read = vi.spyOn(navigator.clipboard, "read").mockResolvedValue(items as unknown as ClipboardItems);
	const paste = (data: Record<string, string>) =>
		fireEvent.paste(screen.getByTestId("composer"), { clipboardData: { types: Object.keys(data), files: [], getData: (type: string) => data[type] ?? "" } });
	return { composer, paste, read };
}

const png = new Blob(["x"], { type: "image/png" });

test("a picture that the clipboard shows nobody is asked for and attached", async () => {
	const { composer, paste } = await start([{ "text/html": new Blob(["<img>"]), "image/png": png }]);
	expect(await paste({})).toBe(false);
	await waitFor(() => expect(composer.pictures.map((picture) => picture.file.name)).toEqual(["photo.png"]));
	expect(toasts.list).toEqual([]);
});

test("copied files are told about; their addresses do not become text", async () => {
	const { composer, paste } = await start([{ "text/uri-list": new Blob([""]) }]);
	expect(await paste({ "text/uri-list": "", "text/plain": "/home/anna/scratch.jpg" })).toBe(false);
	await waitFor(() => expect(toasts.list.map((toast) => toast.words)).toEqual([expect.stringContaining("Вставить нечего")]));
	expect(composer.pictures).toEqual([]);
});

test("text and copied links are pasted as they are, and nobody reads the clipboard", async () => {
	const { paste, read } = await start([{ "image/png": png }]);
	expect(await paste({ "text/plain": "Да, в продаже" })).toBe(true);
	expect(await paste({ "text/uri-list": "https://www.avito.ru/1", "text/plain": "https://www.avito.ru/1" })).toBe(true);
	expect(read).not.toHaveBeenCalled();
});

test("a picture that comes after the seller has turned to another chat is left", async () => {
	const { composer, paste, read } = await start([]);
	let give: (items: ClipboardItems) => void = () => undefined;
	read.mockReturnValue(new Promise((resolve) => (give = resolve)));
	await paste({});
	composer.turnTo(2);
	give([{ types: ["image/png"], getType: () => Promise.resolve(png) } as unknown as ClipboardItem]);
	await new Promise((resolve) => setTimeout(resolve));
	expect(composer.pictures).toEqual([]);
	composer.turnTo(1);
	expect(composer.pictures).toEqual([]);
});
