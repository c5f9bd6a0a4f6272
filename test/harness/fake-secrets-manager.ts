import type { StoreReach } from "../../src/adapters/stores/store.ts";
import { answer } from "./store.ts";

interface Input {
	readonly VersionStage: string;
	readonly VersionId?: string;
	readonly ClientRequestToken: string;
	readonly SecretString: string;
	readonly VersionStages: readonly string[];
	readonly RemoveFromVersionId?: string;
	readonly MoveToVersionId?: string;
}

interface Version {
	readonly text: string;
	readonly labels: Set<string>;
}

/** One secret with the rules that AWS documents for versions and labels; requests have to be signed. */
export function fakeSecretsManager(name: string) {
	const versions = new Map<string, Version>();
	let isDenied = false;
	let made = 0;
	const holder = (label: string) => [...versions].find(([, { labels }]) => labels.has(label))?.[0];
	const attach = (label: string, id: string) => {
		const from = holder(label);
		if (from === id) return;
		if (label === "AWSCURRENT" && from !== undefined) attach("AWSPREVIOUS", from);
		if (from !== undefined) versions.get(from)?.labels.delete(label);
		versions.get(id)?.labels.add(label);
		if (label === "AWSCURRENT") versions.get(id)?.labels.delete("AWSPREVIOUS");
	};
	const put = (text: string, id = `seed-${++made}-${"0".repeat(30)}`, labels: readonly string[] = ["AWSCURRENT"]) => {
		versions.set(id, { text, labels: new Set() });
		for (const label of labels) attach(label, id);
		return id;
	};
	const failed = (type: string, message: string, status = 400) => answer(status, { __type: type, message });
	const operations: Readonly<Record<string, (input: Input) => ReturnType<typeof answer>>> = {
		GetSecretValue({ VersionStage, VersionId = holder(VersionStage) }) {
			const id = VersionId;
			if (id === undefined)
				return failed("ResourceNotFoundException", "Secrets Manager can't find the specified secret value");
			return answer(200, { Name: name, VersionId: id, SecretString: versions.get(id)?.text });
		},
		DescribeSecret: () =>
			answer(200, {
				Name: name,
				VersionIdsToStages: Object.fromEntries([...versions].map(([id, { labels }]) => [id, [...labels]])),
			}),
		PutSecretValue({ ClientRequestToken: id, SecretString: text, VersionStages: labels }) {
			if (String(id).length < 32 || String(id).length > 64)
				return failed("InvalidParameterException", "ClientRequestToken: 32 to 64 characters");
			const same = versions.get(id);
			if (same && same.text !== text)
				return failed("ResourceExistsException", "a version with this token and other content exists");
			if (!same) put(text, id, labels);
			return answer(200, { Name: name, VersionId: id });
		},
		UpdateSecretVersionStage({ VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to }) {
			if (holder(label) !== from)
				return failed("InvalidParameterException", `the label ${label} is not attached to version ${from}`);
			if (to === undefined) versions.get(from ?? "")?.labels.delete(label);
			else if (!versions.has(to)) return failed("ResourceNotFoundException", "no such version");
			else attach(label, to);
			return answer(200, { Name: name });
		},
	};
	const request: StoreReach["request"] = async ({ headers = {}, body = "" }) => {
		if (!/^AWS4-HMAC-SHA256 Credential=/.test(headers["authorization"] ?? ""))
			return failed("MissingAuthenticationToken", "not signed", 403);
		if (isDenied)
			return failed("AccessDeniedException", "User: ci is not authorized to perform: secretsmanager:GetSecretValue");
		const input = JSON.parse(Buffer.from(body as Uint8Array).toString());
		if (input.SecretId !== name)
			return failed("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
		const operation = operations[(headers["x-amz-target"] ?? "").replace("secretsmanager.", "")];
		return operation ? operation(input) : failed("UnknownOperationException", "no such operation");
	};
	return {
		request,
		versions,
		holder,
		put,
		attach,
		deny: () => {
			isDenied = true;
		},
	};
}
