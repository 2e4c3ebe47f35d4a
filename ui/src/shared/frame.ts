/** A window that shows no frame by then shows none for now: it is hidden, or the system's drawing has stopped. Milliseconds. */
const FRAME_PATIENCE = 200;

/** Runs `work` at the next animation frame, or soon without one: what has to be done must not depend on drawing. */
function atNextFrame(work: () => unknown): void {
	const run = () => {
		clearTimeout(timer);
		cancelAnimationFrame(frame);
		work();
	};
	const timer = setTimeout(run, document.hidden ? 50 : FRAME_PATIENCE);
	const frame = requestAnimationFrame(run);
}

/** Coalesces calls: however often it is called, `work` runs once at the next animation frame, or soon where none comes. */
export function perFrame(work: () => unknown): () => void {
	let waiting = false;
	return () => {
		if (waiting) return;
		waiting = true;
		atNextFrame(() => {
			waiting = false;
			work();
		});
	};
}

/** Runs `work` when what has just been put into the document is on the screen. */
export function afterPaint(work: () => unknown): void {
	if (document.hidden) setTimeout(work);
	else atNextFrame(() => setTimeout(work));
}
