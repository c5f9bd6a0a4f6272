/**
 * AWS Secrets Manager by the AWS SDK, for the sake of its chain of credentials: variables, profiles, SSO, web identity, ECS and EC2. Requests
 * to the service itself are sent once, by the same client as those of every other store. Loaded when a rotation has such a store.
 *
 * Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html,
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html,
 * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html.
 */

import {
	DescribeSecretCommand,
	GetSecretValueCommand,
	PutSecretValueCommand,
	SecretsManagerClient,
	UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { ownEntry } from "../../../base/lookup.ts";
import { said } from "../secrets.ts";
import type { StoreReach, StoreTrouble } from "../store.ts";

export interface AwsSettings {
	readonly secretId: string;
	readonly region: string | undefined;
	readonly profile: string | undefined;
	readonly endpoint: string | undefined;
}

/** The version in use: its text, undefined if it is binary. */
export interface CurrentVersion {
	readonly id: string;
	readonly text: string | undefined;
}

/** A request that got no answer. */
class Unanswered extends Error {
	readonly sent: boolean;
	constructor(code: string, sent: boolean) {
		super(code);
		this.sent = sent;
	}
}

const NEXT_STEPS: Readonly<Record<string, string>> = {
	AccessDeniedException:
		"allow secretsmanager:GetSecretValue, DescribeSecret, PutSecretValue and UpdateSecretVersionStage on this secret, and its KMS key",
	ResourceNotFoundException:
		"check secret-id and region in the store's block; a secret without any value is not there either",
	CredentialsProviderError: "log in (aws sso login), or check profile and the variables of the AWS SDK",
	ThrottlingException: "wait, and run it again",
	UnrecognizedClientException: "check the credentials: AWS does not know them",
	ExpiredTokenException: "log in again: the credentials are over",
};

export class AwsSecret {
	readonly #client: SecretsManagerClient;
	readonly #id: string;
	readonly #reach: StoreReach;

	constructor({ secretId, region, profile, endpoint }: AwsSettings, reach: StoreReach) {
		this.#id = secretId;
		this.#reach = reach;
		this.#client = new SecretsManagerClient({
			...(region && { region }),
			...(profile && { profile }),
			...(endpoint && { endpoint }),
			// Sent once: another attempt is a decision of the rotation.
			maxAttempts: 1,
			requestHandler: handlerOf(reach),
		});
	}

	/** Undefined where the secret has no version in use. */
	current(): Promise<CurrentVersion | StoreTrouble | undefined> {
		return this.#attempt(async () => {
			const command = new GetSecretValueCommand({ SecretId: this.#id, VersionStage: "AWSCURRENT" });
			const { VersionId, SecretString } = await this.#client.send(command);
			return { id: VersionId ?? "", text: SecretString };
		});
	}

	/** The text of one version, whatever its labels are. */
	textOf(id: string): Promise<{ readonly text: string | undefined } | StoreTrouble> {
		return this.#attempt(async () => {
			const command = new GetSecretValueCommand({ SecretId: this.#id, VersionId: id });
			return { text: (await this.#client.send(command)).SecretString };
		});
	}

	/** Versions by the label that they have. */
	labels(): Promise<Readonly<Record<string, string>> | StoreTrouble> {
		return this.#attempt(async () => {
			const { VersionIdsToStages = {} } = await this.#client.send(new DescribeSecretCommand({ SecretId: this.#id }));
			const pairs = Object.entries(VersionIdsToStages).flatMap(([id, stages]) => stages.map((stage) => [stage, id]));
			return Object.fromEntries(pairs);
		});
	}

	/** Adds a version; the same one again does nothing. */
	put(id: string, text: string, label: string): Promise<StoreTrouble | undefined> {
		const input = { SecretId: this.#id, ClientRequestToken: id, SecretString: text, VersionStages: [label] };
		return this.#attempt(async () => {
			await this.#client.send(new PutSecretValueCommand(input));
			return undefined;
		});
	}

	/** Moves a label from one version, or from none, to another, or to none; "stale" if it is not where it was. */
	move(label: string, from: string | undefined, to?: string): Promise<StoreTrouble | "stale" | undefined> {
		const input = { SecretId: this.#id, VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to };
		return this.#attempt(async () => {
			try {
				await this.#client.send(new UpdateSecretVersionStageCommand(input));
				return undefined;
			} catch (error) {
				if (["InvalidParameterException", "InvalidRequestException"].includes((error as Error).name)) return "stale";
				throw error;
			}
		});
	}

	close(): void {
		this.#client.destroy();
	}

	/** Not before what the SDK is going to read is known to end: it waits for a named pipe for ever, and reads a device without one. */
	async #attempt<T>(work: () => Promise<T>): Promise<T | StoreTrouble> {
		for (const path of filesOfSdk(this.#reach)) {
			const why = await this.#reach.endless(path);
			if (why !== undefined) return { why, nextStep: "name a file in the variable of the AWS SDK", mayBeDone: false };
		}
		return attempt(work);
	}
}

/**
 * Files that the SDK reads for credentials, by its variables or where it looks by default.
 * https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
function filesOfSdk({ variable }: StoreReach): string[] {
	const home = variable("HOME") ?? variable("USERPROFILE");
	const ofHome = (name: string) => (home === undefined ? undefined : `${home}/.aws/${name}`);
	const paths = [
		variable("AWS_CONFIG_FILE") ?? ofHome("config"),
		variable("AWS_SHARED_CREDENTIALS_FILE") ?? ofHome("credentials"),
		variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
		variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
	];
	return paths.filter((path) => path !== undefined && path !== "").map(String);
}

async function attempt<T>(work: () => Promise<T>): Promise<T | StoreTrouble> {
	try {
		return await work();
	} catch (error) {
		const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
		if (error instanceof Unanswered) {
			const why = `${error.sent ? "no answer from" : "cannot reach"} AWS Secrets Manager (${message})`;
			return { why, nextStep: "check region, endpoint and the network", mayBeDone: error.sent };
		}
		const status = $metadata?.httpStatusCode;
		const nextStep = ownEntry(NEXT_STEPS, name) ?? "read the message, and run it again";
		return { why: `AWS: ${said(`${name}: ${message}`)}`, nextStep, mayBeDone: status !== undefined && status >= 500 };
	}
}

interface SdkRequest {
	readonly method: string;
	readonly protocol: string;
	readonly hostname: string;
	readonly port?: number | undefined;
	readonly path: string;
	readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: unknown;
}

/** Sends the SDK's requests by the reach. https://github.com/smithy-lang/smithy-typescript/blob/main/packages/types/src/http.ts */
function handlerOf(reach: StoreReach) {
	return {
		async handle({ protocol, hostname, port, path, headers, body }: SdkRequest) {
			const answer = await reach.request({
				method: "POST",
				url: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`,
				headers,
				// The SDK's own kind of array warns when it is taken for a text.
				body: body instanceof Uint8Array ? new Uint8Array(body) : String(body ?? ""),
				timeoutMs: 30_000,
			});
			if (answer.kind === "failure") throw new Unanswered(answer.code, answer.sent);
			const { status: statusCode, headers: answered, body: bytes } = answer;
			return { response: { statusCode, headers: { ...answered }, body: new Blob([Uint8Array.from(bytes)]).stream() } };
		},
		updateHttpClientConfig() {
			// Nothing of it can be set.
		},
		httpHandlerConfigs: () => ({}),
	};
}
