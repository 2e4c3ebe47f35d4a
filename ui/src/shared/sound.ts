// The sound of a new message. A buffer source, because WebKitGTK does not play an audio element from the program's own address.

let context: AudioContext | null = null;
let buffer: Promise<AudioBuffer> | null = null;

async function load(audio: AudioContext): Promise<AudioBuffer> {
	const answer = await fetch("/sounds/message.ogg");
	return audio.decodeAudioData(await answer.arrayBuffer());
}

/** Plays it once. Rejects when the machine cannot play; the caller decides whether anyone must know. */
export async function playMessageSound(): Promise<void> {
	context ??= new AudioContext();
	buffer ??= load(context);
	buffer.catch(() => (buffer = null));
	if (context.state === "suspended") await context.resume();
	const source = context.createBufferSource();
	source.buffer = await buffer;
	source.connect(context.destination);
	source.start();
}
