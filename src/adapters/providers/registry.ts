import type { Provider } from "./provider.ts";
import { issuers } from "./registry.generated.ts";

/** Every provider with OTLP ingest, the default first. */
export const providers: readonly Provider[] = issuers.filter((issuer): issuer is Provider => "takes" in issuer);

const [first] = providers;
if (!first) throw new Error("no provider accepts OTLP");

/** The default provider. */
export const defaultProvider: Provider = first;
