import type { Problem } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";

/** Where a token is to be read from; never the token itself. */
export type TokenRef =
	| { readonly kind: "file"; readonly path: string }
	| { readonly kind: "env"; readonly name: string }
	| { readonly kind: "fd"; readonly fd: number }
	| { readonly kind: "prompt" };

const EXPECTED = "file:PATH, env:NAME, fd:N, prompt, or - for standard input";

/** `file:/run/t`, `env:NAME`, `fd:3`, `prompt`, `-`; anything else could be a token and is refused without being quoted. */
export function parseTokenRef(text: string, flag: string): TokenRef | Problem {
	if (text === "-") return { kind: "fd", fd: 0 };
	if (text === "prompt") return { kind: "prompt" };
	const [, kind, rest = ""] = /^(file|env|fd):(.+)$/s.exec(text) ?? [];
	if (kind === "file") return { kind, path: rest };
	if (kind === "env" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest)) return { kind, name: rest };
	if (kind === "fd" && /^\d{1,4}$/.test(rest)) return { kind, fd: Number(rest) };
	return {
		what: "this does not say where to read the token",
		expected: EXPECTED,
		got: kind ? `${kind}: with something that is none` : `${text.length} characters that begin with none of them`,
		where: { file: flag },
		fix: "put the token into a file and name it, e.g. file:new.token; a token is never a flag's value",
	};
}

/** A reference as it may be shown. */
export function refText(ref: TokenRef): string {
	if (ref.kind === "file") return `file:${shownName(ref.path)}`;
	if (ref.kind === "env") return `env:${ref.name}`;
	return ref.kind === "fd" ? `fd:${ref.fd}` : "prompt";
}
