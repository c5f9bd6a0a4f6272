/**
 * A place that only a person can write: the script body in an MDM without a field for a secret (Intune, Iru), a form in a portal. The token is
 * filled into a file with a placeholder, readable by its owner alone, and the person is told what to do with it. What the place holds then is
 * known only from the machines and collectors that it feeds.
 *
 * Sources: https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos,
 * https://support.iru.com/hc/en-us/articles/360039207494.
 */
import { shownName } from "../../../base/mask.ts";
import { isPlain } from "../secrets.ts";
import {
	messageOf,
	type Store,
	type StoreCheck,
	type StoreKind,
	type StoreReach,
	type StoreSettings,
	type StoreWrite,
	type StoreWritten,
	settingOf,
} from "../store.ts";

/** As in the scripts that `crossfade mdm` writes. */
const PLACEHOLDER = "@TOKEN@";

export const store: StoreKind = {
	id: "upload",
	title: "upload by a person",
	order: 100,
	settings: [
		{
			name: "body",
			form: "path",
			required: true,
			description: `The script or payload, with the placeholder ${PLACEHOLDER} where the token belongs.`,
		},
		{
			name: "into",
			form: "path",
			required: true,
			description: "Where the filled copy is written, mode 0600; its name contains .secret. so that nobody commits it.",
		},
		{
			name: "where",
			form: "text",
			required: true,
			description: 'Where a person puts it, as clicks: "Intune > Devices > Scripts > Crossfade > Properties > Script".',
		},
	],
	proof: "none",
	readsBack: false,
	person: true,
	conflict: ({ into, body }) => {
		if (typeof into === "string" && !/\.secret\.[^/]+$/.test(into))
			return "into is to be named like install.secret.sh: it will contain the token";
		return into === body ? "body and into are the same file" : undefined;
	},
	place: (settings) => `by hand: ${shownName(settingOf(settings, "where")).replaceAll(/[^ -~]/g, "?")}`,
	open: upload,
	sources: [
		"https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos",
		"https://support.iru.com/hc/en-us/articles/360039207494",
	],
};

function upload(settings: StoreSettings, { files }: StoreReach): Store {
	const [body, into, where] = ["body", "into", "where"].map((name) => settingOf(settings, name)) as [
		string,
		string,
		string,
	];
	const template = async () => {
		const found = await files.look(body);
		if (found === undefined) throw new Error("there is no such file");
		const text = Buffer.from(found.bytes).toString("utf8");
		if (!Buffer.from(text).equals(found.bytes)) throw new Error("the file is not UTF-8");
		if (!text.includes(PLACEHOLDER)) throw new Error(`the placeholder ${PLACEHOLDER} is not in it`);
		return text;
	};
	return {
		read: async () => ({ is: "hidden" }),
		async check(): Promise<StoreCheck> {
			try {
				await template();
			} catch (error) {
				const nextStep = `name a file with the placeholder ${PLACEHOLDER}, such as one that crossfade mdm wrote`;
				return { can: "no", how: `body ${shownName(body)}: ${messageOf(error)}`, nextStep };
			}
			try {
				await files.tryFolder(into);
				const there = await files.look(into);
				if (there && (there.mode & 0o077) !== 0) throw new Error("others may read the file that is there");
			} catch (error) {
				const nextStep = "remove the file, or name another place for it";
				return { can: "no", how: `into ${shownName(into)}: ${messageOf(error)}`, nextStep };
			}
			const how =
				"the body has the placeholder, and its filled copy can be written; whether the person has access was not looked at";
			return { can: "unknown", how, nextStep: `have that person open ${shownName(where)} beforehand` };
		},
		async promote({ value }: StoreWrite): Promise<StoreWritten> {
			const { token, publicId } = value;
			const refused = (why: string, nextStep: string): StoreWritten => ({ did: "refused", why, nextStep });
			if (publicId !== undefined)
				return refused("the provider gives a pair, and the body has one placeholder", "use a store with two fields");
			if (!isPlain(token))
				return refused("the token has characters that scripts and forms change", "ask the provider for another token");
			try {
				const text = (await template()).replaceAll(PLACEHOLDER, () => token.reveal());
				const there = await files.look(into);
				if (there && (there.mode & 0o077) !== 0) throw new Error("others may read the file that is there");
				await files.replace(into, Buffer.from(text), { expected: there?.bytes, secret: token });
			} catch (error) {
				return refused(messageOf(error), "check the files named body and into of the store's block");
			}
			return {
				did: "person",
				words: [
					`Open ${shownName(where)}.`,
					`Replace what is there by the content of ${shownName(into)} (fingerprint ${token.fingerprint}), and save.`,
					`Delete ${shownName(into)}.`,
				],
			};
		},
	};
}
