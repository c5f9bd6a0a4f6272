import { bearer, type Expected } from "../../contracts/provider.ts";

export const expected: Expected = {
	way: {
		method: "POST",
		path: "/api/index/v1/getdatasourceconfig",
		body: { datasource: "wiki" },
		headers: bearer,
	},
	overlap: 600_000,
	revocable: true,
	refusal: { message: "unknown credential" },
};
