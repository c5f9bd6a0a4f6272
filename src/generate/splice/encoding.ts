import { CrossfadeError } from "../../base/errors.ts";

/** A text and how to encode it again. */
export interface DecodedText {
	readonly text: string;
	/** The bytes of a text in the same encoding, with the same byte order mark. */
	readonly encode: (text: string) => Uint8Array;
}

const BOM = "\ufeff";

/**
 * Decodes UTF-8 (with or without byte order mark) and UTF-16 with a byte order mark, as Windows editors write them. Refuses anything that would
 * not round-trip byte for byte, and files with NUL characters, which no config contains.
 */
export function decodeText(bytes: Uint8Array, file: string): DecodedText {
	const buffer = Buffer.from(bytes);
	const encoding = encodingOf(buffer);
	const whole =
		encoding === "utf16be" ? Buffer.from(evenBytes(buffer)).swap16().toString("utf16le") : buffer.toString(encoding);
	const bom = whole.startsWith(BOM) ? BOM : "";
	const encode = (text: string): Uint8Array => {
		if (encoding !== "utf16be") return Buffer.from(bom + text, encoding);
		return Buffer.from(bom + text, "utf16le").swap16();
	};
	const text = whole.slice(bom.length);
	if (text.includes("\0")) throw notText(file, "binary data");
	if (!Buffer.from(encode(text)).equals(buffer)) throw notText(file, "invalid bytes");
	return { text, encode };
}

function encodingOf(buffer: Buffer): "utf8" | "utf16le" | "utf16be" {
	if (buffer[0] === 0xff && buffer[1] === 0xfe) return "utf16le";
	return buffer[0] === 0xfe && buffer[1] === 0xff ? "utf16be" : "utf8";
}

function evenBytes(buffer: Buffer): Buffer {
	return buffer.subarray(0, buffer.length - (buffer.length % 2));
}

function notText(file: string, got: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the file is not text that can be changed safely",
		expected: "UTF-8, or UTF-16 with a byte order mark",
		got,
		where: { file },
		fix: "check that this is the config, and save it as UTF-8",
	});
}
