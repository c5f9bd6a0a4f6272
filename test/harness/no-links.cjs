// Locks on a file system that has no second names for a file, as exFAT; given to Node with --require.
/** @type {any} */
const fs = require("node:fs");

const link = fs.linkSync;
fs.linkSync = (/** @type {unknown} */ from, /** @type {unknown} */ to) => {
	if (!String(to).includes(".lock")) return link(from, to);
	throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM", syscall: "link" });
};
