import { type Document, isMap, isScalar, type Scalar } from "yaml";
import { CrossfadeError } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import { type AlloyStatement, parseAlloy, stringValue } from "../splice/alloy-syntax.ts";
import type { ConfigPlace } from "../splice/locate.ts";
import { parseYaml } from "../splice/yaml-document.ts";
import { componentSections, configModel, textsBelow } from "./config-model.ts";
import { isCredentialKey } from "./credentials.ts";

/** A file from which a config reads a credential. */
export interface TokenFile {
	/** As it is written: it may be relative, or have a variable in it. */
	readonly path: string;
	/** The collector notices by itself that it was replaced; otherwise it reads it with its config. */
	readonly isWatched: boolean;
	/** Read by the file watcher that `bearertokenauth` and `headers_setter` share. */
	readonly byWatcher: boolean;
	/** The config that reads it. */
	readonly place: ConfigPlace;
	/** Where it is named; of a config in a text, where that begins. */
	readonly at: number;
}

/** Settings that name a file with a credential, by component type; these components watch the file, or read it for each request. */
const FILE_KEYS: Readonly<Record<string, readonly string[]>> = {
	bearertokenauth: ["filename"],
	headers_setter: ["value_file"],
	oauth2client: ["client_secret_file"],
	basicauth: ["password_file"],
};
const WATCHER = ["bearertokenauth", "headers_setter"];

/** The credential files of every config in some documents; `alloy` are texts in Alloy's language. */
export function tokenFilesIn(
	documents: readonly Document[],
	places: readonly ConfigPlace[],
	alloy: readonly Scalar[],
): TokenFile[] {
	return [
		...places.flatMap((place) => filesOf(place)),
		...alloy.flatMap((scalar) => {
			const at = scalar.range?.[0] ?? 0;
			const document = documents.find(({ range }) => range && range[0] <= at && at < range[2]);
			if (!document) return [];
			const place = { document, label: "", node: scalar, path: [], chart: undefined };
			return alloyFiles(String(scalar.value)).map((path) => ({ path, isWatched: true, byWatcher: false, place, at }));
		}),
	];
}

function filesOf(place: ConfigPlace): TokenFile[] {
	const { document, node } = place;
	if (isScalar(node)) {
		const inner = readQuietly(() => parseYaml(String(node.value), "embedded.yaml"));
		const [first] = inner?.documents ?? [];
		return first && isMap(first.contents)
			? filesOf({ ...place, document: first, node: first.contents }).map((found) => ({
					...found,
					place,
					at: node.range?.[0] ?? 0,
				}))
			: [];
	}
	const { components } = configModel(document, node);
	return components.flatMap(({ section, type, value }) => {
		if (!componentSections.some((each) => each === section)) return [];
		const keys = section === "extensions" ? (ownEntry(FILE_KEYS, type) ?? []) : [];
		return textsBelow(document, value).flatMap(({ path, text, at }): TokenFile[] => {
			const key = path.at(-1) ?? "";
			if (keys.includes(key)) return [{ path: text, isWatched: true, byWatcher: WATCHER.includes(type), place, at }];
			const read = isCredentialKey(key) ? /\$\{file:(\/[^}]+)\}/.exec(text)?.[1] : undefined;
			return read ? [{ path: read, isWatched: false, byWatcher: false, place, at }] : [];
		});
	});
}

/** Files that an Alloy config reads as secrets. */
function alloyFiles(text: string): string[] {
	const walk = (statements: readonly AlloyStatement[]): string[] =>
		statements.flatMap((each) => {
			if (each.kind === "attribute") return [];
			if (each.name !== "local.file") return walk(each.body);
			const set = (name: string) =>
				each.body.flatMap((inner) => (inner.kind === "attribute" && inner.name === name ? inner.value : []))[0];
			const name = set("filename");
			return set("is_secret")?.text === "true" && name?.kind === "string" ? [stringValue(name)] : [];
		});
	return walk(readQuietly(() => parseAlloy(text, "embedded.alloy")) ?? []);
}

/** Reads what is reported elsewhere if it cannot be read. */
export function readQuietly<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof CrossfadeError) return undefined;
		throw error;
	}
}
