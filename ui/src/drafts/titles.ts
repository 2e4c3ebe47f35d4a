import type { DraftView } from "../host/contract";
import { m } from "../words";

/** Whose words the draft is, as its heading. */
export function draftTitle(view: DraftView): string {
	if (view.maker === "holding") return m.draft_holding();
	if (view.maker === "template") return m.draft_template();
	if (view.maker === "quote") return m.draft_quote();
	return view.model ? m.draft_by_model({ model: view.model }) : m.draft();
}
