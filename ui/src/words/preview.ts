import type { Preview } from "../host/contract";
import { m } from "./generated/messages";

const kindWords: Record<Exclude<Preview["kind"], "text">, () => string> = {
	image: m.kind_image,
	link: m.kind_link,
	item: m.kind_item,
	location: m.kind_location,
	call: m.kind_call,
	voice: m.kind_voice,
	system: m.kind_system,
	deleted: m.kind_deleted,
	video: m.kind_video,
	file: m.kind_file,
	other: m.kind_other,
};

/** Kinds whose own text says more than the name of the kind. */
const SPEAKS_FOR_ITSELF = new Set<Preview["kind"]>(["text", "link", "system"]);

/** The words of one line, and whether they name a kind rather than quote somebody. */
export function previewWords(preview: Preview): { kind: string | null; text: string } {
	if (preview.kind === "text") return { kind: null, text: preview.text };
	if (SPEAKS_FOR_ITSELF.has(preview.kind) && preview.text) return { kind: null, text: preview.text };
	return { kind: kindWords[preview.kind](), text: preview.text };
}
