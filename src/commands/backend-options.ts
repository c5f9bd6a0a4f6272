import { providers } from "../adapters/providers/registry.ts";
import type { OptionSpec } from "./command.ts";

/** Options shared by commands that send to a backend or configure senders. */
export const backendOptions = {
	provider: { flags: "--provider <id>", description: "destination backend", choices: providers.map(({ id }) => id) },
	endpoint: { flags: "--endpoint <url>", description: "base URL of its OTLP ingest (default: the provider's)" },
	signals: { flags: "--signals <list>", description: "logs,metrics,traces (default: what the provider documents)" },
	authHeader: {
		flags: "--auth-header <name>",
		description: "header for the token (default: Authorization)",
	},
	authScheme: {
		flags: "--auth-scheme <word>",
		description: 'word before the token, "" for none (default: Bearer)',
	},
	allowPlaintext: {
		flags: "--allow-plaintext",
		description: "allow http to another machine: the token crosses the network unencrypted",
		formerly: "--allow-plain-http",
	},
} as const satisfies Readonly<Record<string, OptionSpec>>;
