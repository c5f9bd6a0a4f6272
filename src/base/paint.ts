import { styleText } from "node:util";

export type Style = "red" | "yellow" | "green" | "cyan" | "bold" | "dim" | "inverse";

/** What a terminal can show. */
export interface TextStyle {
	readonly color: boolean;
	/** Columns of the terminal; `Infinity` where lines are not to be broken, as in a pipe. */
	readonly width: number;
}

/** A text with colours for a terminal, or the text as it is. */
export type Paint = (text: string, ...styles: readonly Style[]) => string;

/** Paints where colour is wanted. Whether it is was decided by whoever knows the stream; `styleText` must not ask again. */
export function painter(color: boolean): Paint {
	return (text, ...styles) =>
		color && text !== "" && styles.length > 0 ? styleText([...styles], text, { validateStream: false }) : text;
}

/** How bad a finding is, in colour. */
export const severityStyles = { error: "red", warning: "yellow", note: "cyan" } as const satisfies Record<
	string,
	Style
>;
