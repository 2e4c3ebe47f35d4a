// Chooses the host: the core inside the program's window, the fake in a plain browser during development.
import type { Host } from "./host";
import { connectTauri, insideTauri } from "./tauri.svelte";

export { HostError, errorCode, type Host, type MediaAnswer } from "./host";

export async function connectHost(): Promise<Host> {
	if (insideTauri()) return connectTauri();
	if (import.meta.env.DEV) {
		const { fakeFromAddress } = await import("./fakeFromAddress");
		return fakeFromAddress(window.location.search);
	}
	throw new Error("Откройте программу «Прилавок»: эта страница работает только в её окне.");
}
