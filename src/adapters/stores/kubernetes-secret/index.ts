/**
 * One key of a Secret. A merge patch changes that key and nothing else, only if the Secret still has the resourceVersion that was read. A check
 * sends the same patch with the key's own value as a dry run: admission and rights are looked at, nothing is stored. A projected volume follows
 * by the kubelet's sync; environment variables and subPath mounts never do.
 *
 * Sources: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions,
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run, https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable,
 * https://kubernetes.io/docs/concepts/architecture/leases/.
 */
import { ownEntry } from "../../../base/lookup.ts";
import { fenceOf, promoteComparing } from "../compare.ts";
import { holdsOf, type OurFields, pairProblem } from "../fields.ts";
import { objectAt, textIn } from "../http.ts";
import {
	type Compared,
	type Store,
	type StoreAnswer,
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
import type { KubeClient } from "./client.ts";

export const store: StoreKind = {
	id: "kubernetes-secret",
	title: "Kubernetes Secret",
	order: 50,
	settings: [
		{ name: "name", form: "text", required: true, description: "The Secret." },
		{ name: "namespace", form: "text", description: "Its namespace, if not that of the context or the pod." },
		{ name: "key", form: "text", standard: "token", description: "The key of the Secret that has the token." },
		{ name: "public-key", form: "text", description: "The key of the public id, of a provider with pairs." },
		{
			name: "kubeconfig",
			form: "path",
			description: "How to reach the cluster; if not given, from within a pod as that pod, else as kubectl does.",
		},
		{ name: "context", form: "text", description: "The context of the kubeconfig, if not its current one." },
		{
			name: "fence",
			form: "text",
			description: "The name of a Lease that keeps other machines out during a rotation; if not given, NAME-crossfade.",
		},
	],
	proof: "conditional-write",
	readsBack: true,
	conflict: ({ key, "public-key": publicKey }) =>
		key === publicKey ? "key and public-key are the same key" : undefined,
	place(settings) {
		const cluster = settings["context"] ?? settings["kubeconfig"] ?? "the current cluster";
		const namespace = settings["namespace"] ?? "its namespace";
		return `Secret ${settingOf(settings, "name")} in ${namespace} of ${cluster}, key ${settingOf(settings, "key")}`;
	},
	open: secret,
	record: journalRecord,
	sources: [
		"https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions",
		"https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run",
		"https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable",
		"https://kubernetes.io/docs/concepts/architecture/leases/",
	],
};

/** A Secret as the server gave it. */
interface Found {
	readonly data: Readonly<Record<string, unknown>>;
	readonly metadata: Readonly<Record<string, unknown>>;
	readonly version: string;
	readonly isImmutable: boolean;
}

const CORE = "api/v1";
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A Secret on the server. */
class SecretObject {
	readonly name: string;
	readonly #open: () => Promise<KubeClient>;

	constructor(name: string, open: () => Promise<KubeClient>) {
		this.name = name;
		this.#open = open;
	}

	/** Undefined if there is no such Secret. */
	async look(): Promise<Found | StoreTrouble | undefined> {
		const client = await this.#open();
		const asked = await client.ask("GET", CORE, this.#path);
		if ("why" in asked) return asked;
		const { answer, document } = asked;
		if (isAbsent(answer, document)) return undefined;
		const trouble = client.trouble(answer, document);
		if (trouble) return trouble;
		const metadata = objectAt(document, "metadata");
		const version = textIn(metadata, "resourceVersion");
		if (version === undefined || textIn(objectAt(document), "kind") !== "Secret") {
			const why = "the server answered with something that is no Secret";
			return { why, nextStep: "check the cluster's address", mayBeDone: false };
		}
		const isImmutable = objectAt(document)["immutable"] === true;
		return { data: objectAt(document, "data"), metadata, version, isImmutable };
	}

	/** Makes it; "stale" if somebody was faster. */
	async create(data: object): Promise<Compared> {
		const client = await this.#open();
		const body = { apiVersion: "v1", kind: "Secret", metadata: { name: this.name }, data };
		const asked = await client.ask("POST", CORE, "secrets?fieldManager=otel-crossfade", body);
		return "why" in asked ? asked : written(client, asked);
	}

	/** Changes keys of the version that was read. */
	async patch(data: object, version: string, query = ""): Promise<Compared> {
		const client = await this.#open();
		const body = { metadata: { resourceVersion: version }, data };
		const asked = await client.ask("PATCH", CORE, `${this.#path}?${query}fieldManager=otel-crossfade`, body);
		return "why" in asked ? asked : written(client, asked);
	}

	get #path(): string {
		return `secrets/${encodeURIComponent(this.name)}`;
	}
}

function written(
	client: KubeClient,
	{ answer, document }: { readonly answer: StoreAnswer; readonly document: unknown },
): Compared {
	if (answer.kind === "answer" && answer.status === 409) return "stale";
	const trouble = client.trouble(answer, document);
	return trouble ?? { version: textIn(objectAt(document, "metadata"), "resourceVersion") ?? "" };
}

/** The server knows no such thing; another server's 404 is no such answer. */
function isAbsent(answer: StoreAnswer, document: unknown): boolean {
	return answer.kind === "answer" && answer.status === 404 && textIn(objectAt(document), "kind") === "Status";
}

/** The client, loaded and logged in to on use. */
function opener(settings: StoreSettings, reach: StoreReach): () => Promise<KubeClient> {
	const { kubeconfig, context, namespace } = settings as Readonly<Record<string, string | undefined>>;
	let opened: Promise<KubeClient> | undefined;
	return () => {
		opened ??= import("./client.ts").then(
			({ KubeClient }) => new KubeClient({ kubeconfig, context, namespace }, reach),
		);
		return opened;
	};
}

const JOURNAL = "journal";

/** A Secret beside the one with the token. https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
function journalRecord(settings: StoreSettings, reach: StoreReach): StoreRecord {
	const name = `${settingOf(settings, "name")}-crossfade-journal`;
	const object = new SecretObject(name, opener(settings, reach));
	return {
		place: `Secret ${name} in ${settings["namespace"] ?? "its namespace"}`,
		maxBytes: 720_000,
		async read() {
			const found = await object.look();
			if (found === undefined) return { text: undefined, version: "" };
			if ("why" in found) return found;
			const text = textIn(found.data, JOURNAL);
			return { text: text && Buffer.from(text, "base64").toString("utf8"), version: found.version };
		},
		write(text, version) {
			const data = { [JOURNAL]: base64(text) };
			return version === "" ? object.create(data) : object.patch(data, version);
		},
	};
}

function secret(settings: StoreSettings, reach: StoreReach): Store {
	const given = settings as Readonly<Record<string, string | undefined>>;
	const { name = "", key = "", "public-key": publicKey } = given;
	const open = opener(settings, reach);
	const object = new SecretObject(name, open);
	const ours = ({ data }: Found): OurFields => {
		const value = (of: string) => {
			const text = textIn(data, of);
			return text === undefined ? undefined : Buffer.from(text, "base64").toString("utf8");
		};
		return { token: value(key), publicId: publicKey === undefined ? undefined : value(publicKey) };
	};
	return {
		async read(): Promise<StoreHolds> {
			const found = await object.look();
			if (found === undefined) return { is: "empty" };
			if ("why" in found) return { is: "unreachable", why: found.why, nextStep: found.nextStep };
			return holdsOf(ours(found), `the key ${key}`, found.version);
		},
		check: () => check(object, key),
		async promote(write: StoreWrite): Promise<StoreWritten> {
			const unfit = pairProblem(settings, write, "public-key");
			if (unfit) return unfit;
			const { token, publicId } = write.value;
			const data = {
				[key]: base64(token.reveal()),
				...(publicKey !== undefined && { [publicKey]: base64(publicId ?? "") }),
			};
			return promoteComparing(write, `the Secret ${name}`, async () => {
				const found = await object.look();
				if (found && "why" in found) return found;
				return {
					fields: found ? ours(found) : { token: undefined },
					version: found?.version,
					problem: found ? unwritable(found, name) : absent(name),
					put: () => object.patch(data, found?.version ?? ""),
				};
			});
		},
		fence: lease(open, given["fence"] ?? `${name}-crossfade`),
	};
}

/** Has the server do the patch without storing it. */
async function check(object: SecretObject, key: string): Promise<StoreCheck> {
	const found = (await object.look()) ?? absent(object.name);
	const trouble = "why" in found ? found : unwritable(found, object.name);
	if ("why" in found || trouble) return no(trouble ?? absent(object.name));
	const done = await object.patch({ [key]: ownEntry(found.data, key) ?? "" }, found.version, "dryRun=All&");
	if (done === "stale")
		return { can: "unknown", how: "somebody else writes the Secret at this moment", nextStep: "check again" };
	if ("why" in done) return no(done);
	const owner = ownerOf(found.metadata, key);
	const nextStep = `${owner} manages it and can put the old token back: change it there, or stop it first`;
	return { can: "proven", how: "the server did the patch as a dry run", ...(owner && { nextStep }) };
}

const no = ({ why, nextStep }: StoreTrouble): StoreCheck => ({ can: "no", how: why, nextStep });

function absent(name: string): StoreTrouble {
	return {
		why: `there is no Secret ${name}`,
		nextStep: "create it first, with everything but the token in it",
		mayBeDone: false,
	};
}

function unwritable({ isImmutable }: Found, name: string): StoreTrouble | undefined {
	if (!isImmutable) return undefined;
	const why = `the Secret ${name} is immutable: the API server refuses every change of it`;
	return {
		why,
		nextStep: "create another Secret without immutable, and have its consumers use that",
		mayBeDone: false,
	};
}

/** Who else says what the key holds. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
function ownerOf(metadata: Readonly<Record<string, unknown>>, key: string): string | undefined {
	const list = (name: string) =>
		(Array.isArray(metadata[name]) ? (metadata[name] as unknown[]) : []).map((each) => objectAt(each));
	const [owner] = list("ownerReferences");
	if (owner) return `${textIn(owner, "kind")} ${textIn(owner, "name")}`;
	const applied = list("managedFields").find(
		(each) => textIn(each, "operation") === "Apply" && Object.hasOwn(objectAt(each, "fieldsV1", "f:data"), `f:${key}`),
	);
	return applied && textIn(applied, "manager");
}

const LEASES = "apis/coordination.k8s.io/v1";
/** The machine that holds the lease. */
const HOLDER = "otel-crossfade/holder";

/** A Lease whose holder is the operation. */
function lease(open: () => Promise<KubeClient>, name: string): StoreFence {
	const path = `leases/${encodeURIComponent(name)}`;
	return fenceOf<string | undefined>({
		name: `the Lease ${name}`,
		async look() {
			const client = await open();
			const asked = await client.ask("GET", LEASES, path);
			if ("why" in asked) return asked;
			const { answer, document } = asked;
			if (isAbsent(answer, document)) return { operation: "", holder: "", version: undefined };
			const trouble = client.trouble(answer, document);
			if (trouble) return trouble;
			return {
				operation: textIn(objectAt(document, "spec"), "holderIdentity") ?? "",
				holder: textIn(objectAt(document, "metadata", "annotations"), HOLDER) ?? "",
				version: textIn(objectAt(document, "metadata"), "resourceVersion"),
			};
		},
		async put({ operation, holder }, version) {
			const client = await open();
			const body = (metadata: object) => ({
				metadata: { ...metadata, annotations: { [HOLDER]: holder } },
				spec: { holderIdentity: operation },
			});
			const created = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", ...body({ name }) };
			const asked =
				version === undefined
					? await client.ask("POST", LEASES, "leases", created)
					: await client.ask("PATCH", LEASES, path, body({ resourceVersion: version }));
			if ("why" in asked) return asked;
			if (asked.answer.kind === "answer" && asked.answer.status === 409) return "stale";
			return client.trouble(asked.answer, asked.document) ?? { version: "" };
		},
	});
}
