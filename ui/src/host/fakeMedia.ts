// Pictures and a voice for the fake host, drawn on the spot.

const ESCAPES: Record<string, string> = { "#": "%23", "<": "%3C", ">": "%3E", '"': "'" };

function svg(markup: string): string {
	return "data:image/svg+xml," + markup.replace(/[#<>"]/g, (char) => ESCAPES[char] ?? char);
}

/** A still life in the colours of its number: 1xxx listings, 2xxx photographs, 3xxx faces. */
export function fakePicture(id: number): string {
	const hue = (id * 47) % 360;
	const sky = `hsl(${hue} 34% 74%)`;
	const far = `hsl(${(hue + 24) % 360} 30% 56%)`;
	const near = `hsl(${(hue + 40) % 360} 34% 40%)`;
	if (id >= 3000) {
		return svg(
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><rect width="80" height="80" fill="${sky}"/>` +
				`<circle cx="40" cy="31" r="14" fill="${near}"/><path d="M12 80a28 28 0 0 1 56 0z" fill="${near}"/></svg>`,
		);
	}
	const tall = id === 2002;
	const [width, height] = tall ? [300, 400] : [400, 300];
	return svg(
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width * 3}" height="${height * 3}">` +
			`<rect width="${width}" height="${height}" fill="${sky}"/><circle cx="${width * 0.72}" cy="${height * 0.28}" r="34" fill="white" opacity=".7"/>` +
			`<path d="M0 ${height * 0.74}L${width * 0.3} ${height * 0.38}L${width * 0.55} ${height * 0.68}L${width * 0.78} ${height * 0.46}L${width} ${height * 0.72}V${height}H0z" fill="${far}"/>` +
			`<path d="M0 ${height * 0.86}Q${width * 0.5} ${height * 0.66} ${width} ${height * 0.88}V${height}H0z" fill="${near}"/></svg>`,
	);
}

/** Three seconds of a soft hum as a WAV file. */
export function fakeVoice(): Blob {
	const rate = 8000;
	const samples = rate * 3;
	const view = new DataView(new ArrayBuffer(44 + samples * 2));
	const word = (at: number, value: string) => [...value].forEach((char, index) => view.setUint8(at + index, char.charCodeAt(0)));
	word(0, "RIFF");
	view.setUint32(4, 36 + samples * 2, true);
	word(8, "WAVEfmt ");
	view.setUint32(16, 16, true);
	view.setUint16(20, 1, true);
	view.setUint16(22, 1, true);
	view.setUint32(24, rate, true);
	view.setUint32(28, rate * 2, true);
	view.setUint16(32, 2, true);
	view.setUint16(34, 16, true);
	word(36, "data");
	view.setUint32(40, samples * 2, true);
	for (let index = 0; index < samples; index++) {
		const loudness = 0.2 * Math.abs(Math.sin(index / 900));
		view.setInt16(44 + index * 2, Math.sin((index * 2 * Math.PI * 190) / rate) * loudness * 32767, true);
	}
	return new Blob([view.buffer], { type: "audio/wav" });
}
