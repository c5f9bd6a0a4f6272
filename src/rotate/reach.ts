import type { StoreAnswer, StoreReach, StoreTls } from "../adapters/stores/store.ts";
import { CrossfadeError, problemText } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import type { Effects } from "../effects/effects.ts";
import { parseTokenRef } from "../token/reference.ts";
import { wasSent } from "./provider-call.ts";

type ReachEffects = Pick<
	Effects,
	"files" | "programs" | "request" | "readToken" | "environment" | "clock" | "sleep" | "machine"
>;

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What stores reach the world with. */
export function storeReach(fx: ReachEffects): StoreReach {
	return {
		async request({ body, tls, ...request }): Promise<StoreAnswer> {
			const bytes = typeof body === "string" ? Buffer.from(body) : body;
			const outcome = await fx.request({
				...request,
				...(bytes && { body: bytes }),
				tls: tls === undefined ? undefined : await pemOf(fx, tls),
				proxy: "environment",
				maxBytes: MAX_ANSWER_BYTES,
			});
			if (outcome.kind === "answer") {
				const { kind, status, headers, body: answer } = outcome;
				return { kind, status, headers, body: answer };
			}
			const { kind, code, message } = outcome;
			return { kind, code, message, sent: wasSent(outcome) };
		},
		files: storeFiles(fx),
		async run(program, args, { input, timeoutMs, variables }) {
			const path = fx.programs.find(program);
			const never = { code: undefined, started: false, stdout: "" };
			if (path === undefined) return { ...never, stderr: `${program} is not installed` };
			try {
				const { code, stdout, stderr, timedOut } = await fx.programs.run(path, args, { input, timeoutMs, variables });
				return {
					code,
					started: true,
					stdout,
					stderr: timedOut ? "it took too long and was stopped; what it had started may go on" : stderr,
				};
			} catch (error) {
				return { ...never, stderr: error instanceof Error ? error.message : "it cannot be run" };
			}
		},
		async secret(reference) {
			const ref = parseTokenRef(reference, "stores");
			if ("what" in ref) throw new CrossfadeError("usage", ref);
			return fx.readToken(ref);
		},
		async endless(path) {
			try {
				await fx.files.read(path, { maxBytes: MAX_FILE_BYTES });
				return undefined;
			} catch (error) {
				// What is not there, or nobody may read, the client finds out.
				if (!(error instanceof CrossfadeError) || error.exit !== "refused") return undefined;
				return inOneLine(error);
			}
		},
		variable: (name) => ownEntry(fx.environment, name),
		now: fx.clock.now,
		sleep: (ms) => fx.sleep(ms),
	};
}

async function pemOf({ files }: Pick<Effects, "files">, { ca, cert, key }: StoreTls) {
	const read = async (pem: string | undefined) => {
		if (pem === undefined || pem.includes("-----BEGIN ")) return pem;
		return Buffer.from(await files.read(pem, { maxBytes: MAX_FILE_BYTES })).toString("utf8");
	};
	return { ca: await read(ca), cert: await read(cert), key: await read(key) };
}

function storeFiles(fx: ReachEffects): StoreReach["files"] {
	const { files } = fx;
	return {
		look: (path) =>
			forPeople(async () => {
				files.removeLeft(path);
				const machine = await fx.machine();
				if (machine.linkOf(path) !== undefined)
					throw new Error(`${path} is a symbolic link; name the file it points to`);
				const sight = machine.look(path, MAX_FILE_BYTES);
				if (sight.kind === "absent") return undefined;
				if (sight.kind !== "file") throw new Error(`${path} cannot be read: ${SIGHTS[sight.kind]}`);
				const { bytes, mode, uid } = sight;
				// As Node has it where there are none.
				return { bytes, mode: mode ?? 0o666, uid };
			}),
		replace: (path, content, { expected, secret }) =>
			forPeople(async () => {
				if (expected !== undefined) {
					await files.replace(path, content, { expected, secret });
					return;
				}
				// All of it counts as secret: a form with the token in it.
				await files.createSecret(path, { reveal: () => Buffer.from(content).toString("utf8") });
			}),
		tryFolder: (path) => forPeople(() => files.tryFolder(path)),
	};
}

const SIGHTS = {
	folder: "it is a folder",
	unreadable: "permission denied",
	other: "it is no regular file",
	large: "it is too large",
} as const;

/** An error whose message says all that the problem says. */
async function forPeople<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof CrossfadeError)) throw error;
		throw new Error(inOneLine(error), { cause: error });
	}
}

function inOneLine({ problems }: CrossfadeError): string {
	return problems.map((problem) => problemText(problem).replaceAll(/\n\s*/g, "; ")).join("; ");
}
