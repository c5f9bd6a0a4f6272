/**
 * An `.intunewin` file, as Microsoft Intune takes a Win32 app: an archive of the scripts, encrypted, in an archive with the keys beside it.
 * The encryption therefore hides nothing from who has the file.
 *
 * Microsoft documents only the tool that makes it; the layout is that of published packages.
 *
 * Sources: https://github.com/microsoft/Microsoft-Win32-Content-Prep-Tool (the tool), https://github.com/svrooij/ContentPrep and
 * https://github.com/kenchan0130/intunewin (the layout).
 */
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { xml } from "../../../base/quote.ts";
import { type ZipEntry, zip } from "../../../base/zip.ts";

/** Of the tool whose packages this one looks like. */
const TOOL_VERSION = "1.8.4.0";
const CONTENT = "IntunePackage.intunewin";

/**
 * The package; its first file is the one that Intune calls the setup file. The keys follow from `seed`, 32 secret bytes, and the files, so
 * that the same files with the same seed give the same bytes.
 */
export function intuneWin(files: readonly ZipEntry[], seed: Uint8Array): Buffer {
	const [setup] = files;
	if (!setup) throw new TypeError("a package has a setup file");
	const plain = zip(files, "deflate");
	const digest = createHash("sha256").update(plain).digest();
	const derived = (purpose: string) => createHmac("sha256", seed).update(`${purpose}\0`).update(digest).digest();
	const key = derived("encryption key");
	const macKey = derived("mac key");
	const iv = derived("initialization vector").subarray(0, 16);
	const cipher = createCipheriv("aes-256-cbc", key, iv);
	const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final()]);
	const mac = createHmac("sha256", macKey).update(sealed).digest();
	const about = {
		Name: setup.name,
		UnencryptedContentSize: String(plain.length),
		FileName: CONTENT,
		SetupFile: setup.name,
	};
	const encryption = {
		EncryptionKey: key.toString("base64"),
		MacKey: macKey.toString("base64"),
		InitializationVector: iv.toString("base64"),
		Mac: mac.toString("base64"),
		ProfileIdentifier: "ProfileVersion1",
		FileDigest: digest.toString("base64"),
		FileDigestAlgorithm: "SHA256",
	};
	return zip(
		[
			{ name: `IntuneWinPackage/Contents/${CONTENT}`, bytes: Buffer.concat([mac, sealed]) },
			{ name: "IntuneWinPackage/Metadata/Detection.xml", bytes: Buffer.from(detection(about, encryption)) },
		],
		"stored",
	);
}

function detection(about: Readonly<Record<string, string>>, encryption: Readonly<Record<string, string>>): string {
	const elements = (values: Readonly<Record<string, string>>, margin: string) =>
		Object.entries(values).map(([name, value]) => `${margin}<${name}>${xml(value)}</${name}>`);
	const schema = "http://www.w3.org/2001/XMLSchema";
	const lines = [
		`<ApplicationInfo xmlns:xsd="${schema}" xmlns:xsi="${schema}-instance" ToolVersion="${TOOL_VERSION}">`,
		...elements(about, "  "),
		"  <EncryptionInfo>",
		...elements(encryption, "    "),
		"  </EncryptionInfo>",
		"</ApplicationInfo>",
	];
	return lines.join("\r\n");
}
