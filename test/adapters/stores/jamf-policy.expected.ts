import type { StoreReach } from "../../../src/adapters/stores/store.ts";
import { xml } from "../../../src/base/quote.ts";
import type { StoreExpected } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { answer, reachWith } from "../../harness/store.ts";

const script = (id: number, token: string) =>
	`<script><id>${id}</id><name>Install &amp; report</name><priority>After</priority><parameter4>${token}</parameter4><parameter5>--cli codex</parameter5><parameter6/></script>`;

/** One policy of the Classic API; a PUT replaces the list of scripts as a whole. The token is of the second script. */
export function fakeJamf(id: string, secret: string, start: string | undefined) {
	const head = "<policy><general><id>12</id><name>Crossfade</name></general>";
	let scripts = `<scripts><size>2</size>${script(4, "other")}${script(5, xml(start ?? ""))}</scripts>`;
	let isDenied = false;
	const cookies: (string | undefined)[] = [];
	const bearer = `access-${secret}`;
	const request: StoreReach["request"] = async ({ method, url, headers = {}, body = "" }) => {
		const { pathname } = new URL(url);
		cookies.push(headers["cookie"]);
		if (pathname === "/api/oauth/token") {
			const form = new URLSearchParams(String(body));
			if (form.get("client_id") !== id || form.get("client_secret") !== secret)
				return answer(401, { error: "invalid_client" });
			return answer(
				200,
				{ access_token: bearer, expires_in: 1199 },
				{ "set-cookie": "APBALANCEID=node-2; Path=/; Secure" },
			);
		}
		if (headers["authorization"] !== `Bearer ${bearer}` || isDenied)
			return answer(isDenied ? 403 : 401, "<html>Unauthorized</html>");
		if (pathname !== "/JSSResource/policies/id/12") return answer(404, "<html>Not Found</html>");
		if (method === "GET") return answer(200, `<?xml version="1.0" encoding="UTF-8"?>${head}${scripts}</policy>`);
		const sent = /^<policy>(<scripts>[\s\S]*<\/scripts>)<\/policy>$/.exec(String(body))?.[1];
		if (method !== "PUT" || sent === undefined) return answer(400, "<html>Bad Request</html>");
		scripts = sent;
		return answer(201, "<policy><id>12</id></policy>");
	};
	return {
		request,
		cookies,
		value: () => /<id>5<\/id>[\s\S]*?<parameter4>([^<]*)<\/parameter4>/.exec(scripts)?.[1],
		others: () => scripts.replace(/(<id>5<\/id>[\s\S]*?<parameter4>)[^<]*/, "$1"),
		put: (value: string) => {
			scripts = scripts.replace(/(<id>5<\/id>[\s\S]*?<parameter4>)[^<]*/, `$1${value}`);
		},
		deny: () => {
			isDenied = true;
		},
	};
}

export const expected: StoreExpected = {
	world: "fake",
	asks: true,
	compares: false,
	creates: true,
	denies: true,
	async open(start) {
		const [id, secret] = [canary(), canary()];
		const jamf = fakeJamf(id.token, secret.token, start);
		return {
			settings: {
				url: "https://acme.jamfcloud.com",
				policy: "12",
				script: "5",
				parameter: "4",
				"client-id": "file:/id",
				"client-secret": "file:/secret",
			},
			reach: reachWith({ request: jamf.request }, { "file:/id": id.token, "file:/secret": secret.token }),
			isWrite: ({ method }) => method === "PUT",
			held: async () => jamf.value() || undefined,
			others: async () => jamf.others(),
			meddle: async (value) => jamf.put(value),
			deny: jamf.deny,
			credentials: [id, secret],
		};
	},
};
