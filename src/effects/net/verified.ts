/** Said wherever a token may follow, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in somebody's environment gives it to nobody else. */
export const ALWAYS_VERIFIED = { rejectUnauthorized: true } as const;
