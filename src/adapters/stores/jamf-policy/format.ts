/**
 * The list of scripts of a policy as the Classic API writes it: `<scripts><size>1</size><script><id>5</id>…<parameter4>…</parameter4>…</script>
 * </scripts>`. One parameter is exchanged in the text; everything else is sent back as it came.
 *
 * Sources: https://developer.jamf.com/jamf-pro/reference/findpoliciesbyid, https://www.w3.org/TR/xml/#sec-predefined-ent.
 */
import { ownEntry } from "../../../base/lookup.ts";

interface ParameterPlace {
	/** The script's id. */
	readonly script: string;
	/** The parameter's number. */
	readonly parameter: string;
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The script with this id, up to its end. */
const scriptOf = ({ script }: ParameterPlace) =>
	new RegExp(`<script>(?:(?!</script>)[\\s\\S])*?<id>${Number(script)}</id>[\\s\\S]*?</script>`);
const parameterOf = ({ parameter }: ParameterPlace) => {
	const name = `parameter${Number(parameter)}`;
	return new RegExp(`<${name}>([\\s\\S]*?)</${name}>|<${name} ?/>`);
};

/** The value of a parameter; undefined if there is no such script, or it has no such parameter. */
export function parameterIn(scripts: string, place: ParameterPlace): string | undefined {
	const [block] = scriptOf(place).exec(scripts) ?? [];
	const found = block === undefined ? null : parameterOf(place).exec(block);
	return found === null ? undefined : unescaped(found[1] ?? "");
}

/** The list with another value, which is XML already. */
export function withParameter(scripts: string, place: ParameterPlace, value: string): string {
	const name = `parameter${Number(place.parameter)}`;
	return scripts.replace(scriptOf(place), (block) =>
		block.replace(parameterOf(place), () => `<${name}>${value}</${name}>`),
	);
}

function unescaped(text: string): string {
	return text.replaceAll(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
		if (name !== undefined) return ownEntry(NAMED, name) ?? whole;
		return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
	});
}
