import { createHmac } from "node:crypto";
import type { KitFacts, Package, Payload } from "../../adapters/vehicles/kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../../adapters/vehicles/vehicle.ts";
import { ownEntry } from "../../base/lookup.ts";
import { withoutTriggerWords } from "../../base/trigger-words.ts";
import type { MdmSpec } from "../../spec/mdm.ts";
import type { Artefact } from "../render/artefact.ts";
import { renderEndpoint } from "../render/endpoint.ts";
import { type Manifest, manifestOf } from "./manifest.ts";
import { embeds, renderPayload } from "./payload.ts";
import { renderPage, renderSteps } from "./steps.ts";
import { GAP } from "./verify/pattern.ts";

export const MANIFEST = "manifest.json";
export const IGNORE_FILE = ".gitignore";

/** A file that contains the token, and how to render it. */
export interface FilledFile {
	/** Always `*.secret.*`. */
	readonly path: string;
	/** The file it copies, apart from the token. */
	readonly copyOf: string;
	fill(token: string): string;
}

/** A package of the vendor's form, which contains the token. */
export interface PackedFile {
	/** Always `*.secret.*`. */
	readonly path: string;
	/** The script with the token in it. */
	readonly copyOf: string;
	readonly purpose: string;
	readonly caution: string;
	pack(token: string): Uint8Array;
}

export interface RenderedKit {
	/** All files without a token, manifest included. */
	readonly artefacts: readonly Artefact[];
	/** The same files, manifest left out, by path, with every placeholder in them. */
	readonly plain: Readonly<Record<string, string>>;
	/** Those with a placeholder for the token. */
	readonly filled: readonly FilledFile[];
	/** Made of those and of the others. */
	readonly packed: readonly PackedFile[];
	readonly manifest: Manifest;
}

/**
 * Everything an admin needs for a vehicle. A given fingerprint (of the token machines should have) is filled into the files;
 * `withToken` says whether to write the files that contain the token as well.
 */
export function kitOf(
	spec: MdmSpec,
	options: { readonly fingerprint?: string; readonly withToken?: boolean } = {},
): RenderedKit {
	const { kit } = spec.vehicle;
	const facts = factsOf(spec);
	const provider = { title: spec.provider.title, endpoint: spec.endpoint, takes: spec.provider.takes };
	const scripts = kit.scripts.map(
		({ action, path, purpose }): Artefact => ({ ...renderEndpoint({ ...spec, action, provider }), path, purpose }),
	);
	const texts = Object.fromEntries(scripts.map(({ path, content }) => [path, content]));
	const payloads = kit.payloads(facts);
	const others: Artefact[] = payloads.map((payload) => ({
		path: payload.path,
		purpose: payload.purpose,
		content: renderPayload(payload, texts),
	}));
	if (spec.mode === "embedded") {
		others.push({
			path: IGNORE_FILE,
			content: "*.secret.*\n",
			purpose: "keeps files that contain the token out of Git",
		});
	}
	for (const [path, page] of Object.entries(kit.pages?.(facts) ?? {})) {
		others.push({ path, content: renderPage(page), purpose: `the steps for ${page.title}` });
	}
	const listed = [...scripts, ...others];
	const steps = { path: "STEPS.md", content: renderSteps(spec, facts, listed), purpose: "step-by-step instructions" };
	const all = [...listed, steps];

	const plain = Object.fromEntries(all.map(({ path, content }) => [path, content]));
	const put = (token: string) => {
		const literal = spec.vehicle.language === "ps1" ? withoutTriggerWords(token, GAP) : token;
		return (text: string) =>
			fillFingerprint(
				text.replaceAll(TOKEN_PLACEHOLDER, () => literal),
				options.fingerprint,
			);
	};
	const filled = filledFiles(tokenFiles(spec, payloads), { payloads, texts, put });
	const packed = spec.mode === "embedded" ? (kit.packages ?? []).map((each) => packedFile(each, texts, put)) : [];
	const secretFiles = options.withToken ? [...filled, ...packed].map(({ path, copyOf }) => ({ path, copyOf })) : [];
	const manifest = manifestOf(spec, { files: plain, secretFiles, fingerprint: options.fingerprint });
	const filledTexts = Object.fromEntries(
		Object.entries(texts).map(([path, text]) => [path, fillFingerprint(text, options.fingerprint)]),
	);
	const artefacts = all.map((artefact) => {
		if (artefact.path.endsWith(".md")) return artefact;
		// A script in it may be in base64.
		const payload = payloads.find(({ path }) => path === artefact.path);
		const content = payload ? renderPayload(payload, filledTexts) : artefact.content;
		return { ...artefact, content: fillFingerprint(content, options.fingerprint) };
	});
	artefacts.push({
		path: MANIFEST,
		content: `${JSON.stringify(manifest, undefined, 2)}\n`,
		purpose: "SHA-256 of each file, and the vendor's limits",
	});
	return { artefacts, plain, filled, packed, manifest };
}

/** Puts a token, and the fingerprint that is expected, into a text. */
type Put = (token: string) => (text: string) => string;
type Texts = Readonly<Record<string, string>>;

function filledFiles(
	paths: readonly string[],
	{ payloads, texts, put }: { readonly payloads: readonly Payload[]; readonly texts: Texts; readonly put: Put },
): FilledFile[] {
	return paths.map((path) => {
		const payload = payloads.find((each) => each.path === path);
		return {
			path: secretName(path),
			copyOf: path,
			fill: (token) => {
				const into = put(token);
				if (!payload) return into(ownEntry(texts, path) ?? "");
				const own = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, into(text)]));
				return into(renderPayload(payload, own));
			},
		};
	});
}

function packedFile({ path, purpose, caution, scripts, pack }: Package, texts: Texts, put: Put): PackedFile {
	return {
		path: secretName(path),
		copyOf: scripts[0] ?? path,
		purpose,
		caution,
		pack: (token) => {
			const files = scripts.map((name) => {
				const text = ownEntry(texts, name);
				if (text === undefined) throw new TypeError(`${path} has ${name}, which is not there`);
				return { name, bytes: Buffer.from(put(token)(text)) };
			});
			return pack(files, createHmac("sha256", token).update("otel-crossfade package").digest());
		},
	};
}

/** What a kit's text depends on. */
export function factsOf({ mode, provider, endpoint, clis, scope }: MdmSpec): KitFacts {
	return { mode, provider: provider.title, endpoint, clis: clis.map(({ id }) => id), scope };
}

/** The files that take the token: install scripts, and payloads that embed them. */
function tokenFiles(spec: MdmSpec, payloads: ReturnType<MdmSpec["vehicle"]["kit"]["payloads"]>): string[] {
	if (spec.mode !== "embedded") return [];
	const scripts = spec.vehicle.kit.scripts.filter(({ action }) => action === "install").map(({ path }) => path);
	const around = payloads.filter(({ data }) => embeds(data).some(({ embed }) => scripts.includes(embed)));
	return [...scripts, ...around.map(({ path }) => path)];
}

/** `install.sh` -> `install.secret.sh`. */
export function secretName(path: string): string {
	return path.replace(/\.(\w+)$/, ".secret.$1");
}

function fillFingerprint(text: string, fingerprint: string | undefined): string {
	return fingerprint === undefined ? text : text.replaceAll(FINGERPRINT_PLACEHOLDER, fingerprint);
}
