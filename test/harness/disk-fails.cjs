// From its nth change on, nothing can be written to the disk any more; given to Node with --require.
// DISK_FAILS_AT is n, 0 for never; DISK_FAILS_AS an error code; DISK_FAILS_COUNT a file that gets a byte for each change.
/** @type {any} */
const fs = require("node:fs");

const { constants, fstatSync, openSync, writeSync } = fs;
const at = Number(process.env["DISK_FAILS_AT"]);
const code = process.env["DISK_FAILS_AS"];
const count = openSync(process.env["DISK_FAILS_COUNT"], "a");
let seen = 0;

function point() {
	seen++;
	writeSync(count, ".");
	if (at > 0 && seen >= at)
		throw Object.assign(new Error(`${code}: as the test wants it`), { code, errno: -28, syscall: "write" });
}

const isNew = (/** @type {unknown} */ flags) =>
	typeof flags === "number" ? (flags & constants.O_CREAT) !== 0 : /^[wa]/.test(String(flags ?? "r"));

for (const name of ["fsyncSync", "renameSync", "linkSync", "mkdirSync", "writeFileSync"]) {
	const real = fs[name];
	fs[name] = (/** @type {unknown[]} */ ...args) => {
		point();
		return real(...args);
	};
}
fs.writeSync = (/** @type {number} */ fd, /** @type {unknown[]} */ ...args) => {
	if (fstatSync(fd).isFile()) point();
	return writeSync(fd, ...args);
};
fs.openSync = (/** @type {unknown} */ path, /** @type {unknown} */ flags, /** @type {unknown} */ mode) => {
	if (isNew(flags)) point();
	return openSync(path, flags, mode);
};
for (const name of ["writeFile", "rename", "mkdir", "open"]) {
	const real = fs.promises[name];
	fs.promises[name] = async (/** @type {unknown[]} */ ...args) => {
		if (name !== "open" || isNew(args[1])) point();
		return real(...args);
	};
}
