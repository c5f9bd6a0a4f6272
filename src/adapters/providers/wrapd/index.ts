/**
 * Wrapd: API keys for commands on a machine, no OTLP. A key is rotated in the dashboard with a chosen grace period: none,
 * 15 minutes, 1, 6 or 24 hours, 3 or 7 days.
 *
 * Sources: https://docs.wrapd.sh/guides/key-rotation, https://docs.wrapd.sh/api/authentication.
 */
import type { TokenIssuer } from "../provider.ts";

export const provider: TokenIssuer = {
	id: "wrapd",
	title: "Wrapd",
	order: 50,
	overlap: "the grace period chosen at the rotation: none to 7 days",
	rotation: "In the dashboard, choose the key, Rotate, and a grace period; copy the new key.",
	sources: ["https://docs.wrapd.sh/guides/key-rotation", "https://docs.wrapd.sh/api/authentication"],
};
