/**
 * An `.intunewin` file, as Microsoft Intune takes a Win32 app: an archive of the scripts, encrypted, in an archive with the keys beside it.
 * The encryption therefore hides nothing from who has the file.
 *
 * Microsoft documents only the tool that makes it; the layout is that of published packages.
 *
 * Sources: https://github.com/microsoft/Microsoft-Win32-Content-Prep-Tool (the tool), https://github.com/svrooij/ContentPrep and
 * https://github.com/kenchan0130/intunewin (the layout); for what Microsoft Graph is told of the app (v1.0),
 * https://learn.microsoft.com/graph/api/resources/intune-apps-win32lobapp with win32lobapppowershellscriptrule, win32lobappregistryrule,
 * win32lobappreturncode and win32lobappassignmentsettings.
 */
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { xml } from "../../../base/quote.ts";
import { type ZipEntry, zip } from "../../../base/zip.ts";
import type { Data } from "../kit.ts";

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

/** How the agent starts a script of the package. */
export const command = (script: string) =>
	`powershell.exe -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File ${script}`;

/** What a code means for the agent. 12 is tried again after five minutes, three times: a file that is in use is free then. */
const returnCodes = [
	[0, "success"],
	[12, "retry"],
	[2, "failed"],
	[11, "failed"],
	[13, "failed"],
] as const;

/** 1607 is the oldest Windows 10 that Intune names; Windows PowerShell 5.1 is asked for by the version that it writes into the registry. */
export function win32LobApp(displayName: string, description: string): Data {
	return {
		"@odata.type": "#microsoft.graph.win32LobApp",
		displayName,
		description,
		publisher: "otel-crossfade",
		fileName: CONTENT,
		setupFilePath: "remediate.ps1",
		installCommandLine: command("remediate.ps1"),
		uninstallCommandLine: command("uninstall.ps1"),
		applicableArchitectures: "x86,x64",
		minimumSupportedWindowsRelease: "1607",
		installExperience: {
			"@odata.type": "#microsoft.graph.win32LobAppInstallExperience",
			runAsAccount: "system",
			deviceRestartBehavior: "suppress",
		},
		rules: [
			{
				"@odata.type": "#microsoft.graph.win32LobAppPowerShellScriptRule",
				ruleType: "detection",
				enforceSignatureCheck: false,
				runAs32Bit: false,
				scriptContent: { embed: "detect.ps1", as: "base64" },
				operationType: "notConfigured",
				operator: "notConfigured",
			},
			{
				"@odata.type": "#microsoft.graph.win32LobAppRegistryRule",
				ruleType: "requirement",
				check32BitOn64System: false,
				keyPath: "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\PowerShell\\3\\PowerShellEngine",
				valueName: "PowerShellVersion",
				operationType: "version",
				operator: "greaterThanOrEqual",
				comparisonValue: "5.1",
			},
		],
		returnCodes: returnCodes.map(([returnCode, type]) => ({
			"@odata.type": "#microsoft.graph.win32LobAppReturnCode",
			returnCode,
			type,
		})),
	};
}

/** The app for the devices of a group, without a word to the person there. It replaces all assignments that the app has. */
export function requiredFor(groupId: string): Data {
	return {
		mobileAppAssignments: [
			{
				"@odata.type": "#microsoft.graph.mobileAppAssignment",
				intent: "required",
				target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId },
				settings: { "@odata.type": "#microsoft.graph.win32LobAppAssignmentSettings", notifications: "hideAll" },
			},
		],
	};
}
