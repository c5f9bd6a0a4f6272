import { type Dialect, modelJson, serverSentEvents, shellTool, USAGE } from "./model.ts";

/** The Responses API: https://platform.openai.com/docs/api-reference/responses-streaming */
export const openaiReply: Dialect = (path, body, turn) => {
	if (path === "/models") return modelJson({ models: [], object: "list", data: [] });
	if (path !== "/responses") return undefined;
	const id = "resp_fake";
	const item = turn.shell
		? shellCall(body, turn.shell)
		: {
				type: "message",
				id: "msg_fake",
				role: "assistant",
				content: [{ type: "output_text", text: turn.words, annotations: [] }],
			};
	const usage = {
		input_tokens: USAGE.input,
		input_tokens_details: { cached_tokens: 0 },
		output_tokens: USAGE.output,
		output_tokens_details: { reasoning_tokens: 0 },
		total_tokens: USAGE.input + USAGE.output,
	};
	return serverSentEvents([
		{ type: "response.created", response: { id } },
		{ type: "response.output_item.done", output_index: 0, item },
		{ type: "response.completed", response: { id, status: "completed", output: [item], usage } },
	]);
};

function shellCall(body: Record<string, unknown>, command: string) {
	const tools = (body["tools"] as { name?: string; type: string }[] | undefined) ?? [];
	const name = shellTool(tools.map((tool) => tool.name ?? tool.type));
	const input = { exec_command: { cmd: command }, shell: { command: ["sh", "-c", command] } }[name] ?? { command };
	return { type: "function_call", id: "fc_fake", call_id: "call_fake", name, arguments: JSON.stringify(input) };
}
