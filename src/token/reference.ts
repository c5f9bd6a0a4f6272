import type { Problem } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";

/** Where to read a token from; never the token itself. */
export type TokenRef =
	| { readonly kind: "file"; readonly path: string }
	| { readonly kind: "env"; readonly name: string }
	| { readonly kind: "fd"; readonly fd: number }
	| { readonly kind: "prompt" };

const EXPECTED = "file:PATH, env:NAME, fd:N, prompt, or - for standard input";

/** `file:/run/t`, `env:NAME`, `fd:3`, `prompt`, `-`; anything else could be a token and is refused without quoting it. */
export function parseTokenRef(text: string, flag: string): TokenRef | Problem {
	if (text === "-") return { kind: "fd", fd: 0 };
	if (text === "prompt") return { kind: "prompt" };
	const [, kind, rest = ""] = /^(file|env|fd):(.+)$/s.exec(text) ?? [];
	if (kind === "file") return { kind, path: rest };
	if (kind === "env" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest)) return { kind, name: rest };
	if (kind === "fd" && /^\d{1,4}$/.test(rest)) return { kind, fd: Number(rest) };
	return {
		what: "not a token reference",
		expected: EXPECTED,
		got: kind ? `${kind}: with an invalid value` : `${text.length} characters with none of these prefixes`,
		where: { file: flag },
		fix: "put the token into a file and name that, e.g. file:new.token; never pass a token as a flag's value",
	};
}

/** A reference, safe to show. */
export function refText(ref: TokenRef): string {
	if (ref.kind === "file") return `file:${shownName(ref.path)}`;
	if (ref.kind === "env") return `env:${ref.name}`;
	return ref.kind === "fd" ? `fd:${ref.fd}` : "prompt";
}
