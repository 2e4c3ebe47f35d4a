// Pictures on their way into a chat.
import type { ErrorCode } from "../host/contract";

export const ACCEPTED = ".jpg,.jpeg,.heic,.gif,.bmp,.png,image/jpeg,image/heic,image/gif,image/bmp,image/png";
const MOST_BYTES = 24 * 1024 * 1024;
const NAMES = /\.(jpe?g|heic|gif|bmp|png)$/i;
const TYPES = /^image\/(jpeg|heic|gif|bmp|x-ms-bmp|png)$/;

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
