/** One field of a protobuf message: a varint or fixed number as its 64 bits, or the bytes of anything with a length. */
export interface Field {
	readonly number: number;
	readonly value: bigint | Uint8Array;
	/** A number of four or eight bytes, and no varint. */
	readonly isFixed?: true;
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
	const readers: Readonly<Record<number, () => Omit<Field, "number">>> = {
		0: () => ({ value: varint() }),
		1: () => ({ value: Buffer.from(take(8)).readBigUInt64LE(), isFixed: true }),
		2: () => ({ value: take(Number(varint())) }),
		5: () => ({ value: BigInt(Buffer.from(take(4)).readUInt32LE()), isFixed: true }),
	};
	try {
		while (at < bytes.length) {
			const tag = Number(varint());
			const read = readers[tag & 7];
			// A tag has 32 bits: a longer one would count as that of another field.
			if (!read || tag > 0xffffffff || tag >>> 3 === 0) return undefined;
			fields.push({ number: tag >>> 3, ...read() });
		}
		return fields;
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}
