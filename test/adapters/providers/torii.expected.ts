import { type Expected, otlp } from "../../contracts/provider.ts";

export const expected: Expected = {
	way: otlp("/v1/logs"),
	overlap: 86_400_000,
	revocable: false,
	refusal: { message: "the token is not accepted" },
};
