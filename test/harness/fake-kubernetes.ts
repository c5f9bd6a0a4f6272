import type { StoreAnswer, StoreReach } from "../../src/adapters/stores/store.ts";
import { answer } from "./store.ts";

type Thing = Record<string, unknown> & { metadata: Record<string, unknown> };

const failed = (code: number, reason: string, message: string): StoreAnswer =>
	answer(code, { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code });

/** Secrets and Leases with the rules that a kube-apiserver 1.37 has for resourceVersion, dry runs, merge patches and `immutable`. */
export function fakeKubernetes(token: string) {
	const things = new Map<string, Thing>();
	let version = 100;
	let isDenied = false;
	const stored = (path: string, thing: Thing): Thing => {
		const next = { ...thing, metadata: { ...thing.metadata, resourceVersion: String(++version) } };
		things.set(path, next);
		return next;
	};
	const request: StoreReach["request"] = async ({ method, url, headers = {}, body }) => {
		if (headers["authorization"] !== `Bearer ${token}`) return failed(401, "Unauthorized", "Unauthorized");
		if (isDenied)
			return failed(403, "Forbidden", 'secrets "otel" is forbidden: User "ci" cannot get resource "secrets"');
		const { pathname, searchParams } = new URL(url);
		if (method === "POST") {
			const thing = JSON.parse(String(body));
			const path = `${pathname}/${thing.metadata.name}`;
			if (things.has(path)) return failed(409, "AlreadyExists", `${thing.metadata.name} already exists`);
			return answer(201, stored(path, thing));
		}
		const found = things.get(pathname);
		if (!found) return failed(404, "NotFound", `${pathname} not found`);
		if (method === "GET") return answer(200, found);
		if (method !== "PATCH" || headers["content-type"] !== "application/merge-patch+json")
			return failed(415, "UnsupportedMediaType", "not a merge patch");
		const patch = JSON.parse(String(body));
		const { resourceVersion = found.metadata["resourceVersion"] } = patch.metadata;
		if (resourceVersion !== found.metadata["resourceVersion"])
			return failed(409, "Conflict", "the object has been modified");
		if (found["immutable"] === true && patch.data)
			return failed(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set");
		const merged = merge(found, patch) as Thing;
		return answer(200, searchParams.get("dryRun") === "All" ? merged : stored(pathname, merged));
	};
	return {
		request,
		things,
		stored,
		deny: () => {
			isDenied = true;
		},
	};
}

/** https://www.rfc-editor.org/rfc/rfc7386 */
function merge(target: unknown, patch: unknown): unknown {
	if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
	const into: Record<string, unknown> = typeof target === "object" && target !== null ? { ...target } : {};
	for (const [name, value] of Object.entries(patch)) {
		if (value === null) delete into[name];
		else into[name] = merge(into[name], value);
	}
	return into;
}
