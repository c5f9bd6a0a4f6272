/** A file in an archive; the name has slashes between folders and is ASCII. */
export interface ZipEntry {
	readonly name: string;
	readonly bytes: Uint8Array;
}

/** As it is, or as a deflate stream, which does not make it smaller: every library and release would write another. */
type ZipMethod = "stored" | "deflate";

const METHODS: Readonly<Record<ZipMethod, number>> = { stored: 0, deflate: 8 };
/** Names are UTF-8. */
const FLAGS = 0x800;
/** 1 January 1980, the first there is. */
const DATE = 0x21;
const VERSION = 20;
/** The largest block of a deflate stream that is not compressed. */
const BLOCK = 0xffff;

/**
 * An archive of these files in this order: the same bytes everywhere. For less than 4 GiB and 65,536 files.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function zip(entries: readonly ZipEntry[], method: ZipMethod): Buffer {
	const files: Buffer[] = [];
	const index: Buffer[] = [];
	let at = 0;
	for (const { name, bytes } of entries) {
		if (!/^[ -~]+$/.test(name)) throw new TypeError("the name of a file in an archive is ASCII");
		const data = method === "stored" ? Buffer.from(bytes) : deflated(bytes);
		const facts = [VERSION, FLAGS, METHODS[method], 0, DATE];
		const sizes = [crc32(bytes), data.length, bytes.length];
		const label = Buffer.from(name);
		const head = Buffer.concat([longs(0x04034b50), shorts(...facts), longs(...sizes), shorts(label.length, 0), label]);
		files.push(head, data);
		const rest = [label.length, 0, 0, 0, 0];
		index.push(
			Buffer.concat([
				longs(0x02014b50),
				shorts(VERSION, ...facts),
				longs(...sizes),
				shorts(...rest),
				longs(0, at),
				label,
			]),
		);
		at += head.length + data.length;
	}
	const length = index.reduce((sum, each) => sum + each.length, 0);
	const end = [longs(0x06054b50), shorts(0, 0, entries.length, entries.length), longs(length, at), shorts(0)];
	return Buffer.concat([...files, ...index, ...end]);
}

/** Blocks that are not compressed. https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4 */
function deflated(bytes: Uint8Array): Buffer {
	const blocks: Uint8Array[] = [];
	let at = 0;
	do {
		const part = bytes.subarray(at, at + BLOCK);
		at += part.length;
		blocks.push(Uint8Array.of(at < bytes.length ? 0 : 1), shorts(part.length, part.length ^ 0xffff), part);
	} while (at < bytes.length);
	return Buffer.concat(blocks);
}

/** https://www.rfc-editor.org/rfc/rfc1952#section-8 */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
	let value = byte;
	for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
	return value;
});

function crc32(bytes: Uint8Array): number {
	let value = 0xffffffff;
	for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
	return (value ^ 0xffffffff) >>> 0;
}

/** Numbers of two bytes, the low one first. */
function shorts(...numbers: readonly number[]): Buffer {
	const bytes = Buffer.alloc(numbers.length * 2);
	for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, index * 2);
	return bytes;
}

/** Numbers of four bytes, the low one first. */
function longs(...numbers: readonly number[]): Buffer {
	const bytes = Buffer.alloc(numbers.length * 4);
	for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, index * 4);
	return bytes;
}
