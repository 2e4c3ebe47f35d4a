// Which of the listed sources lie in which watched folder.
import type { FolderView, SourceRowView } from "../host/contract";

type Shelf = { folder: FolderView; rows: SourceRowView[] };

function holds(folder: FolderView, path: string): boolean {
	const root = folder.path.replace(/[\\/]$/, "");
	return path.startsWith(`${root}/`) || path.startsWith(`${root}\\`);
}

/** Every folder with its own files, and the rest. A file in a folder within a folder belongs to the inner one. */
export function shelves(folders: readonly FolderView[], rows: readonly SourceRowView[]): { shelves: Shelf[]; loose: SourceRowView[] } {
	const shelves = folders.map((folder): Shelf => ({ folder, rows: [] }));
	const inner = [...shelves].sort((a, b) => b.folder.path.length - a.folder.path.length);
	const loose: SourceRowView[] = [];
	for (const row of rows) (inner.find(({ folder }) => row.path !== null && holds(folder, row.path))?.rows ?? loose).push(row);
	return { shelves, loose };
}
