/** Default name of the fleet file. */
export const FLEET_FILE = "crossfade.yaml";
