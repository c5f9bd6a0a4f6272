import type { StoreExpected } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { fakeKubernetes } from "../../harness/fake-kubernetes.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

const PATH = "/api/v1/namespaces/telemetry/secrets/otel";
const encoded = (value: string) => Buffer.from(value).toString("base64");

export const expected: StoreExpected = {
	world: "fake",
	asks: true,
	compares: true,
	creates: true,
	denies: true,
	fences: true,
	async open(start) {
		const credential = canary();
		const cluster = fakeKubernetes(credential.token);
		const data = {
			endpoint: encoded("https://ingest.example.com"),
			...(start !== undefined && { token: encoded(start) }),
		};
		const thing = { kind: "Secret", type: "Opaque", metadata: { name: "otel", labels: { app: "otel" } }, data };
		cluster.stored(PATH, thing);
		const now = () => cluster.things.get(PATH) as unknown as typeof thing & { data: Record<string, string> };
		const config = {
			"current-context": "prod",
			contexts: [{ name: "prod", context: { cluster: "c", user: "u", namespace: "telemetry" } }],
			clusters: [{ name: "c", cluster: { server: "https://kubernetes.example.com:6443" } }],
			users: [{ name: "u", user: { token: credential.token } }],
		};
		const { files } = memoryFiles({ "/kubeconfig": JSON.stringify(config) });
		return {
			settings: { name: "otel", key: "token", kubeconfig: "/kubeconfig" },
			reach: reachWith({ request: cluster.request, files }),
			isWrite: ({ method, url }) => method === "PATCH" && url.includes("/secrets/"),
			held: async () => {
				const value = now().data["token"];
				return value === undefined ? undefined : Buffer.from(value, "base64").toString();
			},
			others: async () => {
				const { data: all, metadata, ...rest } = now();
				return { ...rest, data: { ...all, token: "" }, metadata: { ...metadata, resourceVersion: "" } };
			},
			meddle: async (value) => void cluster.stored(PATH, { ...now(), data: { ...now().data, token: encoded(value) } }),
			deny: cluster.deny,
			credentials: [credential],
		};
	},
};
