// Ends the process as kill -9 does, before its nth change of the disk, its nth request, or its nth answer; given to Node with --require.
// CROSSFADE_KILL_AT is n, 0 for never; CROSSFADE_KILL_COUNT a file that gets a byte for each. With CROSSFADE_KILL_DROPS what was not synced is
// lost too.
/** @type {any} */
const fs = require("node:fs");
/** @type {any} */
const http = require("node:http");

const { appendFileSync, fstatSync } = fs;
const { lose } = require("./drops.cjs");
const at = Number(process.env["CROSSFADE_KILL_AT"]);
const count = process.env["CROSSFADE_KILL_COUNT"];
let seen = 0;

function point() {
	seen++;
	appendFileSync(count, ".");
	if (seen !== at) return;
	lose();
	process.kill(process.pid, "SIGKILL");
}

for (const name of ["fsyncSync", "renameSync", "linkSync", "unlinkSync", "rmSync", "mkdirSync"]) {
	const real = fs[name];
	fs[name] = (/** @type {unknown[]} */ ...args) => {
		point();
		return real(...args);
	};
}

const write = fs.writeSync;
fs.writeSync = (/** @type {number} */ fd, /** @type {unknown[]} */ ...args) => {
	if (fstatSync(fd).isFile()) point();
	return write(fd, ...args);
};

const request = http.request;
http.request = (/** @type {unknown[]} */ ...args) => {
	point();
	return request(...args).on("response", point);
};
