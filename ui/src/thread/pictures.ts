// Pictures on their way into a chat.
import type { ErrorCode } from "../host/contract";

export const ACCEPTED = ".jpg,.jpeg,.heic,.gif,.bmp,.png,image/jpeg,image/heic,image/gif,image/bmp,image/png";
const MOST_BYTES = 24 * 1024 * 1024;
const NAMES = /\.(jpe?g|heic|gif|bmp|png)$/i;
const TYPES = /^image\/(jpeg|heic|gif|bmp|x-ms-bmp|png)$/;

/** Avito takes no more pixels. */
export const MOST_PIXELS = 75_000_000;

export type Picture = { id: number; file: File; url: string };

let next = 1;

/** Null when Avito would take the file. */
export function pictureFault(file: File): ErrorCode | null {
	if (!TYPES.test(file.type) && !NAMES.test(file.name)) return "badImage";
	return file.size > MOST_BYTES ? "imageTooLarge" : null;
}

export function holdPicture(file: File): Picture {
	return { id: next++, file, url: URL.createObjectURL(file) };
}

export function releasePicture(picture: Picture): void {
	URL.revokeObjectURL(picture.url);
}

/** The clipboard takes pictures as PNG only. */
export async function asPng(file: Blob): Promise<Blob> {
	const bitmap = await createImageBitmap(file);
	const canvas = document.createElement("canvas");
	[canvas.width, canvas.height] = [bitmap.width, bitmap.height];
	canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
	bitmap.close();
	return new Promise((resolve, reject) => canvas.toBlob((png) => (png ? resolve(png) : reject(new Error("no picture"))), "image/png"));
}

let copied: File | null = null;
// Whoever goes to another program may copy something else there.
window.addEventListener("blur", () => (copied = null));

/** Remembers what the viewer copied: WebKitGTK does not give a page its own picture back from the clipboard. */
export function rememberCopied(png: Blob): Blob {
	copied = new File([png], "photo.png", { type: "image/png" });
	return png;
}

/** The pictures of a pasting, as far as the event hands them out; those of our own viewer where it shows nothing. */
export function pastedPictures(clipboard: DataTransfer | null): File[] {
	const files = [...(clipboard?.files ?? [])];
	return files.length === 0 && copied && clipboard?.types.length === 0 ? [copied] : files;
}

/** Whether there is more on the clipboard than the event tells: WebKitGTK is silent about pictures and about where copied files lie. */
export function hidesFiles(clipboard: DataTransfer | null): boolean {
	const types = clipboard?.types ?? [];
	return types.length === 0 || (types.includes("text/uri-list") && clipboard?.getData("text/uri-list") === "");
}

/**
 * The pictures that lie on the clipboard though the event of the pasting shows nothing: WebKitGTK hands out a picture of another program
 * (a screenshot) only when it is asked for, and only while the seller pastes.
 */
export async function clipboardPictures(): Promise<File[]> {
	const items = await navigator.clipboard.read();
	const found = items.map(async (item) => {
		const type = item.types.find((one) => TYPES.test(one));
		return type === undefined ? [] : [new File([await item.getType(type)], `photo.${type.slice("image/".length)}`, { type })];
	});
	return (await Promise.all(found)).flat();
}
