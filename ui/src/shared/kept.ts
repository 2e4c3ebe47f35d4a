/**
 * `fresh`, with the objects of `old` in the place of equal ones: what has not changed is not drawn again. Both are plain data, as it
 * comes from the host.
 */
export function keepEqual<Row>(old: readonly Row[], fresh: readonly Row[], key: (row: Row) => unknown): Row[] {
	const known = new Map(old.map((row) => [key(row), row]));
	return fresh.map((row) => {
		const before = known.get(key(row));
		return before !== undefined && before !== row && JSON.stringify(before) === JSON.stringify(row) ? before : row;
	});
}
