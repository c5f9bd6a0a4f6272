/**
 * A secret in AWS Secrets Manager, as a whole or one field of its JSON. A new version is put under AWSPENDING, named by the operation, so that
 * the same write again does nothing; then AWSCURRENT is moved to it from the version that was read, which AWS refuses if somebody moved it
 * meanwhile. AWSPENDING is a place to write to and never a lock: PutSecretValue moves it silently. A check puts the version in use once more
 * under its own name, which changes nothing.
 *
 * Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html,
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html,
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version.
 */
import { createHash } from "node:crypto";
import { fenceOf, promoteComparing } from "../compare.ts";
import { holdsOf, pairProblem } from "../fields.ts";
import { jsonOf, objectAt, textIn } from "../http.ts";
import {
	type Store,
	type StoreCheck,
	type StoreFence,
	type StoreHolds,
	type StoreKind,
	type StoreReach,
	type StoreSettings,
	type StoreTrouble,
	type StoreWrite,
	type StoreWritten,
	settingOf,
} from "../store.ts";
import type { AwsSecret, CurrentVersion } from "./client.ts";
import { fieldsOf, type OurKeys, textWith } from "./format.ts";

export const store: StoreKind = {
	id: "aws-secrets-manager",
	title: "AWS Secrets Manager",
	order: 60,
	settings: [
		{ name: "secret-id", form: "text", required: true, description: "The secret's name or ARN." },
		{ name: "region", form: "text", description: "Its region, if not that of the AWS SDK's settings." },
		{ name: "profile", form: "text", description: "The profile of the AWS SDK's settings to log in with." },
		{
			name: "field",
			form: "text",
			description: "The key of its JSON that has the token; if not given, all of it is the token.",
		},
		{ name: "public-field", form: "text", description: "The key of the public id, of a provider with pairs." },
		{ name: "endpoint", form: "url", description: "Another address of the service, such as a VPC endpoint." },
	],
	proof: "conditional-write",
	readsBack: true,
	conflict(settings) {
		if (settings["public-field"] !== undefined && settings["field"] === undefined) return "public-field needs field";
		const isSame = settings["field"] !== undefined && settings["field"] === settings["public-field"];
		return isSame ? "field and public-field are the same key" : undefined;
	},
	place(settings) {
		const where = settings["region"] ?? settings["endpoint"] ?? "the default region";
		const field = settings["field"] === undefined ? "" : `, field ${settingOf(settings, "field")}`;
		return `secret ${settingOf(settings, "secret-id")} in ${where}${field}`;
	},
	open: aws,
	sources: [
		"https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version",
	],
};

const PENDING = "AWSPENDING";
const CURRENT = "AWSCURRENT";
/** The id of no version. */
const NO_VERSION = "00000000-0000-4000-8000-000000000000";

function aws(settings: StoreSettings, reach: StoreReach): Store {
	const given = settings as Readonly<Record<string, string | undefined>>;
	const { region, profile, endpoint, field, "public-field": publicField } = given;
	const keys = { token: field, publicId: publicField };
	let opened: Promise<AwsSecret> | undefined;
	const open = () => {
		opened ??= import("./client.ts").then(
			({ AwsSecret }) =>
				new AwsSecret({ secretId: settingOf(settings, "secret-id"), region, profile, endpoint }, reach),
		);
		return opened;
	};
	const look = async (): Promise<CurrentVersion | StoreTrouble> =>
		(await (await open()).current()) ?? {
			why: "the secret has no version in use",
			nextStep: "give it a first value",
			mayBeDone: false,
		};

	return {
		async read(): Promise<StoreHolds> {
			const found = await look();
			if ("why" in found) return { is: "unreachable", why: found.why, nextStep: found.nextStep };
			const odd = oddity(found, field);
			if (odd) return { is: "unusable", why: odd.why, nextStep: odd.nextStep };
			return holdsOf(fieldsOf(found.text ?? "", keys), "the secret", found.id);
		},
		async check(): Promise<StoreCheck> {
			const found = await look();
			return "why" in found ? no(found) : check(await open(), found, field);
		},
		async stage(write: StoreWrite): Promise<StoreWritten> {
			const found = await look();
			if ("why" in found) return refused(found);
			const odd = oddity(found, field);
			if (odd) return refused(odd);
			const staged = await stage(await open(), found, write, keys);
			return typeof staged === "string" ? { did: "written", version: staged } : refused(staged.trouble);
		},
		async promote(write: StoreWrite): Promise<StoreWritten> {
			const unfit = pairProblem(settings, write, "public-field");
			if (unfit) return unfit;
			return promoteComparing(write, "the secret", async () => {
				const found = await look();
				if ("why" in found) return found;
				return {
					fields: fieldsOf(found.text ?? "", keys),
					version: found.id,
					problem: oddity(found, field),
					async put() {
						const staged = await stage(await open(), found, write, keys);
						if (typeof staged !== "string") return staged.trouble;
						const secret = await open();
						const trouble = await secret.move(CURRENT, found.id, staged);
						if (trouble) return trouble;
						// A label that stays is looked at by nobody: it is on the version in use.
						await secret.move(PENDING, staged);
						return { version: staged };
					},
				};
			});
		},
		fence: fence(open),
		async close() {
			if (opened) (await opened).close();
		},
	};
}

/** Puts the version in use once more, and has a label refused: two writes without a change, with the rights that a rotation needs. */
async function check(secret: AwsSecret, found: CurrentVersion, field: string | undefined): Promise<StoreCheck> {
	const odd = oddity(found, field);
	if (odd) return no(odd);
	const trouble = await secret.put(found.id, found.text ?? "", CURRENT);
	if (trouble) return no(trouble);
	const moved = await secret.move(CURRENT, NO_VERSION, found.id);
	if (moved !== "stale") return no(moved ?? NOTHING);
	const how = "the version in use was put again under its own name, and a label was refused to move from nowhere";
	return { can: "proven", how };
}

/** The id of a version of ours: an operation, and a hash of the content. */
const OURS = /^[0-9a-f-]{36}-[0-9a-f]{12}$/;

/** Puts the new text under AWSPENDING, as a version named by the operation and its content; returns that name. */
async function stage(
	secret: AwsSecret,
	{ id, text = "" }: CurrentVersion,
	write: StoreWrite,
	keys: OurKeys,
): Promise<string | { readonly trouble: StoreTrouble }> {
	const labels = await secret.labels();
	if (isTrouble(labels)) return { trouble: labels };
	const pending = labels[PENDING];
	if (pending !== undefined && pending !== id && !OURS.test(pending)) {
		const why = `another rotation has put version ${pending} under ${PENDING}`;
		const nextStep = "let it end, or take the label off with UpdateSecretVersionStage";
		return { trouble: { why, nextStep, mayBeDone: false } };
	}
	const next = await textWith(text, keys, write.value);
	const version = `${write.operation}-${hashOf(next)}`;
	const trouble = await secret.put(version, next, PENDING);
	// Nobody has it yet, and the same write again does nothing.
	return trouble ? { trouble: { ...trouble, mayBeDone: false } } : version;
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);
/** The label of its own that a version of the fence has. */
const labelOf = (version: string) => `CROSSFADE_${version}`;
/** On the version that names who works on the token. */
const FENCE = "CROSSFADE_FENCE";

/**
 * A version that no consumer reads names the operation, and has a label of which there is one: AWS attaches it only if no other version has
 * it. Taking the label off frees the fence, and leaves the version to be removed by AWS.
 */
function fence(open: () => Promise<AwsSecret>): StoreFence {
	return fenceOf<string | undefined>({
		name: `the label ${FENCE}`,
		async look() {
			const secret = await open();
			const labels = await secret.labels();
			if (isTrouble(labels)) return labels;
			const version = labels[FENCE];
			if (version === undefined) return { operation: "", holder: "", version };
			const found = await secret.textOf(version);
			if ("why" in found) return found;
			const record = objectAt(jsonOf(Buffer.from(found.text ?? "")));
			return { operation: textIn(record, "operation") ?? version, holder: textIn(record, "holder") ?? "", version };
		},
		async put({ operation, holder }, version) {
			const secret = await open();
			if (operation === "") {
				const failed = await secret.move(FENCE, version);
				if (failed) return failed;
				// AWS keeps a version for as long as it has a label.
				await secret.move(labelOf(version ?? ""), version);
				return { version: "" };
			}
			const text = JSON.stringify({ operation, holder });
			const own = `fence-${operation}-${hashOf(text)}`;
			// Without a label of its own a version would be put in use.
			const trouble = await secret.put(own, text, labelOf(own));
			if (trouble) return { ...trouble, mayBeDone: false };
			return (await secret.move(FENCE, version, own)) ?? { version: own };
		},
	});
}

function isTrouble(answer: object): answer is StoreTrouble {
	return "mayBeDone" in answer && typeof answer.mayBeDone === "boolean";
}

const NOTHING: StoreTrouble = {
	why: "AWS moved a label that was to stay",
	nextStep: "look at the labels of the secret's versions",
	mayBeDone: false,
};
const no = ({ why, nextStep }: StoreTrouble): StoreCheck => ({ can: "no", how: why, nextStep });
const refused = ({ why, nextStep }: StoreTrouble): StoreWritten => ({ did: "refused", why, nextStep });

/** Why the text is none that a token can be put into. */
function oddity({ text }: CurrentVersion, field: string | undefined): StoreTrouble | undefined {
	const problem = (why: string, nextStep: string) => ({ why, nextStep, mayBeDone: false });
	if (text === undefined) return problem("the secret is binary", "store it as text, under another name");
	const document = jsonOf(Buffer.from(text));
	const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
	if (field !== undefined && !isObject)
		return problem("the secret is no JSON object", "remove field from the store's block, or make it one");
	if (field === undefined && isObject)
		return problem("the secret is a JSON object", "add field to the store's block: the key of the token");
	return undefined;
}
