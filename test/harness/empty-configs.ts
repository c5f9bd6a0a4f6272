const RECEIVERS = "receivers:\n  otlp:\n    protocols:\n      grpc:\n";
const EXPORTERS = "exporters:\n  debug:\n";
const PIPELINES = "  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters: [debug]\n";
const FLOW_RECEIVERS = '"receivers": {"otlp": {"protocols": {"grpc": null}}}';
const FLOW_PIPELINES = '"pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["debug"]}}';

const withList = (list: string) => `${RECEIVERS}${EXPORTERS}service:\n  extensions:${list}\n${PIPELINES}`;
const withSection = (section: string) => `${section}\n${RECEIVERS}${EXPORTERS}service:\n${PIPELINES}`;
const inBraces = (list: string, section = "") =>
	`{${section}${FLOW_RECEIVERS}, "exporters": {"debug": null}, "service": {"extensions": ${list}, ${FLOW_PIPELINES}}}\n`;
const exporters = (list: string, section = "exporters:\n  debug:") =>
	`${RECEIVERS}${section}\nservice:\n  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters:${list}\n`;

/** Configs with null or empty parts, by what is empty; the collector accepts each of them once our exporter is in it. */
export const emptyConfigs: Readonly<Record<string, string>> = {
	"extensions: nothing": withList(""),
	"extensions: nothing, with a comment": withList(" # none"),
	"extensions: nothing, with a comment below": withList("\n    # - health_check"),
	"extensions: a null list": withList(" null"),
	"extensions: a null list with a comment": withList(" null # none yet"),
	"extensions: a tilde and blanks": withList("   ~  "),
	"extensions: NULL on a line of its own": withList("\n    NULL"),
	"extensions: []": withList(" []"),
	"extensions: [] with blanks and a comment": withList(" [  ] # none"),
	"extensions: null, CRLF": withList(" null # none").replaceAll("\n", "\r\n"),
	"extensions: null, last in the file without a line break": `${RECEIVERS}${EXPORTERS}service:\n${PIPELINES}  extensions: null`,
	"the section extensions: null": withSection("extensions: null # c"),
	"the section extensions: ~": withSection("extensions: ~"),
	"the section extensions: nothing": withSection("extensions:"),
	"the section extensions: {}": withSection("extensions: {}"),
	"null sections and lists at once": withSection("extensions: null").replace(
		"service:\n",
		"processors:\nconnectors: null\nservice:\n  telemetry: ~\n  extensions: null\n",
	),
	"the exporters: null, in the section and in the pipeline": exporters(" null", "exporters: null"),
	"the exporters of the pipeline: nothing": exporters(""),
	"the exporters of the pipeline: [] with a comment": exporters(" [] # soon"),
	"processors of the pipeline: null": exporters(" [debug]\n      processors: null"),
	"in braces: null": inBraces("null"),
	"in braces: ~": inBraces("~"),
	"in braces: []": inBraces("[]"),
	"in braces: [ ] and a null section": inBraces("[ ]", '"extensions": null, '),
	"in braces: an empty section": inBraces("[]", '"extensions": {}, '),
	"pretty JSON with null": `${JSON.stringify(JSON.parse(inBraces("null", '"extensions": null, ')), undefined, 2)}\n`,
	"pretty JSON with empty ones": `${JSON.stringify(JSON.parse(inBraces("[]", '"extensions": {}, ')), undefined, 2)}\n`,
	"a service in braces": `${RECEIVERS}${EXPORTERS}extensions:\nservice: {extensions: null, ${FLOW_PIPELINES}}\n`,
};
