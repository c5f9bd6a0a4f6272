import {
	type ApiCall,
	type Emulation,
	jsonAnswer,
	Refused,
	type RequestHeaders,
	stateOf,
	type TokenRequest,
} from "../../adapters/providers/sandbox.ts";
import type { ServerAnswer, ServerRequest } from "../../effects/net/http-server.ts";
import type { FaultTarget, Interference } from "./faults.ts";
import type { Judged, Ledger, SandboxEvent } from "./ledger.ts";

/** Sandbox services for a provider's API. */
export interface ApiContext {
	readonly emulation: Emulation;
	readonly ledger: Ledger;
	readonly isAdminKey: (credential: string) => boolean;
	readonly interfere: (target: FaultTarget) => Interference;
	readonly log: (event: SandboxEvent) => void;
}

/** Handles a provider's non-OTLP requests, by its route table. */
export function providerApi({ emulation, ledger, isAdminKey, interfere, log }: ApiContext) {
	const { routes, admit } = emulation;
	const isAdmin = emulation.isAdmin ?? isAdminKey;
	const tokenOf = emulation.tokenOf ?? bearer;
	const patterns = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
	const refuse = (status: number, message: string, headers = {}): ServerAnswer => ({
		...jsonAnswer(status, emulation.refusal(status, message)),
		headers,
	});

	return (request: ServerRequest, now: number): ServerAnswer => {
		const found = patterns.filter(({ pattern }) => pattern.test(request.path));
		const match = found.find(({ route }) => route.method === request.method);
		if (!match) {
			if (found.length === 0) return refuse(404, "not found");
			return refuse(405, "method not allowed", { allow: found.map(({ route }) => route.method).join(", ") });
		}
		const { route, pattern } = match;
		const requestHeaders = request.headers as RequestHeaders;
		const admin = route.by.includes("admin") && isAdmin(bearer(requestHeaders) ?? "", now);
		const byToken = route.by.includes("token") && !admin;
		const judged = byToken ? ledger.judge(tokenOf(requestHeaders, request.path) ?? "", now) : undefined;
		const { instead, finish } = interfere(route.records ? "ingest" : "manage");
		let headers: ServerAnswer["headers"] = instead?.headers ?? {};
		let records = 0;
		const serve = (): ServerAnswer => {
			if (instead) throw new Refused(instead.status, `fault ${instead.status}`);
			if (route.by.length > 0 && !admin && !judged?.accepted) throw new Refused(401, reason(judged, now));
			ledger.use(judged?.token, now);
			const call: ApiCall = {
				now,
				token: judged?.token,
				headers: requestHeaders,
				path: pattern.exec(request.path)?.groups ?? {},
				query: new URLSearchParams(request.query),
				body: () => jsonObject(request.body),
			};
			const brought = route.records?.(call) ?? 0;
			const admission = route.by.length > 0 ? admit?.(brought, now) : undefined;
			headers = admission?.headers ?? {};
			if (admission?.refused) throw new Refused(429, "over the limit");
			const answer = route.answer(call);
			records = admission?.dropped ? 0 : brought;
			return answer;
		};
		const answer = unlessRefused(serve, refuse);
		const { status } = answer;
		const who = judged ? { fingerprint: judged.fingerprint } : {};
		if (judged) {
			const seen = { fingerprint: judged.fingerprint, accepted: status < 300, records, bytes: request.body.length };
			ledger.count({ ...seen, signal: "api", now });
		}
		log({ at: new Date(now).toISOString(), kind: "request", ...who, signal: "api", status, records });
		return finish({ ...answer, headers: { ...headers, ...answer.headers } });
	};
}

function unlessRefused(
	serve: () => ServerAnswer,
	refuse: (status: number, message: string) => ServerAnswer,
): ServerAnswer {
	try {
		return serve();
	} catch (error) {
		if (error instanceof Refused) return refuse(error.status, error.message);
		throw error;
	}
}

function reason(judged: Judged | undefined, now: number): string {
	return judged?.token ? `the token is ${stateOf(judged.token, now)}` : "unknown credential";
}

function patternOf(path: string): RegExp {
	return new RegExp(`^${path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`);
}

function bearer(headers: RequestHeaders): string | undefined {
	return /^Bearer (\S+)$/.exec(headers["authorization"] ?? "")?.[1];
}

/** An empty body is an empty object. Throws `Refused` (400), without quoting the body. */
export function jsonObject(body: Uint8Array): TokenRequest {
	if (body.length === 0) return {};
	const value = parsed(Buffer.from(body).toString("utf8"));
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as TokenRequest;
	throw new Refused(400, "the body must be a JSON object");
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
