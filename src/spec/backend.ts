import { type Provider, type Signal, signals } from "../adapters/providers/provider.ts";
import { defaultProvider, providers } from "../adapters/providers/registry.ts";
import { couldBeToken, shown } from "../base/mask.ts";
import { choiceProblem } from "../base/suggest.ts";
import { endpointProblems, normalEndpoint } from "./endpoint.ts";
import type { FlagReader } from "./flags.ts";

/** `--provider`; `usual` is the default id. */
export function providerOf(reader: FlagReader, usual = defaultProvider.id): Provider | undefined {
	const ids = providers.map(({ id }) => id);
	const id = reader.choice(reader.text("provider") ?? usual, ids, "--provider", "provider");
	return providers.find((each) => each.id === id);
}

/**
 * `--endpoint` without a trailing slash, by default the provider's; undefined, with a problem, if neither is known. `plaintext` says whether
 * `--allow-plaintext` permits http to another machine.
 */
export function endpointOf(
	reader: FlagReader,
	provider: Provider | undefined,
	plaintext: "by flag" | "never",
): string | undefined {
	const given = reader.text("endpoint");
	if (given !== undefined) {
		const allowed = plaintext === "by flag" && reader.isSet("allowPlaintext") ? "allowed" : plaintext;
		reader.problems.push(...endpointProblems(given, "--endpoint", allowed));
		return normalEndpoint(given);
	}
	if (provider && provider.endpoint === undefined) {
		const fix = "add --endpoint with the base URL of your backend's OTLP/HTTP ingest";
		reader.wrong("--endpoint", { what: "no endpoint given", expected: "a base URL", fix });
	}
	return provider?.endpoint;
}

/** `--signals`, by default what the provider accepts. */
export function signalsOf(reader: FlagReader, provider: Provider): Signal[] {
	const list = reader.text("signals");
	if (list === undefined) return [...provider.takes];
	const words = list.split(",").map((word) => word.trim());
	for (const word of words) {
		const signal = signals.find((each) => each === word);
		if (!signal) reader.problems.push(choiceProblem("signal", word, signals, "--signals"));
		const reason = signal && provider.refuses[signal];
		if (!reason) continue;
		const what = `${provider.title} accepts no ${signal}: ${reason}`;
		const fix = `use --signals ${provider.takes.join(",")}`;
		reader.wrong("--signals", { what, expected: provider.takes.join(", "), got: signal, fix });
	}
	return signals.filter((signal) => words.includes(signal));
}

/** `--auth-header` and `--auth-scheme`, by default the provider's. */
export function headerOf(reader: FlagReader, provider: Provider | undefined): { header: string; scheme: string } {
	const custom = reader.text("authHeader");
	const header = custom ?? provider?.header ?? "";
	const scheme = reader.text("authScheme") ?? (custom === undefined ? (provider?.scheme ?? "") : "");
	if (provider && (!/^[A-Za-z0-9-]{1,64}$/.test(header) || couldBeToken(header))) {
		const fix = "give only the name, without colon and value";
		reader.wrong("--auth-header", {
			what: "not a valid header name",
			expected: "a name such as x-api-key",
			got: shown(header),
			fix,
		});
	}
	if (!/^[A-Za-z0-9_.-]{0,19}$/.test(scheme)) {
		const fix = 'give the word before the token, or "" for none';
		const got = `${scheme.length} characters`;
		reader.wrong("--auth-scheme", {
			what: "the scheme must be one short word",
			expected: "a word such as Bearer",
			got,
			fix,
		});
	}
	return { header, scheme };
}
