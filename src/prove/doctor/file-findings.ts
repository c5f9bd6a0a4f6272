import { shownFile } from "../../base/mask.ts";
import { ps, sh } from "../../base/quote.ts";
import { isInRange } from "../../base/versions.ts";
import type { DiagnosedCli, DoctorFinding } from "./diagnosis.ts";
import { isOpened, type LayerSight } from "./resolve.ts";

/** A layer's location, for display. */
export function placeOf({ place, path }: LayerSight): string {
	return path === undefined ? place.title : shownFile(path);
}

/** What a broken file does, in words. */
const effects: Readonly<Record<LayerSight["place"]["broken"], (title: string) => string>> = {
	cli: (title) => `${title} does not start`,
	file: () => "a file is ignored",
	unknown: () => "a file is ignored, or stops more than that",
};

const UNSEEN = "look at it yourself, or run this as the account that can read it";

/** Files that exist but are not read. */
export function fileFindings({ cli, sight }: DiagnosedCli): DoctorFinding[] {
	return sight.layers.flatMap((layer): DoctorFinding[] => {
		const { place, state, why = "", path = "", isForAll } = layer;
		const where = placeOf(layer);
		const { release } = sight;
		if (state === "absent" || !isOpened(layer, (range) => !release || isInRange(release, range))) return [];
		const { isWindows } = sight;
		const quoted = shownFile(isWindows ? ps(path) : sh(path));
		const sudo =
			place.isForAll || !place.paths || path.startsWith("/etc/") || path.startsWith("/Library/") ? "sudo " : "";
		if (state === "broken") {
			const effect = effects[place.broken](cli.title);
			return [
				{
					severity: "error",
					what: `${effect}: the ${place.title} ${why}`,
					where,
					fix: `correct ${quoted}, or restore its backup`,
				},
			];
		}
		if (state === "unreadable") {
			const user = sight.owner === undefined ? '"$(id -un)"' : String(sight.owner);
			const windowsFix = `look at who can read it: icacls ${quoted}`;
			const posixFix = sudo ? `sudo chmod 0644 ${quoted}` : `sudo chown ${user} ${quoted} && chmod 0600 ${quoted}`;
			const fix = isWindows ? windowsFix : posixFix;
			// What is no file of the CLI has its doubt.
			if (layer.doubt !== undefined)
				return [{ severity: "warning", what: `the ${place.title} ${why}`, where, fix: UNSEEN }];
			return [{ severity: "error", what: `the ${place.title} ${why}, so ${cli.title} runs without it`, where, fix }];
		}
		if (state === "unsafe") {
			return [
				{
					severity: "error",
					what: `the ${place.title} ${why}, so ${cli.title} ignores it`,
					where,
					fix: `${sudo}chown root ${quoted} && ${sudo}chmod go-w ${quoted}`,
				},
			];
		}
		if (place.isForAll && isForAll === false) {
			const what = `some accounts cannot read the ${place.title}; for these ${cli.title} runs without it`;
			return [{ severity: "warning", what, where, fix: `sudo chmod 0644 ${quoted}` }];
		}
		return [];
	});
}

/** Files of one account that hold the token and that other accounts can read: settings, or what our own program reads. */
export function openFiles({ signals, resolved, printed, sight, isOpen: look }: DiagnosedCli): DoctorFinding[] {
	const { isWindows } = sight;
	const holders = signals.flatMap(({ sent, secret, tokenFrom = "" }) => {
		const layer = resolved.settings.get(tokenFrom)?.layer;
		if (sent === "no" || !secret || !layer || layer.place.isForAll) return [];
		const { path, isOpen } = tokenFrom === printed?.by ? printed : layer;
		return (isOpen ?? isWindows) && path !== undefined ? [path] : [];
	});
	return [...new Set(holders)].flatMap((path): DoctorFinding[] => {
		const what = "other accounts can read the token in this file";
		const where = shownFile(path);
		if (!isWindows) return [{ severity: "warning", what, where, fix: `chmod go= ${shownFile(sh(path))}` }];
		const quoted = shownFile(ps(path));
		const isOpen = look(path);
		if (isOpen === undefined) {
			const unknown = "whether other accounts can read the token in this file could not be seen";
			return [{ severity: "note", what: unknown, where, fix: `icacls ${quoted}` }];
		}
		const close = `icacls ${quoted} /inheritance:r /grant:r "%USERNAME%:F" "*S-1-5-18:F" "*S-1-5-32-544:F", in cmd.exe`;
		return isOpen ? [{ severity: "warning", what, where, fix: close }] : [];
	});
}
