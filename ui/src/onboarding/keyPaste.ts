/** Both halves of a key out of one pasted text, as copied from Avito's page or a note; null when it is not both. */
export function splitKey(pasted: string): { clientId: string; clientSecret: string } | null {
	const id = /client[\s_-]*id["'\s:=]+([\w-]{6,})/i.exec(pasted)?.[1];
	const secret = /client[\s_-]*secret["'\s:=]+([\w-]{6,})/i.exec(pasted)?.[1];
	if (id && secret) return { clientId: id, clientSecret: secret };
	const tokens = pasted.trim().split(/[\s,;:|]+/);
	const [first, second] = tokens;
	if (tokens.length !== 2 || !first || !second || !tokens.every((token) => /^[\w-]{6,}$/.test(token))) return null;
	return { clientId: first, clientSecret: second };
}
