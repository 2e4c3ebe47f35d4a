// A file as commands take it.

export function toBase64(file: File): Promise<string> {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
		reader.onerror = () => reject(reader.error ?? new Error("unreadable file"));
		reader.readAsDataURL(file);
	});
}
