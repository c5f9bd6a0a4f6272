import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { rotations } from "../../src/adapters/providers/rotations.generated.ts";
import { storeKinds } from "../../src/adapters/stores/registry.generated.ts";
import { exitCodes } from "../../src/base/errors.ts";
import { newAgeKey } from "../../src/rotate/sealing.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { managed, rotationWorld } from "../harness/rotate.ts";

/** Keys of the fleet file that name something to read, and variables and files that name more, with what has no end or never comes. */

const TRAPS = ["fifo", "zero", "vast"] as const;

/** Where they are: not where commands run, as all files there are searched for tokens. */
const traps = mkdtempSync(join(tmpdir(), "crossfade-traps-"));
beforeAll(() => {
	execFileSync("mkfifo", [join(traps, "fifo")]);
	symlinkSync("/dev/zero", join(traps, "zero"));
	writeFileSync(join(traps, "vast"), "");
	truncateSync(join(traps, "vast"), 2 ** 40);
	return () => rmSync(traps, { recursive: true });
});
const at = (trap: string) => join(traps, trap);

/** A folder with a machine's key and a token. */
async function folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
	const { identity } = await newAgeKey();
	const cwd = scratch({ "ok.token": "k0123456789abcdefghijklm", "machine.key": identity, ...files });
	for (const name of ["ok.token", "machine.key"]) chmodSync(join(cwd, name), 0o600);
	return cwd;
}

const fleet = (...lines: readonly string[]) => ["version: 1", "provider: torii", ...lines, ""].join("\n");

/** A rotation whose token in use is in a store of these settings, or at `current`. */
const rotation = (store: string, current = "store:a", key = "machine.key") =>
	fleet(
		`stores: { a: { ${store}, confirm: person } }`,
		`rotations: { it: { provider: torii, endpoint: 'http://127.0.0.1:1', current: ${current}, stores: [a], key: file:${key} } }`,
	);

const TOKENS = "tokens: { old: fp:0123456789ab }";
const FILE = "kind: token-file, path: ok.token";
const VAULT = "kind: vault-kv2, url: 'https://127.0.0.1:1', path: x";
const REPORT = ["report"];
const START = ["rotate", "start", "it"];

/** How each is used, with FILE in its place, and the command that reads it. */
const READS: Readonly<Record<string, readonly [text: string, command: readonly string[]]>> = {
	tokens: [fleet("tokens: { old: file:FILE }"), REPORT],
	"hosts csv": [fleet(TOKENS, "hosts: { csv: FILE }"), REPORT],
	inventory: [fleet(TOKENS, "inventory: [FILE]"), REPORT],
	pods: [fleet(TOKENS, "pods: [FILE]"), REPORT],
	evidence: [fleet(TOKENS, "evidence: FILE"), REPORT],
	current: [rotation(FILE, "file:FILE"), START],
	key: [rotation(FILE, "store:a", "FILE"), START],
	journal: [rotation(FILE).replace("stores: [a]", "stores: [a], journal: FILE"), START],
	"token-file path": [rotation("kind: token-file, path: FILE"), START],
	"env-file path": [rotation("kind: env-file, path: FILE, key: A, reader: dotenv"), START],
	"vault-kv2 token": [rotation(`${VAULT}, token: 'file:FILE'`), START],
	"vault-kv2 role-id": [rotation(`${VAULT}, auth: approle, role-id: 'file:FILE', secret-id: 'file:ok.token'`), START],
	"vault-kv2 secret-id": [rotation(`${VAULT}, auth: approle, role-id: 'file:ok.token', secret-id: 'file:FILE'`), START],
	"vault-kv2 jwt": [rotation(`${VAULT}, auth: jwt, role: r, jwt: 'file:FILE'`), START],
	"vault-kv2 ca": [rotation(`${VAULT}, token: 'file:ok.token', ca: FILE`), START],
	"kubernetes-secret kubeconfig": [rotation("kind: kubernetes-secret, name: x, kubeconfig: FILE"), START],
};

/** Those that are read later than this file's rotations get, and where they are tried. */
const ELSEWHERE: Readonly<Record<string, string>> = {
	"fleet-variable token": "below",
	"github-actions token": "below",
	"jamf-policy client-id": "below",
	"jamf-policy client-secret": "below",
	"upload body": "below",
	"upload into": "is written, not read",
	"custom admin": "the same code as tooken's",
	"tooken admin": "below",
};

describe("what a key of the fleet file names", () => {
	test("is in one of the tables: every setting of a store or a provider that is a path or a reference", () => {
		const named = (id: string, settings: readonly { readonly name: string; readonly form: string }[]) =>
			settings.filter(({ form }) => form === "path" || form === "reference").map(({ name }) => `${id} ${name}`);
		const all = [...storeKinds, ...rotations].flatMap(({ id, settings }) => named(id, settings));
		expect(all.length).toBeGreaterThan(12);
		expect(all.filter((each) => !(each in READS) && !(each in ELSEWHERE))).toEqual([]);
	});

	test.each(Object.keys(READS))("%s: what has no end is one clear error", async (name) => {
		const [text, command] = READS[name] ?? ["", []];
		for (const trap of TRAPS) {
			const cwd = await folder({ "crossfade.yaml": text.replaceAll("FILE", at(trap)) });
			const { code, stderr } = await crossfade(command, { cwd });
			expect({ trap, code, stderr }).toEqual({
				trap,
				code: expect.toSatisfy((exit) => exit === exitCodes.refused[0] || exit === exitCodes.io[0]),
				stderr: expect.stringMatching(/^error: /),
			});
			expect(stderr.match(/^error: /gm)).toHaveLength(1);
		}
	});
});

/** Variables that the AWS SDK and the client of Kubernetes read files by. */
const VARIABLES = [
	["AWS_SHARED_CREDENTIALS_FILE", "kind: aws-secrets-manager, secret-id: x, region: eu-west-1"],
	["AWS_CONFIG_FILE", "kind: aws-secrets-manager, secret-id: x, region: eu-west-1"],
	["AWS_WEB_IDENTITY_TOKEN_FILE", "kind: aws-secrets-manager, secret-id: x, region: eu-west-1"],
	["KUBECONFIG", "kind: kubernetes-secret, name: x"],
] as const;

test.each(VARIABLES)("what %s names: what has no end is one clear error", async (name, store) => {
	for (const trap of TRAPS) {
		const cwd = await folder({
			"crossfade.yaml": rotation(
				`${store}, endpoint: 'http://127.0.0.1:1'`.replace(/(kind: kube.*?), endpoint.*/, "$1"),
			),
		});
		const env = { AWS_EC2_METADATA_DISABLED: "true", AWS_ROLE_ARN: "arn:aws:iam::1:role/x", [name]: at(trap) };
		const { code, stderr } = await crossfade(START, { cwd, env });
		expect({ trap, code, stderr }).toEqual({
			trap,
			code: exitCodes.refused[0],
			stderr: expect.stringContaining("cannot be read from store a"),
		});
	}
});

test.each([
	["certificate-authority: FILE", "token: abcdefghijklmnopqrstuvwxyz"],
	["", "tokenFile: FILE"],
	["", "client-certificate: FILE, client-key: FILE"],
])("what a kubeconfig names (%s %s): what has no end is one clear error", async (cluster, user) => {
	for (const trap of TRAPS) {
		const server = `server: 'https://127.0.0.1:1'${cluster && `, ${cluster.replace("FILE", at(trap))}`}`;
		const config = [
			"current-context: c",
			"contexts: [{ name: c, context: { cluster: k, user: u } }]",
			`clusters: [{ name: k, cluster: { ${server} } }]`,
			`users: [{ name: u, user: { ${user.replaceAll("FILE", at(trap))} } }]`,
			"",
		].join("\n");
		const store = "kind: kubernetes-secret, name: x, kubeconfig: kubeconfig.yaml";
		const cwd = await folder({ "crossfade.yaml": rotation(store), "kubeconfig.yaml": config });
		const { code, stderr } = await crossfade(START, { cwd });
		expect({ trap, code, stderr }).toEqual({
			trap,
			code: exitCodes.refused[0],
			stderr: expect.stringMatching(/^error: /),
		});
	}
});

test.each([
	["github-actions token", "kind: github-actions, owner: o, repository: r, name: N, url: URL, token: 'file:FILE'"],
	["fleet-variable token", "kind: fleet-variable, url: URL, token: 'file:FILE'"],
	[
		"jamf-policy client-id",
		"kind: jamf-policy, url: URL, policy: 1, script: 1, client-id: 'file:FILE', client-secret: 'file:admin.key'",
	],
	[
		"jamf-policy client-secret",
		"kind: jamf-policy, url: URL, policy: 1, script: 1, client-id: 'file:admin.key', client-secret: 'file:FILE'",
	],
	["upload body", "kind: upload, body: FILE, into: install.secret.sh, where: there"],
])("%s: what has no end stops the rotation before anything is asked for", async (_name, store) => {
	const world = await rotationWorld("torii");
	for (const trap of TRAPS) {
		const line = store.replace("FILE", at(trap)).replace("URL", "'http://127.0.0.1:1'");
		world.write(
			"crossfade.yaml",
			world.fleet
				.replace(/^ {2}file: .*$/m, `$&\n  b: { ${line}, confirm: person, within: 1m }`)
				.replace("stores: [file]", "stores: [file, b]")
				.replace("  it:\n", `  it:\n    journal: state-${trap}\n`),
		);
		const { code, stderr } = await world.process("start", ["--accept-unproven"]);
		expect({ trap, code, stderr }).toEqual({
			trap,
			code: exitCodes.unsafePlan[0],
			stderr: expect.stringMatching(/store b|cannot be/),
		});
	}
});

test("tooken admin: what has no end stops the rotation before anything is asked for", async () => {
	const world = await managed("tooken");
	for (const trap of TRAPS) {
		const text = world.read("crossfade.yaml").replace(/admin: file:\S+/, `admin: file:${at(trap)}`);
		world.write("crossfade.yaml", text);
		expect((await world.process("start", [])).code).toBe(exitCodes.refused[0]);
		expect((await world.status()).tokens).toHaveLength(1);
	}
});
