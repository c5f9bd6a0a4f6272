/** Every vehicle, in the order of help texts. */
export { vehicles } from "./registry.generated.ts";
