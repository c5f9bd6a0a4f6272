import { forms } from "./emits.generated.ts";
import type { TelemetryForm } from "./form.ts";

/** The known CLI that sends data with this `service.name` and instrumentation scope. */
export function senderOf(
	service: string,
	scope: string,
): (TelemetryForm["sender"] & Pick<TelemetryForm, "id">) | undefined {
	const isNamed = (name: string) => (name.endsWith("*") ? service.startsWith(name.slice(0, -1)) : service === name);
	const isBelow = (name: string) => scope === name || scope.startsWith(`${name}.`);
	const found =
		forms.find(({ sender }) => sender.services.some(isNamed)) ??
		forms.find(({ sender }) => sender.scopes.some(isBelow));
	return found && { id: found.id, ...found.sender };
}
