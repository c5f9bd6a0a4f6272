/**
 * How the API server of a cluster is reached: by a kubeconfig (certificates, tokens, exec plugins) or from within a pod. Requests are plain
 * HTTPS: what is needed of a client library is this file and two kinds of request, and a library's own connections would be outside of the
 * rules for proxies, timeouts and faults that hold for every store.
 *
 * Sources: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/,
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins,
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
 */
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { jsonOf, objectAt, textIn, troubleOf } from "../http.ts";
import { said, secretOf } from "../secrets.ts";
import type { Secret, StoreAnswer, StoreReach, StoreRequest, StoreTls, StoreTrouble } from "../store.ts";

/** A cluster, and how to log in to it. */
interface ClusterAccess {
	readonly server: string;
	readonly namespace: string | undefined;
	readonly tls: StoreTls;
	readonly token?: Secret;
	/** Milliseconds since the epoch; credentials of a plugin are asked for again then. */
	readonly until: number;
}

export interface AccessSettings {
	readonly kubeconfig: string | undefined;
	readonly context: string | undefined;
	readonly namespace: string | undefined;
}

/** What a plugin gives. */
interface Credentials {
	readonly token?: string | undefined;
	readonly cert?: string | undefined;
	readonly key?: string | undefined;
	readonly until?: number;
}

type Document = Readonly<Record<string, unknown>>;

const RIGHTS =
	"give the account get and patch on this Secret, and get, create and patch on the Lease beside it (and on the Secret NAME-crossfade-journal, if it keeps the journal)";
const POD = "/var/run/secrets/kubernetes.io/serviceaccount";
/** How long before its end a credential is not used any more. */
const MARGIN_MS = 60_000;
/** How long a token from a file is taken for good: others replace it. */
const REREAD_MS = 5 * 60_000;
/** A plugin may ask an identity provider. */
const PLUGIN_MS = 60_000;

export class KubeClient {
	readonly #settings: AccessSettings;
	readonly #reach: StoreReach;
	#access: ClusterAccess | undefined;

	constructor(settings: AccessSettings, reach: StoreReach) {
		this.#settings = settings;
		this.#reach = reach;
	}

	/** A request for something in the namespace: `api/v1`, `secrets/NAME`. */
	async ask(
		method: StoreRequest["method"],
		api: string,
		path: string,
		body?: unknown,
	): Promise<{ readonly answer: StoreAnswer; readonly document: unknown } | StoreTrouble> {
		let access: ClusterAccess;
		try {
			access = await this.#open();
		} catch (error) {
			const why = error instanceof Error ? error.message : "the cluster's settings cannot be read";
			return { why, nextStep: "check kubeconfig and context in the store's block, with kubectl", mayBeDone: false };
		}
		const namespace = encodeURIComponent(this.#settings.namespace ?? access.namespace ?? "default");
		const answer = await this.#reach.request({
			method,
			url: `${access.server.replace(/\/+$/, "")}/${api}/namespaces/${namespace}/${path}`,
			headers: {
				accept: "application/json",
				...(access.token && { authorization: `Bearer ${access.token.reveal()}` }),
				...(body !== undefined && { "content-type": TYPES[method] ?? "application/json" }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
			tls: access.tls,
			timeoutMs: 30_000,
		});
		return { answer, document: answer.kind === "answer" ? jsonOf(answer.body) : undefined };
	}

	/** What stands in the way, with the server's own message. */
	trouble(answer: StoreAnswer, document: unknown): StoreTrouble | undefined {
		return troubleOf(
			answer,
			new URL(this.#access?.server ?? "https://unknown").host,
			RIGHTS,
			textIn(objectAt(document), "message"),
		);
	}

	async #open(): Promise<ClusterAccess> {
		if (this.#access && this.#reach.now() < this.#access.until - MARGIN_MS) return this.#access;
		const host = this.#reach.variable("KUBERNETES_SERVICE_HOST");
		const { kubeconfig } = this.#settings;
		this.#access = kubeconfig === undefined && host ? await this.#ofPod(host) : await this.#ofFile();
		return this.#access;
	}

	/** What the kubelet mounts are links, which only a reference or a path of TLS follows. */
	async #ofPod(host: string): Promise<ClusterAccess> {
		const port = this.#reach.variable("KUBERNETES_SERVICE_PORT") ?? "443";
		const token = await this.#reach.secret(`file:${POD}/token`);
		return {
			server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
			namespace: namespaceOf(token),
			tls: { ca: `${POD}/ca.crt` },
			token,
			// The kubelet replaces the token from time to time.
			until: this.#reach.now() + REREAD_MS,
		};
	}

	async #ofFile(): Promise<ClusterAccess> {
		const path = this.#path();
		const config = yamlOf(await this.#text(path), path);
		const name = this.#settings.context ?? textIn(config, "current-context") ?? "";
		const context = named(config, "contexts", "context", name, path);
		const cluster = named(config, "clusters", "cluster", textIn(context, "cluster") ?? "", path);
		const user = named(config, "users", "user", textIn(context, "user") ?? "", path);
		for (const key of UNSUPPORTED) {
			if ((cluster[key] ?? user[key] ?? false) !== false) throw new Error(`${path}: ${key} is not supported`);
		}
		const server = textIn(cluster, "server") ?? "";
		if (!URL.canParse(server)) throw new Error(`${path}: the cluster of the context ${said(name)} has no server`);
		const pem = (from: Document, key: string) => {
			const [data, file] = [textIn(from, `${key}-data`), textIn(from, key)];
			if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
			return file === undefined ? undefined : beside(path, file);
		};
		const plugin = objectAt(user, "exec");
		const given: Credentials = textIn(plugin, "command") === undefined ? {} : await this.#plugin(plugin, cluster, path);
		const tokenFile = textIn(user, "tokenFile");
		const text = given.token ?? textIn(user, "token");
		const isFile = given.token === undefined && tokenFile !== undefined;
		const token = isFile ? await this.#reach.secret(`file:${beside(path, tokenFile)}`) : text && secretOf(text.trim());
		const [ca, cert, key] = [
			pem(cluster, "certificate-authority"),
			given.cert ?? pem(user, "client-certificate"),
			given.key ?? pem(user, "client-key"),
		];
		return {
			server,
			namespace: textIn(context, "namespace"),
			tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
			...(token && { token }),
			until: given.until ?? (isFile ? this.#reach.now() + REREAD_MS : Number.POSITIVE_INFINITY),
		};
	}

	/** https://kubernetes.io/docs/tasks/access-application-cluster/configure-access-multiple-clusters/#set-the-kubeconfig-environment-variable */
	#path(): string {
		const { kubeconfig } = this.#settings;
		if (kubeconfig !== undefined) return kubeconfig;
		const files = (this.#reach.variable("KUBECONFIG") ?? "").split(delimiter).filter((each) => each !== "");
		if (files.length > 1) throw new Error("KUBECONFIG names several files; name one in the store's block (kubeconfig)");
		const home = this.#reach.variable("HOME") ?? this.#reach.variable("USERPROFILE") ?? "/";
		return files[0] ?? join(home, ".kube/config");
	}

	/** Credentials from a program, as kubectl gets them. */
	async #plugin(plugin: Document, cluster: Document, path: string): Promise<Credentials> {
		const command = textIn(plugin, "command") ?? "";
		const listed = (key: string) => (Array.isArray(plugin[key]) ? (plugin[key] as unknown[]) : []);
		const info = {
			apiVersion: textIn(plugin, "apiVersion"),
			kind: "ExecCredential",
			spec: {
				interactive: false,
				...(plugin["provideClusterInfo"] === true && { cluster: { server: cluster["server"] } }),
			},
		};
		const pairs = listed("env").map((each) => [
			textIn(objectAt(each), "name") ?? "",
			textIn(objectAt(each), "value") ?? "",
		]);
		const done = await this.#reach.run(
			command.includes("/") ? beside(path, command) : command,
			listed("args").map(String),
			{
				timeoutMs: PLUGIN_MS,
				variables: { ...Object.fromEntries(pairs), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
			},
		);
		if (done.code !== 0) throw new Error(`the plugin ${said(command)} of the kubeconfig failed: ${said(done.stderr)}`);
		const status = objectAt(jsonOf(Buffer.from(done.stdout)), "status");
		const until = Date.parse(textIn(status, "expirationTimestamp") ?? "");
		return {
			token: textIn(status, "token"),
			cert: textIn(status, "clientCertificateData"),
			key: textIn(status, "clientKeyData"),
			until: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until,
		};
	}

	async #text(path: string): Promise<string> {
		const found = await this.#reach.files.look(path);
		if (found === undefined) throw new Error(`${path} does not exist`);
		return Buffer.from(found.bytes).toString("utf8");
	}
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
const TYPES: Readonly<Partial<Record<StoreRequest["method"], string>>> = { PATCH: "application/merge-patch+json" };

/** What this file does not know how to do; never ignored. */
const UNSUPPORTED = ["insecure-skip-tls-verify", "tls-server-name", "proxy-url", "auth-provider", "username", "as"];

/** The namespace of a service account, by its token. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
function namespaceOf(token: Secret): string | undefined {
	const claims = jsonOf(Buffer.from(token.reveal().split(".")[1] ?? "", "base64url"));
	return textIn(objectAt(claims, "kubernetes.io"), "namespace");
}

const beside = (path: string, file: string) => (isAbsolute(file) ? file : join(dirname(path), file));

/** The messages of the parser quote the text. */
function yamlOf(text: string, path: string): Document {
	try {
		return objectAt(parse(text));
	} catch {
		throw new Error(`${path} is not YAML`);
	}
}

/** An entry of a list by its name. */
function named(config: Document, list: string, key: string, name: string, path: string): Document {
	const entries = Array.isArray(config[list]) ? (config[list] as unknown[]) : [];
	const found = entries.find((each) => textIn(objectAt(each), "name") === name);
	if (found === undefined)
		throw new Error(`${path} has no ${key} of the name ${said(name) || "that the context gives"}`);
	return objectAt(found, key);
}
