import type { Distribution } from "./distribution.ts";

export const distributions: readonly Distribution[] = [];
