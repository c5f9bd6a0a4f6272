import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import type {
	Store,
	StoredToken,
	StoreKind,
	StoreReach,
	StoreRequest,
	StoreSettings,
	StoreWritten,
} from "../../src/adapters/stores/store.ts";
import { Secret } from "../../src/token/secret.ts";
import { type Canary, canary, leaks } from "../harness/canary.ts";

/** A store's place in the world for one test: a fake or the real thing. */
export interface StoreWorld {
	readonly settings: StoreSettings;
	readonly reach: StoreReach;
	/** What is in the field now, as its consumer would get it; undefined if nothing. */
	held(): Promise<string | undefined>;
	/** Everything else that the store keeps: other fields, bytes, modes. */
	others(): Promise<unknown>;
	/** Somebody else changes the field. */
	meddle(value: string): Promise<void>;
	/** How to tell a request or run that writes from one that reads, where faults are to hit. */
	isWrite(request: StoreRequest): boolean;
	/** Denies access from now on, where `denies` says so. */
	deny?(): void | Promise<void>;
	/** Credentials of the store's own, which no output may show. */
	readonly credentials?: readonly Canary[];
}

/** What the suite needs of a store: the content of `test/adapters/stores/<id>.expected.ts`. */
export interface StoreExpected {
	/** Whether the tests drive the real thing, a strict fake of it, or files and programs of this machine. */
	readonly world: "real" | "fake" | "machine";
	/** A world in which the field has this value, or none, and its document has other fields. */
	open(start: string | undefined): Promise<StoreWorld>;
	/** The store reaches its world by requests, so that answers can be lost. */
	readonly asks: boolean;
	/** Whether a write that comes between our read and our write is noticed. */
	readonly compares: boolean;
	/** Whether a store without the document can be written. */
	readonly creates: boolean;
	/** Whether the world can deny access. */
	readonly denies?: boolean;
	/** Whether the store has a fence. */
	readonly fences?: boolean;
	/** False for a world that has no rule against two takers of the fence at once. */
	readonly races?: boolean;
}

const token = (value: string): StoredToken => ({ token: Secret.of(value) });

/** Faults in the way of a store's requests and runs, one after the other. */
function faulty(world: StoreWorld) {
	const plan: ("lose the answer" | "never arrive" | (() => Promise<void>))[] = [];
	const arguments_: string[] = [];
	const reach: StoreReach = {
		...world.reach,
		async request(request) {
			const fault = world.isWrite(request) ? plan.shift() : undefined;
			if (fault === "never arrive") return { kind: "failure", code: "ECONNREFUSED", message: "refused", sent: false };
			if (typeof fault === "function") await fault();
			const answer = await world.reach.request(request);
			if (fault !== "lose the answer") return answer;
			return { kind: "failure", code: "ECONNRESET", message: "reset", sent: true };
		},
		async run(program, args, options) {
			arguments_.push(program, ...args);
			return world.reach.run(program, args, options);
		},
	};
	return { plan, reach, arguments: arguments_ };
}

const unreachable: StoreReach["request"] = async () => ({
	kind: "failure",
	code: "ECONNREFUSED",
	message: "connect ECONNREFUSED 192.0.2.1:8200",
	sent: false,
});

/** What every store must do, whatever it is made of. */
export function storeContract(kind: StoreKind, expected: StoreExpected): void {
	/** A world with three canaries, whose store's every answer is searched for them. */
	async function open(start: "first" | "nothing" = "first") {
		const canaries = [canary(), canary(), canary()] as const;
		const [first, second, third] = canaries;
		const world = await expected.open(start === "first" ? first.token : undefined);
		const faults = faulty(world);
		const store = kind.open(world.settings, faults.reach);
		const hidden = [...canaries, ...(world.credentials ?? [])];
		const clean = <T>(answer: T): T => {
			const text = { answer: JSON.stringify(answer), inspected: inspect(answer, { depth: 9, showHidden: true }) };
			expect(leaks(hidden, { ...text, arguments: faults.arguments.join("\n") })).toEqual([]);
			return answer;
		};
		const write = (from: Canary | undefined, to: Canary, operation: string = randomUUID()) =>
			store
				.promote({ operation, expected: from?.fingerprint ?? "nothing", value: token(to.token) })
				.then((answer) => clean(answer));
		const read = async (of: Store = store) => clean(await of.read());
		const check = async (of: Store = store) => clean(await of.check());
		return { world, store, faults, first, second, third, write, read, check };
	}

	const written = (answer: StoreWritten) => expect(answer.did).toBe(kind.person ? "person" : "written");
	/** A person's store changes when the person has done it. */
	const changes = !kind.person;

	test("a check changes nothing, and says how far it could look", async () => {
		const { world, check, first } = await open();
		const before = await world.others();
		const answer = await check();
		const strongest = { "conditional-write": "proven", permission: "permitted", none: "unknown" } as const;
		expect(answer.can).toBe(strongest[kind.proof]);
		expect(answer.how).toMatch(/\w{3}/);
		expect(await world.held()).toBe(first.token);
		expect(await world.others()).toEqual(before);
	});

	test("it reads what is there, or says that it cannot", async () => {
		const { read, first } = await open();
		const holds = await read();
		if (!kind.readsBack) return expect(holds.is).toBe("hidden");
		expect(holds.is === "token" && holds.value.token.fingerprint).toBe(first.fingerprint);
	});

	test("the new token takes the place of the old one, and everything else stays as it was", async () => {
		const { world, write, read, first, second } = await open();
		const before = await world.others();
		written(await write(first, second));
		expect(await world.held()).toBe(changes ? second.token : first.token);
		expect(await world.others()).toEqual(before);
		const holds = await read();
		if (kind.readsBack && changes)
			expect(holds.is === "token" && holds.value.token.fingerprint).toBe(second.fingerprint);
	});

	test("and back again", async () => {
		const { world, write, first, second } = await open();
		const before = await world.others();
		written(await write(first, second));
		written(await write(second, first));
		expect(await world.held()).toBe(first.token);
		expect(await world.others()).toEqual(before);
	});

	test("a place is named without a secret, and the same each time", async () => {
		const [one, two] = [await open(), await open()];
		const place = kind.place(one.world.settings);
		expect(place).toBe(kind.place({ ...one.world.settings }));
		expect(leaks([one.first, two.first, ...(one.world.credentials ?? [])], { place })).toEqual([]);
		expect(place).toMatch(/^[ -~]+$/);
	});

	if (kind.readsBack) {
		test("the same write again is already there, by the same and by another operation", async () => {
			const { world, write, first, second } = await open();
			const operation = randomUUID();
			written(await write(first, second, operation));
			const before = await world.others();
			expect((await write(first, second, operation)).did).toBe("already");
			expect((await write(first, second)).did).toBe("already");
			expect(await world.others()).toEqual(before);
		});

		test("a token with a line break behind it is replaced, or is a conflict and stays", async () => {
			const { world, first, second, write } = await open();
			await world.meddle(`${first.token}\n`);
			const { did } = await write(first, second);
			expect(["written", "conflict"]).toContain(did);
			expect((await world.held())?.trimEnd()).toBe((did === "written" ? second : first).token);
		});

		test("a third token is a conflict, named by its fingerprint and untouched", async () => {
			const { world, write, first, second, third } = await open();
			await world.meddle(third.token);
			expect(await write(first, second)).toEqual({ did: "conflict", holds: third.fingerprint });
			expect(await world.held()).toBe(third.token);
		});

		test("nothing where a token is expected is a conflict, and a token where nothing is expected", async () => {
			const empty = await open("nothing");
			expect((await empty.read()).is).toBe("empty");
			expect(await empty.write(empty.first, empty.second)).toEqual({ did: "conflict", holds: "nothing" });
			expect(await empty.world.held()).toBeUndefined();
			const full = await open();
			expect(await full.write(undefined, full.second)).toEqual({ did: "conflict", holds: full.first.fingerprint });
			expect(await full.world.held()).toBe(full.first.token);
		});

		if (expected.creates) {
			test("an empty field is filled where nothing is expected", async () => {
				const { world, write, read, second } = await open("nothing");
				expect((await write(undefined, second)).did).toBe("written");
				expect(await world.held()).toBe(second.token);
				expect(await read()).toMatchObject({ is: "token" });
			});
		}
	}

	if (expected.asks) {
		test("an answer that is lost leaves it open, and reading decides", async () => {
			const { world, faults, write, read, first, second } = await open();
			faults.plan.push("lose the answer");
			expect((await write(first, second)).did).toBe("ambiguous");
			expect(await world.held()).toBe(second.token);
			if (!kind.readsBack) return;
			const holds = await read();
			expect(holds.is === "token" && holds.value.token.fingerprint).toBe(second.fingerprint);
			expect((await write(first, second)).did).toBe("already");
		});

		test("a request that never arrived has changed nothing, and is said so", async () => {
			const { world, faults, write, first, second } = await open();
			faults.plan.push("never arrive");
			const operation = randomUUID();
			const answer = await write(first, second, operation);
			expect(answer).toMatchObject({
				did: "refused",
				why: expect.stringMatching(/\w/),
				nextStep: expect.stringMatching(/\w/),
			});
			expect(await world.held()).toBe(first.token);
			written(await write(first, second, operation));
		});

		test("a server that is not there is named, with what to do", async () => {
			const { world, check, read, write, first, second } = await open();
			const away = kind.open(world.settings, { ...world.reach, request: unreachable });
			const words = expect.stringMatching(/^\w.*\w/);
			expect(await read(away)).toMatchObject({ is: "unreachable", why: words, nextStep: words });
			const answer = await check(away);
			expect(["no", "unknown"]).toContain(answer.can);
			expect(answer.nextStep).toEqual(words);
			const { did } = await away.promote({
				operation: randomUUID(),
				expected: first.fingerprint,
				value: token(second.token),
			});
			expect(did).toBe("refused");
			expect(await write(first, second)).toMatchObject({ did: "written" });
		});
	}

	if (expected.compares && expected.asks) {
		test("a token that somebody writes between our look and our write is not overwritten", async () => {
			const { world, faults, write, first, second, third } = await open();
			faults.plan.push(() => world.meddle(third.token));
			expect(await write(first, second)).toEqual({ did: "conflict", holds: third.fingerprint });
			expect(await world.held()).toBe(third.token);
		});
	}

	test("it has a fence, or says that it has none", async () => {
		const { store } = await open();
		expect(store.fence !== undefined).toBe(expected.fences ?? false);
	});

	if (expected.denies) {
		test("where access is denied it says so in words, and nothing is changed", async () => {
			const { world, check, write, first, second } = await open();
			await world.deny?.();
			expect(await check()).toMatchObject({ can: "no", how: expect.any(String), nextStep: expect.any(String) });
			expect(await write(first, second)).toMatchObject({ did: "refused", nextStep: expect.any(String) });
			expect(await world.held()).toBe(first.token);
		});
	}

	if (kind.record) recordContract(kind, expected, async () => (await open()).world);

	if (!expected.fences) return;

	test("one operation at a time", async () => {
		const { world, store } = await open();
		const other = kind.open(world.settings, world.reach).fence;
		const [one, two] = [randomUUID(), randomUUID()];
		const { fence } = store;
		expect(await fence?.holds(one)).toEqual({ is: "free" });
		expect(await fence?.take(one, "host-one")).toEqual({ is: "held" });
		expect(await fence?.take(one, "host-one")).toEqual({ is: "held" });
		expect(await fence?.holds(one)).toEqual({ is: "held" });
		const taken = { is: "other", operation: one, holder: "host-one" };
		expect(await other?.take(two, "host-two")).toEqual(taken);
		expect(await other?.holds(two)).toEqual(taken);
		expect(await other?.release(two)).toEqual(taken);
		expect(await fence?.holds(one)).toEqual({ is: "held" });
		expect(await fence?.release(one)).toEqual({ is: "free" });
		expect(await fence?.release(one)).toEqual({ is: "free" });
		expect(await other?.take(two, "host-two")).toEqual({ is: "held" });
		expect(await fence?.holds(one)).toEqual({ is: "other", operation: two, holder: "host-two" });
	});

	test("a fence with an answer that is lost, or a request that never arrives: the same again settles it, and frees no other's", async () => {
		const { world } = await open();
		const calm = kind.open(world.settings, world.reach).fence;
		for (const fault of ["ECONNRESET", "ECONNREFUSED"]) {
			let isOver = false;
			for (let at = 0; !isOver; at++) {
				const [one, two] = [randomUUID(), randomUUID()];
				let asked = 0;
				const request: StoreReach["request"] = async (each) => {
					const isHit = asked++ === at;
					const sent = fault === "ECONNRESET";
					const answer = isHit && !sent ? undefined : await world.reach.request(each);
					return isHit || !answer ? { kind: "failure", code: fault, message: "gone", sent } : answer;
				};
				const shaky = () => {
					asked = 0;
					return kind.open(world.settings, { ...world.reach, request }).fence;
				};
				expect(["held", "unreachable"]).toContain((await shaky()?.take(one, "host-one"))?.is);
				isOver = asked <= at;
				expect(await calm?.take(one, "host-one")).toEqual({ is: "held" });
				expect(["free", "unreachable"]).toContain((await shaky()?.release(one))?.is);
				isOver &&= asked <= at;
				expect(await calm?.release(one)).toEqual({ is: "free" });
				expect(await calm?.take(two, "host-two")).toEqual({ is: "held" });
				expect((await shaky()?.release(one))?.is).not.toBe("free");
				expect(await calm?.holds(two)).toEqual({ is: "held" });
				expect(await calm?.release(two)).toEqual({ is: "free" });
			}
		}
	});

	if (expected.races === false) return;

	test("of three that take the fence at once one has it, and the field is left alone", async () => {
		const { world, first } = await open();
		const takers = [0, 1, 2].map(() => kind.open(world.settings, world.reach));
		const taken = await Promise.all(takers.map((each, index) => each.fence?.take(randomUUID(), `host-${index}`)));
		expect(taken.map((each) => each?.is).sort()).toEqual(["held", "other", "other"]);
		expect(await world.held()).toBe(first.token);
	});
}

/** The text that keeps a journal: written only as it was read, beside the token and never in its place. */
function recordContract(kind: StoreKind, expected: StoreExpected, open: () => Promise<StoreWorld>): void {
	const recordOf = ({ settings, reach }: StoreWorld) => {
		const record = kind.record?.(settings, reach);
		if (!record) throw new Error("no record");
		return record;
	};

	test("its record is written only as it was read, and leaves the token alone", async () => {
		const world = await open();
		const [mine, theirs] = [recordOf(world), recordOf(world)];
		const before = await world.held();
		const empty = await mine.read();
		expect(empty).toMatchObject({ text: undefined });
		if ("why" in empty) throw new Error(empty.why);
		expect(await mine.write("one", empty.version)).toMatchObject({ version: expect.any(String) });
		expect(await theirs.write("two", empty.version)).toBe("stale");
		const first = await theirs.read();
		expect(first).toMatchObject({ text: "one" });
		if ("why" in first) throw new Error(first.why);
		const done = await theirs.write("three \u00e9\n", first.version);
		expect(await mine.write("four", first.version)).toBe("stale");
		const second = await mine.read();
		expect(second).toMatchObject({ text: "three \u00e9\n" });
		expect(done).toEqual({ version: "version" in second ? second.version : "" });
		expect(await world.held()).toBe(before);
		await mine.close?.();
		await theirs.close?.();
	});

	test("of two that write its record at once one does", async () => {
		const world = await open();
		const both = [recordOf(world), recordOf(world)];
		const found = await both[0]?.read();
		if (!found || "why" in found) throw new Error("unreadable");
		const done = await Promise.all(both.map((record, index) => record.write(`by ${index}`, found.version)));
		expect(done.filter((each) => each === "stale")).toHaveLength(1);
	});

	test("its record takes as much as it says", async () => {
		const record = recordOf(await open());
		const found = await record.read();
		if ("why" in found) throw new Error(found.why);
		const text = "x".repeat(record.maxBytes);
		expect(await record.write(text, found.version)).toMatchObject({ version: expect.any(String) });
		expect(await record.read()).toMatchObject({ text });
	});

	if (!expected.denies) return;

	test("where access is denied its record says so in words", async () => {
		const world = await open();
		await world.deny?.();
		const said = { why: expect.any(String), nextStep: expect.any(String) };
		expect(await recordOf(world).read()).toMatchObject(said);
	});
}
