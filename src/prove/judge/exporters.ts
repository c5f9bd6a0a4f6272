import type { GatewayExporter } from "./case.ts";

/** The tokens with which a gateway forwards, from its metrics: see `exporterTokens`. */
export function exportersOf(gateway: string, shown: readonly string[], at: number | undefined): GatewayExporter[] {
	if (shown.length === 0) {
		return [{ gateway, fingerprint: undefined, witness: "the token of its exporter is unknown", at }];
	}
	return shown.map((fingerprint) => {
		const isPassedOn = fingerprint === "passed on";
		const witness = isPassedOn
			? "it forwards each sender's own token"
			: `its metrics show that it forwards with ${fingerprint}`;
		return { gateway, fingerprint, witness, at };
	});
}

/** The tokens with which a gateway forwards, from all its pages: it passes tokens on only if every page says so. */
export function exportersOn(pages: readonly (readonly string[])[]): string[] {
	const named = [...new Set(pages.flat())].filter((each) => each !== "passed on");
	if (named.length > 0) return named;
	return pages.length > 0 && pages.every((page) => page.length > 0) ? ["passed on"] : [];
}
