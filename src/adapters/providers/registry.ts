import { activitylog } from "./activitylog/index.ts";
import { custom } from "./custom/index.ts";
import type { Provider } from "./provider.ts";
import { torii } from "./torii/index.ts";

/** Who it is when nobody says. */
export const defaultProvider: Provider = torii;

/** Every provider, the default first. A test holds this list against the folders. */
export const providers: readonly Provider[] = [torii, activitylog, custom];
