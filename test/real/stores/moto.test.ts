import { beforeAll, describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/aws-secrets-manager/index.ts";
import { isPromotion, logIn } from "../../adapters/stores/aws-secrets-manager.expected.ts";
import { type StoreExpected, storeContract } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { type Moto, startMoto } from "../../harness/moto.ts";
import { moto, needs } from "../../harness/parts.ts";
import { reachWith } from "../../harness/store.ts";

let server: Moto;
let made = 0;
const ask: Moto["ask"] = (...request) => server.ask(...request);

beforeAll(async () => {
	if (moto.missing) return undefined;
	const ends: (() => Promise<void>)[] = [];
	server = await startMoto((end) => ends.push(end));
	return async () => void (await Promise.all(ends.map((end) => end())));
});

const expected: StoreExpected = {
	world: "real",
	asks: true,
	compares: true,
	creates: true,
	fences: true,
	// It attaches a label of one's own to several versions, which AWS refuses.
	races: false,
	async open(start) {
		const credential = canary();
		logIn(credential.token);
		const id = `otel/ingest-${++made}`;
		const text = (value: string | undefined) =>
			JSON.stringify({ endpoint: "https://ingest.example.com", token: value });
		await ask("CreateSecret", { Name: id, SecretString: text(start), Tags: [{ Key: "team", Value: "otel" }] });
		const current = async () =>
			String((await ask("GetSecretValue", { SecretId: id, VersionStage: "AWSCURRENT" }))["SecretString"]);
		return {
			settings: { "secret-id": id, field: "token", endpoint: server.url },
			reach: reachWith(),
			isWrite: isPromotion,
			held: async () => JSON.parse(await current())["token"],
			others: async () => {
				const {
					VersionIdsToStages: versions,
					SecretVersionsToStages: _,
					...description
				} = await ask("DescribeSecret", { SecretId: id });
				const labels = Object.values(versions ?? {})
					.flat()
					.filter((label) => label !== "AWSPREVIOUS");
				return [
					{ ...JSON.parse(await current()), token: "" },
					{ ...(description as object), LastChangedDate: 0 },
					labels,
				];
			},
			meddle: async (value) => void (await ask("PutSecretValue", { SecretId: id, SecretString: text(value) })),
			credentials: [credential],
		};
	},
};

describe("aws-secrets-manager by the real AWS SDK on moto, which is no AWS", needs(moto), () => {
	storeContract(store, expected);

	test("the secret is found by its ARN too, and one that is not there is said so", async () => {
		const { settings, reach } = await expected.open(canary().token);
		const { ARN } = await ask("DescribeSecret", { SecretId: settings["secret-id"] });
		expect((await store.open({ ...settings, "secret-id": String(ARN) }, reach).read()).is).toBe("token");
		expect(await store.open({ ...settings, "secret-id": "nowhere" }, reach).read()).toMatchObject({
			is: "unreachable",
			why: expect.stringContaining("ResourceNotFoundException"),
		});
	});
});
