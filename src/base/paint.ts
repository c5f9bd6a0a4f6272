import { styleText } from "node:util";

export type Style = "red" | "yellow" | "green" | "cyan" | "bold" | "dim" | "inverse";

/** A terminal's capabilities. */
export interface TextStyle {
	readonly color: boolean;
	/** Columns of the terminal; `Infinity` where lines are not to be broken, as in a pipe. */
	readonly width: number;
}

/** A text with colours for a terminal, or unchanged. */
export type Paint = (text: string, ...styles: readonly Style[]) => string;

/** Adds colour if enabled. The caller knows the stream and has decided; `styleText` must not check again. */
export function painter(color: boolean): Paint {
	return (text, ...styles) =>
		color && text !== "" && styles.length > 0 ? styleText([...styles], text, { validateStream: false }) : text;
}

/** A finding's severity, in colour. */
export const severityStyles = { error: "red", warning: "yellow", note: "cyan" } as const satisfies Record<
	string,
	Style
>;
