/**
 * Coalesces calls: however often it is called, `work` runs once at the next animation frame. A hidden window draws no frames,
 * so a timer stands in there.
 */
export function perFrame(work: () => unknown): () => void {
	let waiting = false;
	const run = () => {
		waiting = false;
		work();
	};
	return () => {
		if (waiting) return;
		waiting = true;
		if (document.hidden) setTimeout(run, 50);
		else requestAnimationFrame(run);
	};
}

/** Runs `work` when what has just been put into the document is on the screen. */
export function afterPaint(work: () => unknown): void {
	if (document.hidden) setTimeout(work);
	else requestAnimationFrame(() => setTimeout(work));
}
