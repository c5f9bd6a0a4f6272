import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { providers as otlpProviders } from "../../../src/adapters/providers/registry.ts";
import { sandboxProviders } from "../../../src/rehearse/sandbox/providers/registry.ts";
import { type Expected, sandboxContract } from "../../contracts/sandbox-provider.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import type { Way } from "../../harness/sandbox.ts";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const otlp = (path: string): Way => ({
	method: "POST",
	path,
	body: otlpRequest("logs", 3, "json"),
	headers: (token) => ({ ...bearer(token), "content-type": "application/json" }),
});
const MINUTE = 60_000;
const DAY = 86_400_000;

const expected: Readonly<Record<string, Expected>> = {
	torii: {
		way: otlp("/v1/logs"),
		overlap: DAY,
		revocable: false,
		refusal: { message: "the token is not accepted" },
	},
	activitylog: {
		way: otlp("/api/v1/otlp/v1/logs"),
		overlap: Number.POSITIVE_INFINITY,
		revocable: true,
		refusal: { message: "the token is not accepted" },
	},
	glean: {
		way: {
			method: "POST",
			path: "/api/index/v1/getdatasourceconfig",
			body: { datasource: "wiki" },
			headers: bearer,
		},
		overlap: 10 * MINUTE,
		revocable: true,
		refusal: { message: "the credential is not known" },
	},
	tooken: {
		way: { method: "GET", path: "/v1/tokens", headers: bearer },
		overlap: 0,
		revocable: true,
		refusal: { error: "unauthorized", message: "the credential is not known", status: 401 },
	},
	wrapd: {
		way: {
			method: "GET",
			path: "/v1/alice/uptime",
			headers: (token) => ({ "x-api-key": token, accept: "application/json" }),
		},
		overlap: DAY,
		revocable: true,
		refusal: { error: "the credential is not known" },
	},
};

const besides = ["provider", "registry"];

test("every file of a provider is in the registry, and the default is first", () => {
	const files = readdirSync(new URL("../../../src/rehearse/sandbox/providers", import.meta.url)).map((name) =>
		name.replace(".ts", ""),
	);
	const ids = sandboxProviders.map(({ id }) => id);
	expect([...ids].sort()).toEqual(files.filter((name) => !besides.includes(name)).sort());
	expect(ids[0]).toBe("torii");
	for (const { sources } of sandboxProviders) expect(sources.length).toBeGreaterThan(0);
});

test("it takes OTLP where, and only where, a collector is told to send it", () => {
	const adapters = otlpProviders.filter(({ endpoint }) => endpoint !== undefined);
	expect(
		sandboxProviders
			.filter((each) => each.otlp)
			.map(({ id }) => id)
			.sort(),
	).toEqual(adapters.map(({ id }) => id).sort());
	for (const { id, endpoint = "", takes, refuses } of adapters) {
		const ingest = sandboxProviders.find((each) => each.id === id)?.otlp;
		expect(ingest?.base).toBe(new URL(endpoint).pathname.replace(/\/$/, ""));
		expect(ingest?.signals).toEqual(expect.arrayContaining([...takes]));
		for (const signal of Object.keys(refuses)) expect(ingest?.signals).not.toContain(signal);
	}
});

describe.each(sandboxProviders.map((each) => [each.id, each] as const))("sandbox provider %s", (id, provider) => {
	const known = expected[id];
	if (!known) throw new Error(`say what is expected of ${id}`);
	sandboxContract(provider, known);
});
