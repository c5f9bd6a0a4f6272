/** Writes protobuf, field by field: what a test needs to make bodies that no library would. */
export function varint(value: number): Buffer {
	const bytes: number[] = [];
	let rest = value;
	for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
	return Buffer.from([...bytes, rest]);
}

/** A length-delimited field. */
export function field(number: number, ...content: readonly (Uint8Array | string)[]): Buffer {
	const body = Buffer.concat(content.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
	return Buffer.concat([varint(number * 8 + 2), varint(body.length), body]);
}

export function attribute(key: string, value: string): Buffer {
	return field(1, field(1, key), field(2, field(1, value)));
}

/** A log export request: for each resource its attributes, its scope's name and how many empty records it has. */
export function logsRequest(
	...resources: readonly { attributes: Readonly<Record<string, string>>; scope?: string; records: number }[]
): Buffer {
	return Buffer.concat(
		resources.map(({ attributes, scope = "", records }) => {
			const resource = field(1, ...Object.entries(attributes).map(([key, value]) => attribute(key, value)));
			const logs = Array.from({ length: records }, () => field(2));
			return field(1, resource, field(2, field(1, field(1, scope)), ...logs));
		}),
	);
}
