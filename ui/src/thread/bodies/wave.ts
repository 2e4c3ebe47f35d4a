// The loudness of a recording along its time, for drawing.

const BARS = 44;

/** `heights`: between 0 and 1 each. */
export type Wave = { heights: number[]; seconds: number };

/** Null where the machine cannot read the recording before it is played. */
export async function waveOf(file: Blob): Promise<Wave | null> {
	try {
		const context = new OfflineAudioContext(1, 1, 44_100);
		const sound = await context.decodeAudioData(await file.arrayBuffer());
		return { heights: loudness(sound.getChannelData(0), BARS), seconds: sound.duration };
	} catch {
		return null;
	}
}

/** The mean height of each stretch, against the loudest. */
export function loudness(samples: Float32Array, bars: number): number[] {
	const length = Math.max(1, Math.floor(samples.length / bars));
	const heights = Array.from({ length: bars }, (_, bar) => {
		let sum = 0;
		const [from, to] = [bar * length, Math.min(samples.length, (bar + 1) * length)];
		for (let at = from; at < to; at++) sum += Math.abs(samples[at] ?? 0);
		return to > from ? sum / (to - from) : 0;
	});
	const most = Math.max(...heights);
	return heights.map((height) => (most > 0 ? height / most : 0));
}
