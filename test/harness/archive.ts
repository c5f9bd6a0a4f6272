import { inflateRawSync } from "node:zlib";

export interface ArchivedFile {
	readonly name: string;
	readonly method: number;
	readonly flags: number;
	readonly bytes: Buffer;
}

/** The files of a zip archive by its central directory, as its readers find them; written without a look at what writes ours. */
export function filesOfArchive(archive: Uint8Array): ArchivedFile[] {
	const zip = Buffer.from(archive);
	const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
	const count = zip.readUInt16LE(end + 10);
	let at = zip.readUInt32LE(end + 16);
	return Array.from({ length: count }, () => {
		if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error("no entry of the central directory");
		const [nameLength, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
			number,
			number,
			number,
		];
		const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
		const method = zip.readUInt16LE(at + 10);
		const flags = zip.readUInt16LE(at + 8);
		const local = zip.readUInt32LE(at + 42);
		const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
		const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20));
		const bytes = method === 8 ? inflateRawSync(packed) : packed;
		if (bytes.length !== zip.readUInt32LE(at + 24)) throw new Error(`${name} has another size`);
		at += 46 + nameLength + extra + comment;
		return { name, method, flags, bytes };
	});
}
