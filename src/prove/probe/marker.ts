/** Marks a test record, on its resource and, except for data points, on itself, so that people can find and filter it. */
export const MARKER = "crossfade.probe.id";
/** The name of the token used. */
export const MARKER_TOKEN = "crossfade.probe.token";
