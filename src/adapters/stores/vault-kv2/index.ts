/**
 * One field of a secret in a KV engine of version 2, of HashiCorp Vault or OpenBao. The secret is read and written as a whole under
 * check-and-set: the other fields stay, and a version that somebody wrote meanwhile is not overwritten. A check sends a write with a version
 * number that cannot be the current one: the server looks at policy and engine, and refuses it for that number alone.
 *
 * Sources: https://openbao.org/api-docs/secret/kv/kv-v2/#create-update-secret,
 * https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#create-update-secret,
 * https://openbao.org/docs/concepts/policies/.
 */
import { ownEntry } from "../../../base/lookup.ts";
import { fenceOf, promoteComparing } from "../compare.ts";
import { holdsOf, type OurFields, pairProblem } from "../fields.ts";
import { textIn } from "../http.ts";
import {
	type Store,
	type StoreCheck,
	type StoreFence,
	type StoreHolds,
	type StoreKind,
	type StoreReach,
	type StoreRecord,
	type StoreSettings,
	type StoreTrouble,
	type StoreWrite,
	type StoreWritten,
	settingOf,
} from "../store.ts";
import { KvClient, type KvVersion } from "./client.ts";

/** What each way to log in needs. */
const AUTH: Readonly<Record<string, readonly string[]>> = {
	token: ["token"],
	approle: ["role-id", "secret-id"],
	kubernetes: ["role"],
	jwt: ["role", "jwt"],
};

export const store: StoreKind = {
	id: "vault-kv2",
	title: "Vault or OpenBao, KV version 2",
	order: 40,
	settings: [
		{ name: "url", form: "url", required: true, description: "The server, such as https://vault.example.com:8200." },
		{ name: "mount", form: "text", standard: "secret", description: "Where the KV engine is mounted." },
		{ name: "path", form: "text", required: true, description: "The secret, below the mount." },
		{ name: "field", form: "text", standard: "token", description: "The field of the secret that has the token." },
		{ name: "public-field", form: "text", description: "The field of the public id, of a provider with pairs." },
		{ name: "namespace", form: "text", description: "The namespace, where the server has them." },
		{ name: "auth", form: "text", standard: "token", choices: Object.keys(AUTH), description: "How to log in." },
		{ name: "auth-mount", form: "text", description: "Where the method is mounted, if not under its own name." },
		{ name: "token", form: "reference", description: "For token: the server's token." },
		{ name: "role-id", form: "reference", description: "For approle." },
		{ name: "secret-id", form: "reference", description: "For approle." },
		{ name: "role", form: "text", description: "For kubernetes and jwt: the role." },
		{ name: "jwt", form: "reference", description: "For jwt, and for kubernetes if it is not the pod's own: the JWT." },
		{ name: "ca", form: "path", description: "A PEM file of authorities to trust besides the usual ones." },
		{
			name: "fence",
			form: "text",
			description:
				"The path of a record that keeps other machines out during a rotation; if not given, PATH.crossfade.",
		},
	],
	proof: "conditional-write",
	readsBack: true,
	conflict(settings) {
		const missing = (ownEntry(AUTH, settingOf(settings, "auth")) ?? []).filter((name) => settings[name] === undefined);
		if (missing.length > 0) return `auth ${settingOf(settings, "auth")} needs ${missing.join(" and ")}`;
		if (settings["fence"] === settings["path"]) return "fence and path are the same secret";
		return settings["public-field"] === settings["field"] ? "field and public-field are the same field" : undefined;
	},
	place(settings) {
		const [mount, path, field] = ["mount", "path", "field"].map((name) => settingOf(settings, name));
		const namespace = settings["namespace"] === undefined ? "" : `${settingOf(settings, "namespace")}/`;
		return `${new URL(settingOf(settings, "url")).host} ${namespace}${mount}/${path} field ${field}`;
	},
	open: vault,
	record: journalRecord,
	sources: [
		"https://openbao.org/api-docs/secret/kv/kv-v2/#create-update-secret",
		"https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#create-update-secret",
		"https://openbao.org/docs/concepts/policies/",
	],
};

/** Larger than the number of any version. */
const NO_VERSION = 2_147_483_647;

function vault(settings: StoreSettings, reach: StoreReach): Store {
	const client = new KvClient(settings, reach);
	const path = settingOf(settings, "path");
	const field = settingOf(settings, "field");
	const publicField = settings["public-field"] as string | undefined;
	const ours = ({ fields = {} }: KvVersion): OurFields => ({
		token: textIn(fields, field),
		publicId: publicField && textIn(fields, publicField),
	});

	return {
		async read(): Promise<StoreHolds> {
			const found = await client.read(path);
			if ("why" in found) return { is: "unreachable", why: found.why, nextStep: found.nextStep };
			return holdsOf(ours(found), `the field ${field}`, String(found.version));
		},
		async check(): Promise<StoreCheck> {
			const found = await client.read(path);
			if ("why" in found) return { can: "no", how: found.why, nextStep: found.nextStep };
			const odd = oddity(found, field);
			if (odd) return { can: "no", how: odd.why, nextStep: odd.nextStep };
			const done = await client.write(path, { crossfade: "check" }, NO_VERSION);
			if (done === "stale")
				return { can: "proven", how: "a write with a version number that cannot be was refused for that number alone" };
			if ("why" in done) return { can: "no", how: done.why, nextStep: done.nextStep };
			const how = "the server does not compare versions: it took a write with a wrong number";
			return { can: "no", how, nextStep: `restore the version before ${done.version} of ${path}` };
		},
		async promote(write: StoreWrite): Promise<StoreWritten> {
			const unfit = pairProblem(settings, write, "public-field");
			if (unfit) return unfit;
			return promoteComparing(write, path, async () => {
				const found = await client.read(path);
				if ("why" in found) return found;
				const { token, publicId } = write.value;
				const fields = {
					...found.fields,
					[field]: token.reveal(),
					...(publicField && { [publicField]: publicId }),
				};
				return {
					fields: ours(found),
					version: String(found.version),
					problem: oddity(found, field),
					put: () => client.write(path, fields, found.version),
				};
			});
		},
		fence: fence(client, (settings["fence"] as string | undefined) ?? `${path}.crossfade`),
		close: () => client.close(),
	};
}

/** Why a secret cannot be written again without a change to what is not ours. */
function oddity({ fields = {}, isExact }: KvVersion, field: string): StoreTrouble | undefined {
	const own = Object.hasOwn(fields, field) ? fields[field] : undefined;
	if (own !== undefined && typeof own !== "string")
		return { why: `the field ${field} is no text`, nextStep: "name the field that has the token", mayBeDone: false };
	if (isExact) return undefined;
	const why = "another field has a number that would be rounded when it is written again";
	return { why, nextStep: "store that number as text, or the token in a secret of its own", mayBeDone: false };
}

/** A secret beside the one with the token. Servers with integrated storage take entries of 1 MiB, with Consul's 512 KiB. */
function journalRecord(settings: StoreSettings, reach: StoreReach): StoreRecord {
	const client = new KvClient(settings, reach);
	const path = `${settingOf(settings, "path")}.crossfade-journal`;
	return {
		place: `${new URL(settingOf(settings, "url")).host} ${settingOf(settings, "mount")}/${path}`,
		maxBytes: 480_000,
		async read() {
			const found = await client.read(path);
			if ("why" in found) return found;
			return { text: textIn(found.fields ?? {}, "journal"), version: String(found.version) };
		},
		write: (text, version) => client.write(path, { journal: text }, Number(version)),
		close: () => client.close(),
	};
}

/** A secret that names the operation, beside the one with the token. */
function fence(client: KvClient, path: string): StoreFence {
	return fenceOf<number>({
		name: path,
		async look() {
			const found = await client.read(path);
			if ("why" in found) return found;
			const text = (name: string) => textIn(found.fields ?? {}, name) ?? "";
			return { operation: text("operation"), holder: text("holder"), version: found.version };
		},
		put: (record, version) => client.write(path, { ...record }, version),
	});
}
