/** What marks a test record, on its resource and, but for data points, on itself, so that people can find and filter it. */
export const MARKER = "crossfade.probe.id";
/** Which of the tokens carried it, by name. */
export const MARKER_TOKEN = "crossfade.probe.token";
