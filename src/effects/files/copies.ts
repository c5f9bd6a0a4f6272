import { statfsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { system } from "./system.ts";

/**
 * File systems whose numbers of files say nothing: layers of a container's image, which each container begins with, and those that make
 * numbers up. https://man7.org/linux/man-pages/man2/statfs.2.html, https://docs.kernel.org/filesystems/overlayfs.html
 */
const LAYERS = new Set([0x794c7630, 0x61756673]);
const MADE_UP = new Set([0x65735546, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x4d44, 0x2011bab0]);

/**
 * Which file this is, so that a copy of it is another: its number in its file system, which is the same for all machines that share that, and
 * after the machine got another name. In a container's own layer it is the container's name; "unknown" where nothing tells.
 */
export function fileIdentity(path: string): string {
	const { ino } = statSync(path, { bigint: true });
	const type = system === "linux" ? statfsSync(path).type >>> 0 : 0;
	if (LAYERS.has(type)) return `host ${hostname()}`;
	return MADE_UP.has(type) || ino === 0n ? "unknown" : `file ${ino}`;
}
