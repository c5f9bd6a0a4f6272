// What a machine that stops loses, at worst: with CROSSFADE_KILL_DROPS everything since the last sync of a file or of a folder is undone, the
// newest first, when `lose` is called. CROSSFADE_KILL_DROPS is a folder for what is needed for that. A folder that is not durable in its
// parent is lost with all that is in it.
/** @type {any} */
const fs = require("node:fs");
const { dirname, join } = require("node:path");

const {
	fstatSync,
	ftruncateSync,
	futimesSync,
	linkSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeSync,
} = fs;
const AWAY = Date.now() / 1000 - 120;
const kept = process.env["CROSSFADE_KILL_DROPS"];

/** @type {{ of: string, undo: () => void }[]} */
let pending = [];
let number = 0;

const keyOf = (/** @type {{ dev: number, ino: number }} */ { dev, ino }) => `${dev}:${ino}`;
const folderOf = (/** @type {string} */ path) => keyOf(statSync(dirname(path)));
const isThere = (/** @type {string} */ path) => fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
const here = (/** @type {string} */ path) =>
	typeof path === "string" && !path.startsWith("/proc") && !path.startsWith("/dev");

/** A second name for a file that is about to lose its own. */
function keep(/** @type {string} */ path) {
	const name = join(kept ?? "", String(number++));
	linkSync(path, name);
	return name;
}

/** Before a file's bytes change: all of them as they were, until it is synced. */
function beforeWrite(/** @type {number} */ fd) {
	const stats = fstatSync(fd);
	const of = keyOf(stats);
	if (!stats.isFile() || pending.some((each) => each.of === of)) return;
	const own = openSync(`/proc/self/fd/${fd}`, "r+");
	const content = readFileSync(own);
	pending.push({
		of,
		undo: () => {
			ftruncateSync(own, 0);
			writeSync(own, content, 0, content.length, 0);
			// A machine needs longer to start than whoever has a lock may be silent.
			futimesSync(own, AWAY, AWAY);
		},
	});
}

/** Before names in a folder change. */
const before = {
	/** @param {string} from @param {string} to */
	renameSync(from, to) {
		const old = isThere(to) ? keep(to) : undefined;
		const undo = () => {
			renameSync(to, from);
			if (old) renameSync(old, to);
		};
		return { of: folderOf(to), undo };
	},
	/** @param {string} _from @param {string} to */
	linkSync: (_from, to) => ({ of: folderOf(to), undo: () => rmSync(to) }),
	/** @param {string} path */
	unlinkSync(path) {
		if (!isThere(path)) return undefined;
		const old = keep(path);
		return { of: folderOf(path), undo: () => renameSync(old, path) };
	},
	/** @param {string} path */
	mkdirSync: (path) => ({ of: folderOf(path), undo: () => rmSync(path, { recursive: true }) }),
	/** @param {string} path @param {number | string} flags */
	openSync(path, flags) {
		const isNew = typeof flags === "number" && (flags & fs.constants.O_CREAT) !== 0 && !isThere(path);
		return isNew ? { of: folderOf(path), undo: () => rmSync(path) } : undefined;
	},
};
Object.assign(before, { rmSync: before.unlinkSync });

if (kept !== undefined) {
	mkdirSync(kept, { recursive: true });
	for (const [name, look] of Object.entries(before)) {
		const real = fs[name];
		fs[name] = (/** @type {any[]} */ ...args) => {
			const change = here(args[0]) ? attempt(() => /** @type {any} */ (look)(...args)) : undefined;
			const result = real(...args);
			if (change) pending.push(change);
			return result;
		};
	}
	const [write, sync] = [fs.writeSync, fs.fsyncSync];
	fs.writeSync = (/** @type {any[]} */ ...args) => {
		beforeWrite(args[0]);
		return write(...args);
	};
	fs.fsyncSync = (/** @type {number} */ fd) => {
		const result = sync(fd);
		const of = keyOf(fstatSync(fd));
		pending = pending.filter((each) => each.of !== of);
		return result;
	};
}

/** @template T @param {() => T} work */
function attempt(work) {
	try {
		return work();
	} catch {
		// What it would change is not there: the change itself fails too.
		return undefined;
	}
}

/** Undoes what was not synced; what went with a folder that is lost is gone already. */
exports.lose = () => {
	for (const { undo } of pending.reverse()) attempt(undo);
	pending = [];
};
