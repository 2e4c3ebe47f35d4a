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
