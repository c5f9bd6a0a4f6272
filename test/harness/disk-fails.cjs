// From its nth change on, nothing can be written to the disk any more; given to Node with --require.
// DISK_FAILS_AT is n, 0 for never; DISK_FAILS_FOR how many changes fail, all if it is not given; DISK_FAILS_ON
// a text: only writes with it count, and a half of them gets onto the disk; DISK_FAILS_AS an error code; DISK_FAILS_COUNT a file that gets a byte for each change.
/** @type {any} */
const fs = require("node:fs");

const { constants, fstatSync, openSync, writeSync } = fs;
const at = Number(process.env["DISK_FAILS_AT"]);
const until = at + Number(process.env["DISK_FAILS_FOR"] ?? Number.POSITIVE_INFINITY);
const code = process.env["DISK_FAILS_AS"];
const count = openSync(process.env["DISK_FAILS_COUNT"], "a");
let seen = 0;

// Nobody frees the disk here: what waits for that need not take a minute.
/** @type {any} */
const timers = require("node:timers/promises");
const wait = timers.setTimeout;
timers.setTimeout = (/** @type {number} */ ms, /** @type {unknown[]} */ ...more) => wait(Math.min(ms, 10), ...more);

function point() {
	seen++;
	writeSync(count, ".");
	if (at > 0 && seen >= at && seen < until)
		throw Object.assign(new Error(`${code}: as the test wants it`), { code, errno: -28, syscall: "write" });
}

const on = process.env["DISK_FAILS_ON"];
const has = (/** @type {any} */ data) => on === undefined || Buffer.from(data ?? "").includes(on);

const isNew = (/** @type {unknown} */ flags) =>
	typeof flags === "number" ? (flags & constants.O_CREAT) !== 0 : /^[wa]/.test(String(flags ?? "r"));

for (const name of ["fsyncSync", "renameSync", "linkSync", "mkdirSync", "writeFileSync"]) {
	const real = fs[name];
	fs[name] = (/** @type {unknown[]} */ ...args) => {
		if (on === undefined) point();
		return real(...args);
	};
}
fs.writeSync = (/** @type {number} */ fd, /** @type {unknown[]} */ ...args) => {
	if (fstatSync(fd).isFile() && has(args[0])) {
		try {
			point();
		} catch (error) {
			const [data, from, length, at] = /** @type {[Uint8Array, number, number, number]} */ (args);
			if (on !== undefined) writeSync(fd, data, from, Math.floor(length / 2), at);
			throw error;
		}
	}
	return writeSync(fd, ...args);
};
fs.openSync = (/** @type {unknown} */ path, /** @type {unknown} */ flags, /** @type {unknown} */ mode) => {
	if (on === undefined && isNew(flags)) point();
	return openSync(path, flags, mode);
};
for (const name of ["writeFile", "rename", "mkdir", "open"]) {
	const real = fs.promises[name];
	fs.promises[name] = async (/** @type {unknown[]} */ ...args) => {
		if (on === undefined && (name !== "open" || isNew(args[1]))) point();
		return real(...args);
	};
}
