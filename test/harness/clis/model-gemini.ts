import { type Dialect, modelJson, serverSentEvents, shellTool, USAGE } from "./model.ts";

/** generateContent and streamGenerateContent: https://ai.google.dev/api/generate-content */
export const geminiReply: Dialect = (path, body, turn) => {
	const [, method = ""] = /^\/v1(?:beta)?\/models\/[^:]+:(\w+)$/.exec(path) ?? [];
	if (method === "countTokens") return modelJson({ totalTokens: USAGE.input });
	const tools = (body["tools"] as { functionDeclarations?: { name: string }[] }[] | undefined) ?? [];
	const names = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name));
	const part = turn.shell
		? { functionCall: { name: shellTool(names), args: { command: turn.shell, description: "Runs a command" } } }
		: { text: turn.words };
	const answer = {
		candidates: [{ index: 0, finishReason: "STOP", content: { role: "model", parts: [part] } }],
		usageMetadata: {
			promptTokenCount: USAGE.input,
			candidatesTokenCount: USAGE.output,
			totalTokenCount: USAGE.input + USAGE.output,
		},
		modelVersion: "fake",
		responseId: "fake",
	};
	if (method === "generateContent") return modelJson(answer);
	return method === "streamGenerateContent" ? serverSentEvents([answer]) : undefined;
};
