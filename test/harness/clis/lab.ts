import { expect } from "vitest";
import { type Canary, leaks } from "../canary.ts";
import { type Capture, type Captured, startCapture } from "./capture.ts";
import type { Destination } from "./lab-cli.ts";
import { type LabMachine, startMachine } from "./machine.ts";
import { type FakeModel, startModel } from "./model.ts";
import { type CliRun, runCli } from "./run.ts";

/** A machine with a CLI, the model that it asks and the receiver of its telemetry, all on loopback. */
export interface Lab {
	readonly capture: Capture;
	readonly model: FakeModel;
	readonly machine: LabMachine;
	/** Where to send with a token, which from now on no output may show. */
	to(token: Canary): Destination;
	/** Runs a prompt to its end; fails unless the CLI answered, all that arrived was valid OTLP and no token shows in the output. */
	prompt(id: string, options?: Partial<CliRun>): Promise<Prompted>;
}

export interface Prompted {
	/** What arrived until the CLI had ended. */
	readonly requests: readonly Captured[];
	readonly stdout: string;
	readonly stderr: string;
}

/** A word of every prompt, and of nothing else that a CLI says. */
export const PROMPT_WORD = "pineapple";

/** Everything of it is gone after the test. */
export async function startLab(): Promise<Lab> {
	const [capture, model, machine] = [await startCapture(), await startModel(), await startMachine()];
	const tokens: Canary[] = [];
	return {
		capture,
		model,
		machine,
		to(token) {
			tokens.push(token);
			return { url: capture.url, token: token.token };
		},
		async prompt(id, options = {}) {
			capture.clear();
			const prompt = `Say the word ${PROMPT_WORD}`;
			const { code, stdout, stderr } = await runCli(id, { machine, model, prompt, ...options });
			const outcome = { code, answered: stdout.includes("Done."), refused: capture.refused };
			expect(outcome, `${stdout}\n${stderr}`).toEqual({ code: 0, answered: true, refused: [] });
			expect(leaks(tokens, { stdout, stderr })).toEqual([]);
			return { requests: [...capture.requests], stdout, stderr };
		},
	};
}

/** Where a word shows in what arrived: attributes of resources and of items. */
export function mentions(requests: readonly Captured[], word: string): string[] {
	const has = (value: unknown) => JSON.stringify(value)?.includes(word) ?? false;
	const keys = (prefix: string, values: Readonly<Record<string, unknown>>) =>
		Object.keys(values).flatMap((key) => (has(values[key]) ? [`${prefix} ${key}`] : []));
	const places = requests
		.filter(({ text }) => text.includes(word))
		.flatMap(({ items, url }) => {
			const found = items.flatMap(({ resource, name, attributes, raw }) => [
				...keys("resource", resource),
				...keys(name, attributes),
				...(has(raw["body"]) ? [`${name} body`] : []),
			]);
			return found.length === 0 ? [`somewhere in ${url}`] : found;
		});
	return [...new Set(places)].sort();
}

/** The tokens that came, by header or, where there is none, by path. */
export function tokensOf(requests: readonly Captured[]): string[] {
	const found = requests.map(({ url, headers }) => {
		const { authorization } = headers;
		return authorization === undefined ? (url.split("/")[2] ?? "none") : authorization.replace(/^Bearer /, "");
	});
	return [...new Set(found)];
}
