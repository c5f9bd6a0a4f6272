// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { Distribution, BuildBehind } from "./distribution.ts";

export const distributions: Readonly<Record<string, () => Promise<{ distribution: Distribution | BuildBehind }>>> = {
	"contrib": () => import("./contrib/index.ts"),
	"k8s": () => import("./k8s/index.ts"),
	"splunk": () => import("./splunk/index.ts"),
	"adot": () => import("./adot/index.ts"),
	"alloy": () => import("./alloy/index.ts"),
	"datadog": () => import("./datadog/index.ts"),
	"ddot": () => import("./ddot/index.ts"),
	"elastic": () => import("./elastic/index.ts"),
	"edot": () => import("./edot/index.ts"),
};
