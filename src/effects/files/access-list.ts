import { ownEntry } from "../../base/lookup.ts";

/**
 * Access lists of Windows in their text form (SDDL), as `icacls /save` writes them.
 * https://learn.microsoft.com/windows/win32/secauthz/ace-strings https://learn.microsoft.com/windows/win32/secauthz/sid-strings
 */

const SYSTEM = "S-1-5-18";
const ADMINISTRATORS = "S-1-5-32-544";
const EVERYONE = "S-1-1-0";

/** Short names of accounts in an access list; others stay as they are written, and then are nobody we know. */
const ACCOUNTS: Readonly<Record<string, string>> = {
	SY: SYSTEM,
	BA: ADMINISTRATORS,
	WD: EVERYONE,
	LS: "S-1-5-19",
	NS: "S-1-5-20",
	// The rights of an object's owner, whoever that is.
	OW: "S-1-3-4",
};

const OWNER_RIGHTS = "S-1-3-4";
const ALLOWING = new Set(["A", "OA", "XA", "ZA"]);
const DENYING = new Set(["D", "OD", "XD", "ZD"]);

interface Entry {
	readonly type: string;
	readonly flags: string;
	readonly account: string;
	readonly text: string;
}

/** The entries of a list; undefined if it is not one that we can read. `D:P` without entries lets nobody in. */
function entriesOf(sddl: string): readonly Entry[] | undefined {
	const [, list] = /^D:(?:P|AI|AR)*((?:\([^()]*\))*)$/.exec(sddl) ?? [];
	if (list === undefined) return undefined;
	const entries = [...list.matchAll(/\(([^()]*)\)/g)].map(([, text = ""]) => {
		const [type = "", flags = "", , , , account = ""] = text.split(";");
		return {
			type,
			flags,
			account: ownEntry(ACCOUNTS, account) ?? account,
			text,
		};
	});
	const isKnown = ({ type, account }: Entry) => account !== "" && (ALLOWING.has(type) || DENYING.has(type));
	return entries.every(isKnown) ? entries : undefined;
}

/**
 * Accounts, as SIDs or as the list names them, that an access list gives any right and that are neither `self` (a SID), SYSTEM nor
 * Administrators; undefined if the list cannot be read. What is denied does not count: a right that is given and denied is reported.
 */
export function strangersIn(sddl: string, self: string): readonly string[] | undefined {
	if (sddl === "D:NO_ACCESS_CONTROL") return [EVERYONE];
	const entries = entriesOf(sddl);
	if (entries === undefined) return undefined;
	const known = new Set([self, SYSTEM, ADMINISTRATORS, OWNER_RIGHTS, ...(self.endsWith("-500") ? ["LA"] : [])]);
	const applying = entries.filter(({ type, flags }) => ALLOWING.has(type) && !pairs(flags).includes("IO"));
	return [...new Set(applying.map(({ account }) => account))].filter((account) => !known.has(account));
}

/** Whether two lists give and deny the same, wherever each has it from; false if one cannot be read. */
export function isSameAccess(one: string, other: string): boolean {
	const [first, second] = [one, other].map((sddl) =>
		entriesOf(sddl)
			?.map(({ text, flags }) => {
				const [type, , ...rest] = text.split(";");
				const own = pairs(flags).filter((flag) => flag !== "ID");
				return [type, own.join(""), ...rest].join(";");
			})
			.join("\n"),
	);
	return first !== undefined && first === second;
}

const pairs = (flags: string): readonly string[] => flags.match(/../g) ?? [];

/** What `icacls FILE /save` wrote. */
interface SavedList {
	/** A byte order mark, where it wrote one. */
	readonly mark: string;
	readonly name: string;
	readonly sddl: string;
}

/** A line with the name of a file and a line with its list; undefined if the text has another form. */
export function savedList(text: string): SavedList | undefined {
	const mark = text.startsWith("\ufeff") ? "\ufeff" : "";
	const [name, sddl, ...rest] = text.slice(mark.length).split(/\r?\n/);
	if (!name || !sddl?.startsWith("D:") || rest.some((line) => line !== "")) return undefined;
	return { mark, name, sddl };
}

/** The SID in what `whoami /user /fo csv /nh` prints. */
export function sidIn(text: string): string | undefined {
	return /"(S-1-[0-9-]+)"\s*$/.exec(text)?.[1];
}

/** Arguments of icacls that leave a file, or a folder with all that is made in it, to one account, SYSTEM and Administrators. */
export function privateArguments(path: string, self: string, isFolder: boolean): readonly string[] {
	const rights = isFolder ? "(OI)(CI)F" : "F";
	const grants = [...new Set([self, SYSTEM, ADMINISTRATORS])].map((sid) => `*${sid}:${rights}`);
	return [path, "/inheritance:r", "/grant:r", ...grants, "/q"];
}
