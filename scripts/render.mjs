// Writes what is rendered and committed, below the folder that is given or here: mdm/, for every MDM in each of its modes what
// `crossfade mdm` writes with placeholders, and scripts/install.sh and scripts/install.ps1 with their checksums. `npm run render` builds first.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const crossfade = (/** @type {string[]} */ ...args) =>
	execFileSync(process.execPath, ["dist/cli.cjs", ...args], { encoding: "utf8", maxBuffer: 1 << 24 });

const root = process.argv[2] ?? ".";

mkdirSync(`${root}/scripts`, { recursive: true });
for (const [os, name, mode] of /** @type {const} */ ([
	["linux", "install.sh", 0o755],
	["windows", "install.ps1", 0o644],
])) {
	const installer = crossfade("install", "--print", "--os", os);
	writeFileSync(`${root}/scripts/${name}`, installer, { mode });
	const sum = createHash("sha256").update(installer).digest("hex");
	writeFileSync(`${root}/scripts/${name}.sha256`, `${sum}  ${name}\n`);
}

/** @type {{ id: string, title: string, os: string[], modes: string[] }[]} */
const vehicles = JSON.parse(crossfade("mdm", "--list", "--json"));
const target = `${root}/mdm`;
rmSync(target, { recursive: true, force: true });

const rows = vehicles.flatMap(({ id, title, os, modes }) =>
	modes.map((mode, index) => {
		const folder = index === 0 ? id : `${id}-${mode}`;
		crossfade("mdm", "-v", id, "--mode", mode, "--out", `${target}/${folder}`, "-q");
		return `| [${folder}](${folder}/STEPS.md) | ${title} | ${os.join(", ")} | ${mode} |`;
	}),
);

const { provider, endpoint } = JSON.parse(readFileSync(`${target}/${vehicles[0]?.id}/manifest.json`, "utf8")).settings;
writeFileSync(
	`${target}/README.md`,
	`# Scripts for MDMs, ready to upload

Written by \`npm run render\` with \`crossfade mdm\`, for \`${provider}\` at \`${endpoint}\`; for anything else run that command.
Nothing here holds a token. Start with the STEPS.md of your MDM.

| Folder | MDM | Machines | How the token gets to the script |
| --- | --- | --- | --- |
${rows.join("\n")}

- param: the MDM passes the token to the script when it runs.
- embedded: the token is put into a copy of the script, for MDMs that cannot pass values, and for Macs that several
  people share.

\`manifest.json\` in each folder has the SHA-256 of every file; \`crossfade mdm verify\` and the name of a folder check them.
`,
);
