// The present moment as state: words such as «вчера» change by themselves.

class Clock {
	now = $state(Date.now());

	/** Returns the stopper. */
	start(everyMs = 15_000): () => void {
		this.now = Date.now();
		const timer = setInterval(() => (this.now = Date.now()), everyMs);
		return () => clearInterval(timer);
	}
}

export const clock = new Clock();
