import { vi } from "vitest";
import type { StoreRequest } from "../../../src/adapters/stores/store.ts";
import type { StoreExpected } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { fakeSecretsManager } from "../../harness/fake-secrets-manager.ts";
import { reachWith } from "../../harness/store.ts";

/** The environment in which the SDK finds these credentials, and no others. */
export function logIn(secret: string): void {
	vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
	vi.stubEnv("AWS_SECRET_ACCESS_KEY", secret);
	vi.stubEnv("AWS_REGION", "eu-central-1");
	vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
	vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
	// Of Node 20, once a process.
	vi.stubEnv("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "true");
	vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
}

/** The request that puts another version in use. */
export const isPromotion = ({ headers, body }: StoreRequest) =>
	headers?.["x-amz-target"] === "secretsmanager.UpdateSecretVersionStage" &&
	/"VersionStage":"AWSCURRENT"/.test(Buffer.from((body ?? "") as Uint8Array).toString());

const FORM = '{\n  "endpoint": "https://ingest.example.com",\n  "id": 12345678901234567890,\n  "token": "@"\n}';
const NO_TOKEN = FORM.replace(',\n  "token": "@"', "");

export const expected: StoreExpected = {
	world: "fake",
	asks: true,
	compares: true,
	creates: true,
	denies: true,
	fences: true,
	async open(start) {
		const credential = canary();
		logIn(credential.token);
		const fake = fakeSecretsManager("otel/ingest");
		const text = (value: string | undefined) =>
			value === undefined ? NO_TOKEN : FORM.replace('"@"', JSON.stringify(value));
		fake.put(text(start));
		const now = () => fake.versions.get(fake.holder("AWSCURRENT") ?? "")?.text ?? "";
		return {
			settings: { "secret-id": "otel/ingest", field: "token" },
			reach: reachWith({ request: fake.request }),
			isWrite: isPromotion,
			held: async () => JSON.parse(now())["token"],
			// Everything but the value, and whether a label is left behind.
			others: async () => [now().replace(/("token": ?)"[^"]+"/, '$1"@"'), fake.holder("AWSPENDING")],
			meddle: async (value) => void fake.put(text(value)),
			deny: fake.deny,
			credentials: [credential],
		};
	},
};
