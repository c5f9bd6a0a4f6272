import type { Provider } from "./provider.ts";
import { issuers } from "./registry.generated.ts";

/** Every provider that takes OTLP, the default first. */
export const providers: readonly Provider[] = issuers.filter((issuer): issuer is Provider => "takes" in issuer);

const [first] = providers;
if (!first) throw new Error("no provider takes OTLP");

/** Who it is when nobody says. */
export const defaultProvider: Provider = first;
