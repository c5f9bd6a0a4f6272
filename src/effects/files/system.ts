/** The system that this runs on. No other file asks for it, and what can be decided without it gets it as an argument. */
export const system = process.platform;
export const isWindows = system === "win32";
