/**
 * A file with the token and nothing else, which a collector watches (`bearertokenauth` with `filename`) or a service reads. It is replaced by
 * a rename within its folder, so that no reader sees half a token and a watch of the folder or of the path sees the change.
 *
 * A check never rewrites the file with its own value: a collector that follows the file could lose its watch by it. It writes and removes
 * another file in the same folder.
 *
 * Sources: https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html,
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/bearertokenauthextension.
 */
import {
	fingerprintOf,
	messageOf,
	type Store,
	type StoreHolds,
	type StoreKind,
	type StoreReach,
	type StoreWrite,
	type StoreWritten,
	settingOf,
	storedToken,
} from "../store.ts";

export const store: StoreKind = {
	id: "token-file",
	title: "token file",
	order: 10,
	settings: [{ name: "path", form: "path", required: true, description: "The file with the token and nothing else." }],
	proof: "permission",
	readsBack: true,
	place: (settings) => `file ${settingOf(settings, "path")}`,
	open: (settings, reach) => tokenFile(settingOf(settings, "path"), reach),
	sources: [
		"https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html",
		"https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/bearertokenauthextension",
	],
};

const RIGHTS = "check the owner and mode of the file and its folder, or run as a user with access";

function tokenFile(path: string, { files }: StoreReach): Store {
	const read = async (): Promise<StoreHolds> => {
		try {
			const found = await files.look(path);
			if (found === undefined) return { is: "empty" };
			const text = formOf(found.bytes).token;
			if (text === "") return { is: "empty" };
			const token = storedToken(text);
			return "token" in token
				? { is: "token", value: token }
				: { is: "unusable", why: token.why, nextStep: `${token.fix}, in the file` };
		} catch (error) {
			return { is: "unreachable", why: messageOf(error), nextStep: RIGHTS };
		}
	};
	return {
		read,
		async check() {
			try {
				await files.tryFolder(path);
			} catch (error) {
				return { can: "no", how: messageOf(error), nextStep: RIGHTS };
			}
			return { can: "permitted", how: "a file beside it could be written and removed" };
		},
		promote: (write) => replace(path, files, write),
	};
}

async function replace(path: string, files: StoreReach["files"], write: StoreWrite): Promise<StoreWritten> {
	const { token } = write.value;
	try {
		const before = await files.look(path);
		const form = formOf(before?.bytes);
		const holds = fingerprintOf(form.token);
		if (holds === token.fingerprint) return { did: "already" };
		if (holds !== write.expected) return { did: "conflict", holds };
		const content = Buffer.from(`${token.reveal()}${form.end}`);
		await files.replace(path, content, { expected: before?.bytes, secret: token });
		return { did: "written" };
	} catch (error) {
		return { did: "refused", why: messageOf(error), nextStep: RIGHTS };
	}
}

/** The token of a file, and the line break at its end, which stays as it is: whatever reads the file is used to it. */
function formOf(bytes: Uint8Array | undefined) {
	const text = Buffer.from(bytes ?? []).toString("utf8");
	const [, token = "", end = ""] = /^(.*?)(\r?\n)?$/s.exec(text) ?? [];
	return { token, end };
}
