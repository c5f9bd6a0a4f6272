import { type Expected, otlp } from "../../contracts/provider.ts";

export const expected: Expected = {
	way: otlp("/api/v1/otlp/v1/logs"),
	overlap: Number.POSITIVE_INFINITY,
	revocable: true,
	refusal: { message: "the token is not accepted" },
};
