// A file system without hard links, as exFAT; given to Node with --require.
/** @type {any} */
const fs = require("node:fs");

fs.linkSync = () => {
	throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM", syscall: "link" });
};
