import type { Command } from "./command.ts";

interface CommandEntry {
	readonly name: string;
	readonly summary: string;
	/** Loads the command and only what it needs. */
	readonly load: () => Promise<Command>;
}

/** Every subcommand, in the order of the help. */
export const registry: readonly CommandEntry[] = [
	{
		name: "demo",
		summary: "run a whole rotation on this machine, in about a minute",
		load: async () => (await import("./demo.ts")).demoCommand,
	},
	{
		name: "collector",
		summary: "generate a collector config, or add a backend to yours",
		load: async () => (await import("./collector.ts")).collectorCommand,
	},
	{
		name: "mdm",
		summary: "scripts and payloads for your MDM, ready to upload",
		load: async () => (await import("./mdm.ts")).mdmCommand,
	},
	{
		name: "check",
		summary: "find problems in a collector config",
		load: async () => (await import("./check.ts")).checkCommand,
	},
	{
		name: "install",
		summary: "configure the CLIs on this machine to send with a token",
		load: async () => (await import("./install.ts")).installCommand,
	},
	{
		name: "uninstall",
		summary: "remove what install added",
		load: async () => (await import("./uninstall.ts")).uninstallCommand,
	},
	{
		name: "doctor",
		summary: "show which token each CLI uses, where it sends, what overrides it",
		load: async () => (await import("./doctor.ts")).doctorCommand,
	},
	{
		name: "probe",
		summary: "test which token each place accepts now",
		load: async () => (await import("./probe.ts")).probeCommand,
	},
	{
		name: "watch",
		summary: "follow an overlap live: who uses which token, safe to retire or not",
		load: async () => (await import("./watch.ts")).watchCommand,
	},
	{
		name: "rotate",
		summary: "rotate a token from the provider to the last collector, crash-safe",
		load: async () => (await import("./rotate.ts")).rotateCommand,
	},
	{
		name: "attest",
		summary: "record what evidence cannot show: a stolen laptop, a retired gateway",
		load: async () => (await import("./attest.ts")).attestCommand,
	},
	{
		name: "report",
		summary: "report the same as text, JSON, CSV, JUnit or HTML",
		load: async () => (await import("./report.ts")).reportCommand,
	},
	{
		name: "init",
		summary: "write a commented crossfade.yaml",
		load: async () => (await import("./init.ts")).initCommand,
	},
	{
		name: "sandbox",
		summary: "run a provider on this machine, with the rules of a real one",
		load: async () => (await import("./sandbox.ts")).sandboxCommand,
	},
	{
		name: "tap",
		summary: "forward OTLP and count who sends with which token",
		load: async () => (await import("./tap.ts")).tapCommand,
	},
	{
		name: "completion",
		summary: "print a completion script for bash, zsh, fish or PowerShell",
		load: async () => (await import("./completion.ts")).completionCommand,
	},
	{
		name: "exit-codes",
		summary: "print the table of exit codes",
		load: async () => (await import("./exit-codes.ts")).exitCodesCommand,
	},
];
