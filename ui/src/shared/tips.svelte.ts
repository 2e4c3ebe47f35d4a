// Which tips the seller has read: each is shown where its feature is first met, until «Понятно».

const KEY = "prilavok.tips";

function stored(): string[] {
	try {
		const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
		return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
	} catch {
		return [];
	}
}

let read = $state.raw<readonly string[] | null>(null);

function keep(ids: readonly string[]): void {
	read = ids;
	try {
		localStorage.setItem(KEY, JSON.stringify(ids));
	} catch {
		// A window without storage shows its tips once more.
	}
}

export function tipRead(id: string): boolean {
	return (read ?? stored()).includes(id);
}

export function readTip(id: string): void {
	if (!tipRead(id)) keep([...(read ?? stored()), id]);
}

/** All tips are shown again. */
export function forgetTips(): void {
	keep([]);
}
