import { isSeq } from "yaml";
import { providers } from "../../adapters/providers/registry.ts";
import { shown } from "../../base/mask.ts";
import { type ComponentNode, type ConfigModel, nodeAt, scalarAt, textsBelow } from "./config-model.ts";
import { isCredentialKey } from "./credentials.ts";
import type { ConfigFinding } from "./rules.ts";

/** An exporter that sends a credential which others can send, too. */
export interface CredentialUser {
	readonly exporter: string;
	readonly at: number;
	/** Where the credential comes from, as in `both use …`: an authenticator, a file, a variable. */
	readonly credential: string;
	/** The authenticator, if there is one. */
	readonly authenticator?: string | undefined;
	/** Addresses it sends to. */
	readonly endpoints: readonly string[];
}

/** Credentials that reach hosts of different owners: whoever runs one of them can send to the other in our name. */
export function sharedCredentials(users: readonly CredentialUser[]): ConfigFinding[] {
	const byCredential = new Map<string, { user: CredentialUser; host: string }[]>();
	for (const user of users) {
		for (const host of new Set(user.endpoints.flatMap((each) => publicHost(each) ?? []))) {
			byCredential.set(user.credential, [...(byCredential.get(user.credential) ?? []), { user, host }]);
		}
	}
	return [...byCredential].flatMap(([credential, all]) => {
		const first = all.find(({ host }) => providerOf(host) !== undefined) ?? all[0];
		if (!first) return [];
		const others = all.filter(({ host }) => siteOf(host) !== siteOf(first.host));
		const isProviders = providerOf(first.host) !== undefined;
		if (others.length === 0) return isProviders ? [] : namedFor(credential, first);
		return others.map(({ user, host }): ConfigFinding => {
			const [here, there] = [
				`${shown(user.exporter)} to ${shown(host)}`,
				`${shown(first.user.exporter)} to ${shown(first.host)}`,
			];
			const what = `one token is sent by ${here} and by ${there}: both use ${shown(credential)}`;
			return { rule: "token-to-others", at: user.at, what, ...(isProviders && { severity: "error" as const }) };
		});
	});
}

/** An authenticator that has the name of a provider of tokens, and sends them elsewhere. */
function namedFor(credential: string, { user, host }: { user: CredentialUser; host: string }): ConfigFinding[] {
	const names = [user.authenticator ?? "", credential].map((each) => /[/.]([a-z]+)(\.token)?$/.exec(each)?.[1]);
	const provider = providers.find(({ id, endpoint }) => endpoint !== undefined && names.includes(id));
	if (!provider) return [];
	const what = `${shown(user.exporter)} sends to ${shown(host)}, which is not ${provider.title}: ${shown(user.authenticator ?? credential)} is named for its token`;
	return [{ rule: "token-to-others", severity: "note", at: user.at, what }];
}

/** What the exporters of an otelcol config send. */
export function credentialUsers(model: ConfigModel): CredentialUser[] {
	const { document, components } = model;
	return components
		.filter(({ section }) => section === "exporters")
		.flatMap(({ id: exporter, at, value }) => {
			const texts = textsBelow(document, value);
			const endpoints = texts.flatMap(({ path, text }) => (/(endpoint|^url)$/.test(path.at(-1) ?? "") ? [text] : []));
			const auth = scalarAt(document, value, "auth", "authenticator");
			const from = components.find(({ section, id }) => section === "extensions" && id === auth);
			const references = texts.flatMap(({ path, header, text }) =>
				isCredentialKey(header ?? path.at(-1) ?? "") ? [...text.matchAll(/\$\{[^${}]+\}/g)].map(([each]) => each) : [],
			);
			return [...(from ? sourceOf(model, from) : []), ...new Set(references)].map((credential) => ({
				exporter,
				at,
				credential,
				authenticator: from?.id,
				endpoints,
			}));
		});
}

/** Where an authenticator's credential comes from: a file, which several may read, or itself. */
function sourceOf({ document }: ConfigModel, { id, type, value }: ComponentNode): string[] {
	const file = scalarAt(document, value, "filename");
	if (typeof file === "string") return [`the file ${file}`];
	const headers = nodeAt(document, value, "headers");
	if (type !== "headers_setter" || !isSeq(headers)) return [id];
	const hasCredential = textsBelow(document, headers).some(
		({ path, text }) => path.at(-1) === "key" && isCredentialKey(text),
	);
	return hasCredential ? [id] : [];
}

function hostOf(address: string): string | undefined {
	if (address.includes("$")) return undefined;
	const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;
	return URL.canParse(url) ? new URL(url).hostname.toLowerCase().replace(/\.$/, "") : undefined;
}

const LOCAL = /(^|\.)(localhost|local|internal|lan|svc|home)$/;
const PRIVATE = /^(127|10|0)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^\[/;

/** A host in the internet; undefined for a name in a local network: a gateway there is one more step of the way. */
function publicHost(address: string): string | undefined {
	const host = hostOf(address);
	return host?.includes(".") && !LOCAL.test(host) && !PRIVATE.test(host) ? host : undefined;
}

/** Whose a host is, by its name: `eu.example.com` and `us.example.com` are of one owner. */
function siteOf(host: string): string {
	if (/^[\d.]+$/.test(host)) return host;
	const labels = host.split(".");
	return labels.slice(/\.(com?|net|org|gov|edu|ac|or|ne)\.[a-z]{2}$/.test(host) ? -3 : -2).join(".");
}

function providerOf(host: string) {
	return providers.find(({ endpoint }) => endpoint !== undefined && hostOf(endpoint) === host);
}
