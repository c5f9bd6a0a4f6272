import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/github-actions/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { answer, reachWith } from "../../harness/store.ts";
import { fakeGithub } from "./github-actions.expected.ts";

const credential = canary();
const settings = { owner: "acme", name: "OTEL_TOKEN", token: "file:/t", url: "https://api.github.com" };
const write = (token: string) => ({ operation: randomUUID(), expected: "nothing", value: { token: Secret.of(token) } });
const open = (request: Parameters<typeof reachWith>[0], more: Readonly<Record<string, string>> = {}) =>
	store.open({ ...settings, ...more }, reachWith(request, { "file:/t": credential.token }));

describe("a secret of an organization", () => {
	test.each([
		["all", {}, { visibility: "all" }],
		[
			"selected",
			{ repositories: { total_count: 2, repositories: [{ id: 7 }, { id: 9 }] } },
			{ visibility: "selected", selected_repository_ids: [7, 9] },
		],
	])("stays visible to %s", async (visibility, more, kept) => {
		const github = await fakeGithub(credential.token, "orgs/acme/actions/secrets");
		github.put("OTEL_TOKEN", "old", { visibility, ...more });
		const { token } = canary();
		expect(await open(github).promote(write(token))).toEqual({ did: "written" });
		expect(github.secrets.get("OTEL_TOKEN")).toMatchObject({ value: token, more: kept });
	});

	test("that is not there, or is for more repositories than can be named, is refused", async () => {
		const github = await fakeGithub(credential.token, "orgs/acme/actions/secrets");
		expect(await open(github).promote(write(canary().token))).toMatchObject({
			did: "refused",
			nextStep: expect.stringContaining("create it"),
		});
		github.put("OTEL_TOKEN", "old", {
			visibility: "selected",
			repositories: { total_count: 101, repositories: [{ id: 7 }] },
		});
		expect(await open(github).promote(write(canary().token))).toMatchObject({
			did: "refused",
			why: expect.stringContaining("repositories"),
		});
		expect(github.secrets.get("OTEL_TOKEN")?.value).toBe("old");
	});
});

test("a secret of a repository that is not there yet is created, and each write changes what is told of it", async () => {
	const github = await fakeGithub(credential.token, "repos/acme/otel/actions/secrets");
	const secret = open(github, { repository: "otel" });
	expect(await secret.read()).toEqual({ is: "empty" });
	const seen = [];
	for (const { token } of [canary(), canary()]) {
		expect(await secret.promote(write(token))).toEqual({ did: "written" });
		expect(github.secrets.get("OTEL_TOKEN")?.value).toBe(token);
		seen.push(await secret.read());
	}
	expect(seen).toMatchObject([{ is: "hidden" }, { is: "hidden" }]);
	expect(seen[0]).not.toEqual(seen[1]);
});

test("a key that is none is refused, and nothing is sent", async () => {
	const secret = open(
		{
			request: async ({ url }) =>
				url.endsWith("/public-key") ? answer(200, { key: "AAAA", key_id: "1" }) : answer(200, { updated_at: "x" }),
		},
		{ repository: "otel" },
	);
	expect(await secret.promote(write(canary().token))).toMatchObject({
		did: "refused",
		why: expect.stringContaining("public key"),
	});
});

test("settings that do not go together", () => {
	expect(store.conflict?.({ ...settings, environment: "prod" })).toBe("environment needs repository");
	expect(store.place({ ...settings, repository: "otel" })).toBe("api.github.com acme/otel secret OTEL_TOKEN");
});
