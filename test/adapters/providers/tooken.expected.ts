import { bearer, type Expected } from "../../contracts/provider.ts";

export const expected: Expected = {
	way: { method: "GET", path: "/v1/tokens", headers: bearer },
	overlap: 0,
	revocable: true,
	refusal: { error: "unauthorized", message: "unknown credential", status: 401 },
};
