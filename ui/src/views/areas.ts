// The areas of the window, in the order of the rail. A new area is a line here and a branch in Window.svelte.
import type { IconName } from "../shared/icons";
import { m } from "../words";

export type Area = "chats" | "drafts" | "knowledge" | "tunnel";

export const areas: readonly { id: Area; icon: IconName; name: () => string }[] = [
	{ id: "chats", icon: "chats", name: m.area_chats },
	{ id: "drafts", icon: "replies", name: m.area_drafts },
	{ id: "knowledge", icon: "book", name: m.area_knowledge },
	{ id: "tunnel", icon: "reception", name: m.area_reception },
];
