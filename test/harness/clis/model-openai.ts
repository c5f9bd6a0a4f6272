import { type Dialect, type ModelReply, modelJson, serverSentEvents, shellTool, type Turn, USAGE } from "./model.ts";

/** The Responses API: https://platform.openai.com/docs/api-reference/responses-streaming */
export const openaiReply: Dialect = (path, body, turn) => {
	if (path === "/models") return modelJson({ models: [], object: "list", data: [] });
	if (path === "/chat/completions") return chatReply(body, turn);
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

/** Chat completions, as one body or as a stream: https://platform.openai.com/docs/api-reference/chat-streaming */
function chatReply(body: Record<string, unknown>, turn: Turn): ModelReply {
	const isStream = body["stream"] === true;
	const message = turn.shell
		? { role: "assistant", content: null, tool_calls: [chatCall(body, turn.shell)] }
		: { role: "assistant", content: turn.words };
	const finish_reason = turn.shell ? "tool_calls" : "stop";
	const usage = {
		prompt_tokens: USAGE.input,
		completion_tokens: USAGE.output,
		total_tokens: USAGE.input + USAGE.output,
	};
	const common = {
		id: "chat_fake",
		object: isStream ? "chat.completion.chunk" : "chat.completion",
		created: 1,
		model: body["model"],
	};
	if (!isStream) return modelJson({ ...common, choices: [{ index: 0, message, finish_reason }], usage });
	const chunks = [
		{ ...common, choices: [{ index: 0, delta: message, finish_reason: null }] },
		{ ...common, choices: [{ index: 0, delta: {}, finish_reason }] },
		{ ...common, choices: [], usage },
	];
	const lines = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"].map((data) => `data: ${data}\n\n`);
	return { contentType: "text/event-stream", body: lines.join("") };
}

function chatCall(body: Record<string, unknown>, command: string) {
	const tools = (body["tools"] as { function?: { name?: string } }[] | undefined) ?? [];
	const name = shellTool(tools.map((tool) => tool.function?.name ?? ""));
	const input = { command, description: "a command of the test", is_background: false };
	return { index: 0, id: "call_fake", type: "function", function: { name, arguments: JSON.stringify(input) } };
}

function shellCall(body: Record<string, unknown>, command: string) {
	const tools = (body["tools"] as { name?: string; type: string }[] | undefined) ?? [];
	const name = shellTool(tools.map((tool) => tool.name ?? tool.type));
	const input = { exec_command: { cmd: command }, shell: { command: ["sh", "-c", command] } }[name] ?? { command };
	return { type: "function_call", id: "fc_fake", call_id: "call_fake", name, arguments: JSON.stringify(input) };
}
