/** Formats that a collector config can be made with, by how the name of a file ends, and how the config comes out of each. */
const FORMATS: readonly (readonly [end: RegExp, title: string, fix: string])[] = [
	[
		/\.(nomad|nomad\.hcl)$/,
		"a Nomad job",
		"write the rendered template to a file (nomad alloc fs ALLOCATION TASK/local/FILE), and check that",
	],
	[
		/\.(tf|tfvars)(\.json)?$/,
		"Terraform",
		"write the rendered config to a file (terraform output -raw NAME), and check that",
	],
	[/\.hcl$/, "HCL (Terraform, Nomad)", "write the rendered config to a file, and check that"],
	[/\.nix$/, "Nix", "evaluate the settings (nix eval --json), and pipe them to crossfade check -d … -"],
	[/\.(jsonnet|libsonnet)$/, "Jsonnet", "render it (jsonnet FILE), and pipe that to crossfade check -d … -"],
	[/\.cue$/, "CUE", "export it (cue export --out yaml), and pipe that to crossfade check -d … -"],
	[/\.(tpl|tmpl|gotmpl|j2|jinja2?|erb|mustache)$/, "a template", "render it, and check what comes out"],
	[
		/\.(md|markdown|rst|adoc|html?)$/,
		"a text for people",
		"save the config in it to a file of its own, and check that",
	],
	[
		/\.(go|rs|[cm]?[jt]sx?|py|rb|php|pl|lua|java|kts?|scala|groovy|swift|cs|ps[dm]?1|bat|cmd|pp|bicep)$/,
		"a program",
		"check the config that it writes",
	],
];

/** What a file is that is neither YAML nor Alloy, and what to do instead; undefined where it may be one of them. */
export function foreignFormat(file: string): { readonly what: string; readonly fix: string } | undefined {
	const format = FORMATS.find(([end]) => end.test(file.toLowerCase()));
	return format && { what: `this is ${format[1]}, which is not read: nothing was checked`, fix: format[2] };
}
