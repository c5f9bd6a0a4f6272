import type { Expected } from "../../contracts/provider.ts";

export const expected: Expected = {
	way: {
		method: "GET",
		path: "/v1/alice/uptime",
		headers: (token) => ({ "x-api-key": token, accept: "application/json" }),
	},
	overlap: 86_400_000,
	revocable: true,
	refusal: { error: "unknown credential" },
};
