// Why the archive cannot be used, where the seller or time can mend it: titles and words.
import type { ErrorCode } from "../host/contract";
import { m } from "../words";

const stuck = {
	diskFull: { title: m.trouble_disk_full, text: m.stuck_disk_full },
	diskReadOnly: { title: m.trouble_disk_read_only, text: m.stuck_disk_read_only },
	archiveBusy: { title: m.trouble_archive_busy, text: m.stuck_archive_busy },
	storage: { title: m.trouble_disk_failing, text: m.stuck_storage },
	newerDatabase: { title: m.stuck_newer_title, text: m.stuck_newer },
	archiveDamaged: { title: m.trouble_archive_damaged, text: m.stuck_damaged },
} satisfies Partial<Record<ErrorCode, { title: () => string; text: () => string }>>;

export type StuckCode = keyof typeof stuck;

export function isStuckCode(code: ErrorCode): code is StuckCode {
	return code in stuck;
}

export function stuckWords(code: StuckCode): { title: string; text: string } {
	return { title: stuck[code].title(), text: stuck[code].text() };
}
