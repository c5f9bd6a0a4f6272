import { type Dialect, modelJson, serverSentEvents, shellTool, USAGE } from "./model.ts";

/** The Messages API: https://docs.claude.com/en/api/messages-streaming */
export const anthropicReply: Dialect = (path, body, turn) => {
	if (path === "/v1/messages/count_tokens") return modelJson({ input_tokens: USAGE.input });
	if (path !== "/v1/messages") return undefined;
	const message = {
		id: "msg_fake",
		type: "message",
		role: "assistant",
		model: body["model"],
		stop_sequence: null,
		usage: { input_tokens: USAGE.input, output_tokens: USAGE.output },
	};
	const tools = (body["tools"] as { name: string }[] | undefined) ?? [];
	const stop_reason = turn.shell ? "tool_use" : "end_turn";
	const input = { command: turn.shell, description: "Runs a command" };
	const block = turn.shell
		? { type: "tool_use", id: "toolu_fake", name: shellTool(tools.map(({ name }) => name)), input }
		: { type: "text", text: turn.words };
	if (body["stream"] !== true) return modelJson({ ...message, content: [block], stop_reason });
	const [empty, delta] = turn.shell
		? [
				{ ...block, input: {} },
				{ type: "input_json_delta", partial_json: JSON.stringify(input) },
			]
		: [
				{ type: "text", text: "" },
				{ type: "text_delta", text: turn.words },
			];
	return serverSentEvents([
		{ type: "message_start", message: { ...message, content: [], stop_reason: null } },
		{ type: "content_block_start", index: 0, content_block: empty },
		{ type: "content_block_delta", index: 0, delta },
		{ type: "content_block_stop", index: 0 },
		{ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: message.usage },
		{ type: "message_stop" },
	]);
};
