/** One field of a protobuf message: a varint or fixed number as its 64 bits, or the bytes of anything with a length. */
export interface Field {
	readonly number: number;
	readonly value: bigint | Uint8Array;
}

/** The fields of a protobuf message, or undefined for anything else: wrong lengths, groups, unterminated numbers. */
export function protobufFields(bytes: Uint8Array): Field[] | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const fields: Field[] = [];
	let at = 0;
	const varint = (): bigint => {
		let value = 0n;
		for (let shift = 0n; shift < 70n; shift += 7n) {
			const byte = view.getUint8(at++);
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) return BigInt.asUintN(64, value);
		}
		throw new RangeError("a number that does not end");
	};
	const take = (length: number): Uint8Array => {
		at += length;
		if (at > bytes.length) throw new RangeError("a length that runs over the end");
		return bytes.subarray(at - length, at);
	};
	const readers: Readonly<Record<number, () => bigint | Uint8Array>> = {
		0: varint,
		1: () => Buffer.from(take(8)).readBigUInt64LE(),
		2: () => take(Number(varint())),
		5: () => BigInt(Buffer.from(take(4)).readUInt32LE()),
	};
	try {
		while (at < bytes.length) {
			const tag = Number(varint());
			const read = readers[tag & 7];
			if (!read || tag >>> 3 === 0) return undefined;
			fields.push({ number: tag >>> 3, value: read() });
		}
		return fields;
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}
