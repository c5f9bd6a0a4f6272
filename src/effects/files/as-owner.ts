import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";

/**
 * Does work on files of a folder, which need not exist yet. Run by root it has the rights of the account that could swap files or links on
 * the way there, so that nobody has root write where only root may. Throws `CrossfadeError` (refused) where several accounts could; a folder
 * of root's that everybody can write, as volumes of containers are, may be taken for root's alone.
 */
export function asOwnerOf<T>(folder: string, work: () => T, open: "refused" | "allowed" = "refused"): T {
	const owner = process.geteuid?.() === 0 ? otherOnTheWay(resolve(folder), open) : undefined;
	return owner ? as(owner, work) : work();
}

interface Account {
	readonly uid: number;
	readonly gid: number;
}

interface Step {
	readonly path: string;
	readonly stats: Stats;
}

function otherOnTheWay(folder: string, open: "refused" | "allowed"): Account | undefined {
	const steps = onTheWay(folder);
	const others = steps.filter(({ stats }) => stats.uid !== 0);
	const [first] = others;
	if (first) {
		const stranger = others.find(({ stats }) => stats.uid !== first.stats.uid);
		if (stranger)
			throw exposed(stranger.path, "folders of one account, or of root", `one of account ${stranger.stats.uid}`);
		const { uid, gid } = others.at(-1)?.stats ?? first.stats;
		// Root's group is not theirs.
		return { uid, gid: gid === 0 ? uid : gid };
	}
	if (open === "allowed") return undefined;
	const loose = steps.find(({ stats }) => stats.isDirectory() && (stats.mode & 0o022) !== 0 && !isSticky(stats));
	if (loose) throw exposed(loose.path, "one that only root can write", "one that other accounts can write");
	return undefined;
}

/** In a folder like /tmp nobody else can rename what is root's. */
function isSticky({ mode }: Stats): boolean {
	return (mode & 0o1000) !== 0;
}

/** No system follows more links than this. */
const MAX_LINKS = 40;

/** Folders and links from the root to a path, as far as they exist, those that links lead through too. */
function onTheWay(path: string, links = 0): Step[] {
	const above = dirname(path) === path ? [] : onTheWay(dirname(path), links);
	const stats = lstatSync(path, { throwIfNoEntry: false });
	if (!stats) return above;
	const beyond =
		stats.isSymbolicLink() && links < MAX_LINKS ? onTheWay(resolve(dirname(path), readlinkSync(path)), links + 1) : [];
	return [...above, { path, stats }, ...beyond];
}

/** All of the work is done in one go, so that nothing else of this process has these rights. */
function as<T>({ uid, gid }: Account, work: () => T): T {
	const { getegid, getgroups, setegid, seteuid, setgroups } = process;
	if (!getegid || !getgroups || !setegid || !seteuid || !setgroups) throw new TypeError("root without accounts");
	const [group, groups] = [getegid(), getgroups()];
	setgroups([gid]);
	setegid(gid);
	seteuid(uid);
	try {
		return work();
	} finally {
		seteuid(0);
		setegid(group);
		setgroups(groups);
	}
}

function exposed(file: string, expected: string, got: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "another account could have root write somewhere else from here",
		expected,
		got,
		where: { file },
		fix: "run this as the account that owns the folder, or choose another folder",
	});
}
