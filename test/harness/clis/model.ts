import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { listen } from "./loopback.ts";
import { anthropicReply } from "./model-anthropic.ts";
import { geminiReply } from "./model-gemini.ts";
import { openaiReply } from "./model-openai.ts";

/** What every answer of the fake model says it used, so that token counts can be looked for in telemetry. */
export const USAGE = { input: 21, output: 7 } as const;

/** What a model answers: words, or one call of the shell tool that the CLI offers. */
export interface Turn {
	readonly words: string;
	readonly shell?: string | undefined;
}

export interface ModelReply {
	readonly contentType: "application/json" | "text/event-stream";
	readonly body: string;
}

/** One vendor's dialect: the reply to a request, or nothing for a path it does not know. */
export type Dialect = (path: string, body: Record<string, unknown>, turn: Turn) => ModelReply | undefined;

const dialects: Readonly<Record<string, Dialect>> = {
	anthropic: anthropicReply,
	openai: openaiReply,
	gemini: geminiReply,
};

export interface FakeModel {
	/** The base URL of a vendor's API. */
	readonly url: Readonly<Record<"anthropic" | "openai" | "gemini", string>>;
	/** Every request so far, with its body as text. */
	readonly requests: readonly { readonly path: string; readonly body: string }[];
	/** The next request that offers a shell tool is answered with a call of it. */
	callShell(command: string): void;
}

/** A model API on loopback that answers every prompt with a few fixed words, in the dialects of three vendors. It is stopped after the test. */
export async function startModel(words = "Done."): Promise<FakeModel> {
	const requests: { path: string; body: string }[] = [];
	let shell: string | undefined;
	const answer = async (request: IncomingMessage, response: ServerResponse) => {
		const body = await text(request);
		const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
		requests.push({ path: request.url ?? "/", body });
		const [, vendor = "", rest = ""] = /^\/([^/]+)(\/.*)?$/.exec(path) ?? [];
		const parsed = body === "" ? {} : (JSON.parse(body) as Record<string, unknown>);
		const offersTools = Array.isArray(parsed["tools"]) && parsed["tools"].length > 0;
		const reply = dialects[vendor]?.(rest, parsed, { words, shell: offersTools ? shell : undefined });
		if (offersTools) shell = undefined;
		response.writeHead(reply ? 200 : 404, { "content-type": reply?.contentType ?? "application/json" });
		response.end(reply?.body ?? '{"error":{"type":"not_found_error","message":"not here"}}');
	};
	const server: Server = createServer((request, response) => {
		answer(request, response).catch(() => response.writeHead(400).end());
	});
	const { origin, close } = await listen(server);
	onTestFinished(close);
	return {
		url: { anthropic: `${origin}/anthropic`, openai: `${origin}/openai`, gemini: `${origin}/gemini` },
		requests,
		callShell(command) {
			shell = command;
		},
	};
}

/** Server-sent events; the event's name is the `type` of its data, as the vendors have it. */
export function serverSentEvents(events: readonly Record<string, unknown>[]): ModelReply {
	const lines = events.map((event) => {
		const name = typeof event["type"] === "string" ? `event: ${event["type"]}\n` : "";
		return `${name}data: ${JSON.stringify(event)}\n\n`;
	});
	return { contentType: "text/event-stream", body: lines.join("") };
}

export function modelJson(body: unknown): ModelReply {
	return { contentType: "application/json", body: JSON.stringify(body) };
}

/** The name of the shell tool among those that a CLI offers: it differs by CLI and version. */
export function shellTool(tools: readonly string[]): string {
	const known = ["Bash", "exec_command", "shell_command", "shell", "local_shell", "run_shell_command"];
	const name = known.find((each) => tools.includes(each));
	if (!name) throw new Error(`no shell tool among ${tools.join(", ")}`);
	return name;
}
