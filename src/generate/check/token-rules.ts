import { CONTRIB, CORE, MEASURED, type Rule } from "./rule.ts";

/** Rules about where a token comes from and how it reaches the backend. */
export const tokenRules = {
	"token-from-env": {
		severity: "warning",
		title: "a token comes from an environment variable",
		why: "A running process never sees a new value, whatever signal it gets: it stays on the old token, and once that expires, every event is permanently dropped. An error for a token that is certainly rotated: that of a provider in our tables, or of an exporter that crossfade added.",
		fix: "Read the token from a watched file (bearertokenauth.filename; Alloy: local.file), or restart after every rotation.",
		source: MEASURED,
	},
	"token-literal": {
		severity: "error",
		title: "the file contains a token",
		why: "Anyone who can read the file, its backups or its repository has the token, and rotating it means editing and reloading.",
		fix: "Put it in a separate file (0400) and rotate it: treat it as leaked.",
		source: "https://owasp.org/www-project-top-ten/",
	},
	"token-in-url": {
		severity: "error",
		title: "a URL contains a credential",
		why: "Endpoints are not redacted: they are printed with every failed export and become a label of the collector's own metrics.",
		fix: "Remove it from the URL and use an authenticator extension.",
		source: `${CORE}/blob/main/exporter/otlphttpexporter/otlp.go`,
	},
	"token-read-once": {
		severity: "warning",
		title: "a token is fetched only when the config is read",
		why: "Of the providers that put values into a config, none of the upstream ones notices a new value: the collector keeps the old token until it reloads.",
		fix: "Read the token from a watched file (bearertokenauth.filename), or reload after every rotation; of a distribution's own provider, see its documentation.",
		source: `${CONTRIB}/tree/v0.159.0/confmap/provider`,
	},
	"file-newline": {
		severity: "warning",
		title: "a header is read with ${file:…}, which keeps a line break",
		why: "A trailing newline in the file makes the header invalid: validation passes, but nothing is ever sent.",
		fix: "Write the file without a line break (printf %s), or use bearertokenauth.filename, which trims it.",
		source: MEASURED,
	},
	"grpc-first-token": {
		severity: "error",
		title: "a gRPC exporter keeps the first token",
		why: "Before 0.120.0 the authenticator reads the file again, but gRPC exporters go on sending the token they started with.",
		fix: "Upgrade to 0.120.0 or later, use the OTLP/HTTP exporter, or restart after every rotation.",
		source: `${CONTRIB}/pull/36749`,
	},
	"watch-broken": {
		severity: "error",
		title: "this release loses sight of a replaced token file",
		why: "Releases 0.140.0 to 0.150.x do not notice when Kubernetes replaces the files of a mounted Secret, and may miss a rename.",
		fix: "Upgrade to 0.151.0 or later, or restart after every rotation.",
		source: `${CONTRIB}/pull/45953`,
	},
	"token-to-others": {
		severity: "warning",
		title: "one token is sent to hosts of different owners",
		why: "Whoever runs one of the hosts sees the token, and can send to the other in your name. An error where one of them is a provider in our tables.",
		fix: "Give each destination an authenticator and a token of its own.",
		source: `${CONTRIB}/tree/v0.159.0/extension/bearertokenauthextension`,
	},
	"header-not-forwarded": {
		severity: "error",
		title: "a header of the client does not reach the exporter",
		why: "headers_setter takes it from the request's context; without it the exporter sends no header, and the backend refuses the data or takes it for another's.",
		fix: "Set include_metadata on the receiver, and list the header in metadata_keys of every batch in between.",
		source: `${CONTRIB}/tree/v0.159.0/extension/headerssetterextension`,
	},
} as const satisfies Readonly<Record<string, Rule>>;
