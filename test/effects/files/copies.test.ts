import { describe, expect, test } from "vitest";
import { type FileSigns, identityOf, isSameFile } from "../../../src/effects/files/copies.ts";

const [EXT4, NFS, OVERLAY, FUSE] = [0xef53, 0x6969, 0x794c7630, 0x65735546];
const [here, clone] = ["4c4e1a8e0d6b4f0fb6e5a3f1c2d9e870", "90b1e6a7f3c24d5c8e7a6b5c4d3e2f10"];

const identity = (signs: Partial<FileSigns>) =>
	identityOf({ ino: 12n, type: EXT4, hostname: "a", machineId: here, ...signs });
const isSame = (one: Partial<FileSigns>, other: Partial<FileSigns>) => isSameFile(identity(one), identity(other));

describe("a file on a disk", () => {
	test("is another on a machine that was cloned, with the same numbers, even under one host name", () => {
		expect(isSame({}, { machineId: clone })).toBe(false);
		expect(isSame({}, { ino: 13n })).toBe(false);
	});

	test("is the same after the machine got another name, and where one look does not tell the machine", () => {
		expect(isSame({}, { hostname: "b" })).toBe(true);
		expect(isSame({}, { machineId: undefined })).toBe(true);
		expect(isSame({ machineId: undefined }, { machineId: undefined, ino: 13n })).toBe(false);
	});

	test("does not show the machine's id, which is to be kept confidential", () => {
		expect(identity({})).toMatch(/^file 12 on [0-9a-f]{12}$/);
		expect(identity({})).not.toContain(here.slice(0, 12));
	});
});

test("a file on a server that several machines share is the same from each of them", () => {
	expect(isSame({ type: NFS }, { type: NFS, machineId: clone })).toBe(true);
});

test("a file in a container's own layer is that container's, and one whose number is made up is unknown", () => {
	expect(isSame({ type: OVERLAY }, { type: OVERLAY, hostname: "b" })).toBe(false);
	expect(identity({ type: FUSE })).toBe("unknown");
	expect(identity({ ino: 0n })).toBe("unknown");
});
