import { providers } from "../adapters/providers/registry.ts";
import type { OptionSpec } from "./command.ts";

/** What commands take that send to a backend or write who sends there; each says it in the same words. */
export const backendOptions = {
	provider: { flags: "--provider <id>", description: "who takes the data", choices: providers.map(({ id }) => id) },
	endpoint: { flags: "--endpoint <url>", description: "base URL of its OTLP ingest (default: the provider's)" },
	signals: { flags: "--signals <list>", description: "logs,metrics,traces (default: what the provider documents)" },
	authHeader: {
		flags: "--auth-header <name>",
		description: "the header that carries the token (default: Authorization)",
	},
	authScheme: {
		flags: "--auth-scheme <word>",
		description: 'the word before the token, "" for none (default: Bearer)',
	},
	allowPlaintext: {
		flags: "--allow-plaintext",
		description: "accept http to another machine: the token crosses the network readable",
		formerly: "--allow-plain-http",
	},
} as const satisfies Readonly<Record<string, OptionSpec>>;
