import { createHmac } from "node:crypto";
import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { system } from "./system.ts";

/**
 * File systems whose numbers of files say nothing: layers of a container's image, which each container begins with, and those that make
 * numbers up. https://man7.org/linux/man-pages/man2/statfs.2.html, https://docs.kernel.org/filesystems/overlayfs.html
 */
const LAYERS = new Set([0x794c7630, 0x61756673]);
const MADE_UP = new Set([0x65735546, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x4d44, 0x2011bab0]);

/** File systems that one machine has at a time: ext4, XFS, Btrfs, ZFS, F2FS. */
const OF_ONE_MACHINE = new Set([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010]);

/** What shows which file it is. */
export interface FileSigns {
	/** Its number in its file system. */
	readonly ino: bigint;
	/** The type of that; 0 where the system does not tell. */
	readonly type: number;
	readonly hostname: string;
	/** What /etc/machine-id says; undefined where there is none, or it is an image's. */
	readonly machineId: string | undefined;
}

/**
 * Which file this is, so that a copy of it is another: its number in its file system, which is the same for all machines that share that, and
 * after the machine got another name. A cloned disk has the same numbers: where one machine alone has it, the machine's id stands behind it,
 * hashed, as it is to be kept confidential. In a container's own layer it is the container's name; "unknown" where nothing tells.
 * https://man7.org/linux/man-pages/man5/machine-id.5.html
 */
export function fileIdentity(path: string): string {
	const { ino } = statSync(path, { bigint: true });
	const type = system === "linux" ? statfsSync(path).type >>> 0 : 0;
	return identityOf({ ino, type, hostname: hostname(), machineId: OF_ONE_MACHINE.has(type) ? machineId() : undefined });
}

export function identityOf({ ino, type, hostname: host, machineId: id }: FileSigns): string {
	if (LAYERS.has(type)) return `host ${host}`;
	if (MADE_UP.has(type) || ino === 0n) return "unknown";
	if (id === undefined || !OF_ONE_MACHINE.has(type)) return `file ${ino}`;
	return `file ${ino}${ON}${createHmac("sha256", id).update("crossfade journal").digest("hex").slice(0, 12)}`;
}

const ON = " on ";

/** Whether two identities are of one file. One that does not say the machine is compared without it. */
export function isSameFile(one: string, other: string): boolean {
	const [[file, on], [otherFile, otherOn]] = [one.split(ON), other.split(ON)];
	return file === otherFile && (on === undefined || otherOn === undefined || on === otherOn);
}

/** A container has that of its image, or of nothing. */
function machineId(): string | undefined {
	const isContainer = ["/.dockerenv", "/run/.containerenv", "/run/secrets/kubernetes.io"].some((path) =>
		existsSync(path),
	);
	if (isContainer || system !== "linux") return undefined;
	try {
		const text = readFileSync("/etc/machine-id", "utf8").trim();
		return /^[0-9a-f]{32}$/.test(text) ? text : undefined;
	} catch {
		return undefined;
	}
}
