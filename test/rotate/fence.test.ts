import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { store } from "../../src/adapters/stores/vault-kv2/index.ts";
import { exitCodes } from "../../src/base/errors.ts";
import { canary } from "../harness/canary.ts";
import { fakeVault } from "../harness/fake-vault.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";
import { reachWith } from "../harness/store.ts";

/** A world whose one store is a Vault behind a port; `fence` is its lock as another machine sees it. */
async function withVault(world: RotationWorld) {
	const { token } = canary();
	const vault = fakeVault(token);
	vault.secrets.set("app", [{ data: { token: world.first } }]);
	const server = createServer((request, response) => {
		const pieces: Buffer[] = [];
		request.on("data", (piece: Buffer) => pieces.push(piece));
		request.on("end", async () => {
			const { method = "GET", url = "", headers } = request;
			const answer = await vault.request({
				method: method as "GET",
				url: `http://vault${url}`,
				headers: { "x-vault-token": String(headers["x-vault-token"]) },
				...(pieces.length > 0 && { body: Buffer.concat(pieces).toString("utf8") }),
				timeoutMs: 1_000,
			});
			if (answer.kind !== "answer") return response.destroy();
			response.writeHead(answer.status, { ...answer.headers });
			response.end(answer.body);
			return undefined;
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	world.write("vault.token", token);
	const line = `  file: { kind: vault-kv2, url: '${url}', path: app, token: 'file:vault.token', confirm: person, within: 1m }`;
	world.write("crossfade.yaml", world.read("crossfade.yaml").replace(/^ {2}file: .*$/m, line));
	const settings = { url, mount: "secret", path: "app", field: "token", auth: "token", token: "file:t" };
	const { fence } = store.open(settings, reachWith({}, { "file:t": token }));
	if (!fence) throw new Error("a store with a lock");
	return { fence, held: () => vault.secrets.get("app")?.at(-1)?.data?.["token"] };
}

test("S3: while another machine holds the store's lock the provider is not called", async () => {
	const world = await managed("tooken");
	const { fence } = await withVault(world);
	await fence.take("another-operation", "host-two");
	const { code, stderr } = await world.process("start", [], { canaries: [] });
	expect({ code, stderr }).toEqual({
		code: expect.toSatisfy((exit) => exit !== exitCodes.ok[0] && exit !== exitCodes.internal[0]),
		stderr: expect.stringContaining("another rotation works on this token"),
	});
	expect((await world.status()).tokens).toHaveLength(1);
	await fence.release("another-operation");
	await world.process("resume", [], { canaries: [] });
	expect((await world.status()).tokens).toHaveLength(2);
});

test("S3: a machine that lost the lock meanwhile writes nothing any more", async () => {
	const world = await rotationWorld("torii");
	const { fence, held } = await withVault(world);
	await world.process("start", []);
	const [operation = ""] = [await fence.holds("nobody")].map((each) => (each.is === "other" ? each.operation : ""));
	expect(operation).not.toBe("");
	await fence.release(operation);
	await fence.take("another-operation", "host-two");
	await world.click();
	const { stderr } = await world.process("resume", ["--token", "file:new.token"]);
	expect(stderr).toContain("no longer holds its lock");
	expect(held()).toBe(world.first);
	await fence.release("another-operation");
	await fence.take(operation, "host-one");
	await world.process("resume", []);
	expect(held()).toBe(world.read("new.token"));
});

test("S9: an operation that is closed gives the store's lock back, so that the next one can take it", async () => {
	const world = await rotationWorld("torii");
	const { fence } = await withVault(world);
	await world.process("start", []);
	expect(await fence.holds("nobody")).toMatchObject({ is: "other" });
	const { code } = await world.process("close", ["--stranded", "--because", "a rehearsal"]);
	expect(code).toBe(exitCodes.partial[0]);
	expect(await fence.holds("nobody")).toEqual({ is: "free" });
});
