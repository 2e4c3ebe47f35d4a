import { expect, test } from "vitest";
import type { SourceRowView } from "../host/contract";
import { shelves } from "./folders";

const row = (id: number, path: string | null) => ({ id, path }) as SourceRowView;
const folder = (id: number, path: string) => ({ id, path, files: 1, problem: null });
const ids = (rows: readonly SourceRowView[]) => rows.map(({ id }) => id);

test("a folder has its own files and nothing else", () => {
	const rows = [row(1, null), row(2, "/home/a/Прайсы/октябрь.xlsx"), row(3, "/home/a/Прайсы старые/май.xlsx"), row(4, "/home/a/Прайсы/шины/зима.csv")];
	const { shelves: found, loose } = shelves([folder(1, "/home/a/Прайсы/"), folder(2, "/home/a/Прайсы/шины")], rows);
	expect(found.map(({ rows }) => ids(rows))).toEqual([[2], [4]]);
	expect(ids(loose), "an item, and a file of a folder whose name only begins alike").toEqual([1, 3]);
});

test("folders of Windows too", () => {
	const { shelves: found } = shelves([folder(1, "D:\\Прайсы")], [row(1, "D:\\Прайсы\\октябрь.xlsx"), row(2, "D:\\Прайсы2\\май.xlsx")]);
	expect(found.map(({ rows }) => ids(rows))).toEqual([[1]]);
});
