/** The fleet file's name where none is given. */
export const FLEET_FILE = "crossfade.yaml";
