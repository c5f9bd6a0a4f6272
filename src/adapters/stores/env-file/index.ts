/**
 * A variable in a file of variables: an EnvironmentFile of systemd, a `.env` for dotenv, a file for `docker run --env-file` or for a shell.
 * Only the value is replaced, in a way that the reader named in the settings takes for exactly the token: the result is read back as that
 * reader does before it is written. Comments, order, quotes, line ends and a byte order mark stay. The consumer gets it at its next start.
 *
 * Sources: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=,
 * https://github.com/motdotla/dotenv#rules, https://docs.docker.com/reference/cli/docker/container/run/#env,
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02.
 */
import { ownEntry } from "../../../base/lookup.ts";
import { holdsOf, type OurFields, pairProblem, reasonNotTo } from "../fields.ts";
import {
	messageOf,
	type Store,
	type StoreHolds,
	type StoreKind,
	type StoreReach,
	type StoreSettings,
	type StoreWrite,
	type StoreWritten,
	settingOf,
} from "../store.ts";
import { type Assignment, type EnvReader, readers } from "./format.ts";

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const store: StoreKind = {
	id: "env-file",
	title: "file of environment variables",
	order: 20,
	settings: [
		{ name: "path", form: "path", required: true, description: "The file with the variables." },
		{ name: "key", form: "text", required: true, description: "The variable that has the token." },
		{
			name: "reader",
			form: "text",
			required: true,
			choices: Object.keys(readers),
			description: "Which program reads the file: they differ in what quotes and backslashes mean.",
		},
		{ name: "public-key", form: "text", description: "The variable that has the public id, of a provider with pairs." },
	],
	proof: "permission",
	readsBack: true,
	conflict: ({ key, "public-key": publicKey }) => {
		const wrong = [key, publicKey].find((name) => typeof name === "string" && !VARIABLE.test(name));
		if (wrong !== undefined) return "a variable has a name of letters, digits and _ that begins with no digit";
		return key === publicKey ? "key and public-key are the same variable" : undefined;
	},
	place: (settings) => `variable ${settingOf(settings, "key")} in ${settingOf(settings, "path")}`,
	open: (settings, reach) => envFile(settings, reach),
	sources: [
		"https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=",
		"https://github.com/motdotla/dotenv#rules",
		"https://docs.docker.com/reference/cli/docker/container/run/#env",
		"https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02",
	],
};

const RIGHTS = "check the owner and mode of the file and its folder, or run as a user with access";

/** Why the file cannot be read or written as asked, and what to do. */
class Unfit extends Error {
	readonly nextStep: string;
	constructor(why: string, nextStep: string) {
		super(why);
		this.nextStep = nextStep;
	}
}

const nextStepOf = (error: unknown) => (error instanceof Unfit ? error.nextStep : RIGHTS);

function envFile(settings: StoreSettings, { files }: StoreReach): Store {
	const path = settingOf(settings, "path");
	const reader: EnvReader = ownEntry<EnvReader>(readers, settingOf(settings, "reader")) ?? readers.systemd;
	const keys = { token: settingOf(settings, "key"), publicId: settings["public-key"] as string | undefined };
	const look = async () => {
		const found = await files.look(path);
		return { before: found?.bytes, file: new EnvText(found?.bytes, reader) };
	};
	const fieldsOf = (file: EnvText): OurFields => ({
		token: file.value(keys.token),
		publicId: keys.publicId === undefined ? undefined : file.value(keys.publicId),
	});
	return {
		async read(): Promise<StoreHolds> {
			try {
				const { file } = await look();
				return holdsOf(fieldsOf(file), `the value of ${keys.token}`);
			} catch (error) {
				const failure = { why: messageOf(error), nextStep: nextStepOf(error) };
				return { is: error instanceof Unfit ? "unusable" : "unreachable", ...failure };
			}
		},
		async check() {
			try {
				fieldsOf((await look()).file);
				await files.tryFolder(path);
			} catch (error) {
				return { can: "no", how: messageOf(error), nextStep: nextStepOf(error) };
			}
			return { can: "permitted", how: "a file beside it could be written and removed" };
		},
		async promote(write: StoreWrite): Promise<StoreWritten> {
			try {
				const { before, file } = await look();
				const reason = pairProblem(settings, write, "public-key") ?? reasonNotTo(write, fieldsOf(file));
				if (reason) return reason;
				const { token, publicId } = write.value;
				let text = file.with(keys.token, token.reveal());
				if (keys.publicId !== undefined) text = text.with(keys.publicId, publicId ?? "");
				await files.replace(path, text.bytes(), { expected: before, secret: token });
				return { did: "written" };
			} catch (error) {
				return { did: "refused", why: messageOf(error), nextStep: nextStepOf(error) };
			}
		},
	};
}

/** The text of a file, as its reader sees it. */
class EnvText {
	readonly #text: string;
	readonly #encoding: "utf8" | "latin1";
	readonly #reader: EnvReader;
	readonly #assignments: readonly Assignment[];

	/** Throws `Unfit` where nobody can say what the reader makes of it. */
	constructor(bytes: Uint8Array | undefined, reader: EnvReader) {
		const buffer = Buffer.from(bytes ?? []);
		const text = buffer.toString("utf8");
		// Names and tokens are ASCII: in any other encoding of single bytes they are where they are in this one.
		this.#encoding = Buffer.from(text).equals(buffer) ? "utf8" : "latin1";
		this.#text = buffer.toString(this.#encoding);
		this.#reader = reader;
		if (this.#text.includes("\0"))
			throw new Unfit("the file is no text of single bytes (it has NUL bytes)", "save it as UTF-8");
		const scan = reader.scan(this.#text);
		if ("unclear" in scan) throw new Unfit(`line ${scan.line}: ${scan.unclear}`, CLEARER);
		this.#assignments = scan.assignments;
	}

	/** Undefined if it is not assigned. Throws `Unfit` where the file does not say it. */
	value(key: string): string | undefined {
		const found = this.#assignment(key);
		if (found === undefined) return undefined;
		if (found.value !== undefined) return found.value;
		const why = `line ${found.line}: ${this.#reader.title} does not take the value of ${key} from this file`;
		throw new Unfit(why, "write the token there, or name the store that it comes from");
	}

	/** The text with another value, everything else as it was. Throws `Unfit` where the reader could not read it. */
	with(key: string, value: string): EnvText {
		const found = this.#assignment(key);
		const { title, spellings } = this.#reader;
		for (const spelling of preferred(spellings(value), this.#text[found?.from ?? -1])) {
			const changed = found ? this.#spliced(found, spelling) : this.#appended(key, spelling);
			if (changed !== undefined && this.#differsOnlyIn(changed, key, value)) return changed;
		}
		const why = `a value with these characters cannot be written so that ${title} reads it as it is`;
		throw new Unfit(why, "ask the provider for another token, or deliver it as a file of its own");
	}

	bytes(): Buffer {
		return Buffer.from(this.#text, this.#encoding);
	}

	/** The one that counts. */
	#assignment(key: string): Assignment | undefined {
		const found = this.#assignments.filter((each) => each.key === key);
		const { lastCounts, title } = this.#reader;
		if (found.length > 1 && !lastCounts) {
			const lines = found.map(({ line }) => line).join(", ");
			throw new Unfit(
				`${key} is assigned on lines ${lines}, and releases of ${title} differ in which counts`,
				ONE_LINE,
			);
		}
		if (found.length === 0 && new RegExp(`^[ \\t\\ufeff]*export[ \\t]+${key}=`, "m").test(this.#text))
			throw new Unfit(`${title} takes no line that begins with export, and ${key} is on such a line`, NO_EXPORT);
		if (found.length === 0 && this.#assignments[0]?.key === `\ufeff${key}`)
			throw new Unfit(`the byte order mark before ${key} hides it from ${title}`, "save the file without the mark");
		return found.at(-1);
	}

	#spliced({ from, to }: Assignment, spelling: string): EnvText | undefined {
		return this.#made(this.#text.slice(0, from) + spelling + this.#text.slice(to));
	}

	#appended(key: string, spelling: string): EnvText | undefined {
		const end = /\r\n/.test(this.#text) ? "\r\n" : "\n";
		const before = this.#text === "" || /[\r\n]$/.test(this.#text) ? "" : end;
		const word = this.#reader === readers.sh && /^[ \t]*export[ \t]/m.test(this.#text) ? "export " : "";
		return this.#made(`${this.#text}${before}${word}${key}=${spelling}${end}`);
	}

	#made(text: string): EnvText | undefined {
		try {
			return new EnvText(Buffer.from(text, this.#encoding), this.#reader);
		} catch {
			return undefined;
		}
	}

	/** Whether the reader sees the same variables with the same values, except this one with its new value. */
	#differsOnlyIn(changed: EnvText, key: string, value: string): boolean {
		const seen = (text: EnvText) =>
			new Map(text.#assignments.map((each) => [each.key, each.value] as const)).set(key, value);
		const [wanted, got] = [seen(this), new Map(changed.#assignments.map((each) => [each.key, each.value] as const))];
		return wanted.size === got.size && [...wanted].every(([name, each]) => got.has(name) && got.get(name) === each);
	}
}

const CLEARER = "write the variables one on a line, or keep the token in a store of another kind";
const ONE_LINE = "remove the lines that are not meant";
const NO_EXPORT = "remove the word export, or set reader to the program that does read this file";

/** The spelling in the quotes that are there comes first. */
function preferred(spellings: readonly string[], quote: string | undefined): readonly string[] {
	const isQuoted = quote !== undefined && /['"`]/.test(quote);
	return [...spellings].sort(
		(a, b) => Number(isQuoted && b.startsWith(quote)) - Number(isQuoted && a.startsWith(quote)),
	);
}
