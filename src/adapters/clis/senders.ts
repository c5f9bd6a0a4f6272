import type { Emission } from "./emission.ts";
import { emissions } from "./emits.generated.ts";

/** The known CLI that sends data with this `service.name` and instrumentation scope. */
export function senderOf(service: string, scope: string): (Emission["sender"] & Pick<Emission, "id">) | undefined {
	const isNamed = (name: string) => (name.endsWith("*") ? service.startsWith(name.slice(0, -1)) : service === name);
	const isBelow = (name: string) => scope === name || scope.startsWith(`${name}.`);
	const found =
		emissions.find(({ sender }) => sender.services.some(isNamed)) ??
		emissions.find(({ sender }) => sender.scopes.some(isBelow));
	return found && { id: found.id, ...found.sender };
}
