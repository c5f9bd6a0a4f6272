import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate that signed itself, and its key, as PEM texts. */
export interface SelfSigned {
	readonly cert: string;
	readonly key: string;
}

interface SelfSignedOptions {
	/** The one IPv4 address that it names. */
	readonly address?: string;
	/** Days from now to its beginning and to its end; either may be over. */
	readonly days?: readonly [from: number, to: number];
}

const DAY_MS = 86_400_000;

/** Makes a certificate without openssl. https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
export function selfSigned({ address = "127.0.0.1", days = [-1, 30] }: SelfSignedOptions = {}): SelfSigned {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const name = sequence(set(sequence(objectId("550403"), der(0x0c, Buffer.from("crossfade test")))));
	const algorithm = sequence(objectId("2a8648ce3d040302"));
	const time = (offset: number) => {
		const text = new Date(Date.now() + offset * DAY_MS).toISOString().replace(/[-:T]|\.\d+/g, "");
		return der(0x18, Buffer.from(text));
	};
	const names = sequence(der(0x87, Buffer.from(address.split(".").map(Number))));
	const body = sequence(
		der(0xa0, integer(Buffer.from([2]))),
		integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
		algorithm,
		name,
		sequence(time(days[0]), time(days[1])),
		name,
		publicKey.export({ type: "spki", format: "der" }),
		der(0xa3, sequence(sequence(objectId("551d11"), der(0x04, names)))),
	);
	const signature = sign("sha256", body, privateKey);
	const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
	const lines = certificate.toString("base64").replace(/(.{64})/g, "$1\n");
	return {
		cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
		key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
	};
}

function der(tag: number, content: Buffer): Buffer {
	const { length } = content;
	const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]) => der(0x31, Buffer.concat(parts));
const integer = (bytes: Buffer) => der(0x02, bytes);
const objectId = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
