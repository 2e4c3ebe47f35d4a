// What this machine's window remembers of its own looks. Nothing of the seller's data.

export function remembered(key: string, fallback: number): number {
	try {
		const value = Number(localStorage.getItem(`prilavok.${key}`) ?? Number.NaN);
		return Number.isFinite(value) ? value : fallback;
	} catch {
		return fallback;
	}
}

export function remember(key: string, value: number): void {
	try {
		localStorage.setItem(`prilavok.${key}`, String(value));
	} catch {
		// A window without storage forgets its looks, nothing else.
	}
}
