// npm puts LICENSE and CHANGELOG.md into a package only from its root; they live in .github/ and visit the root while packing.
import { copyFileSync, rmSync } from "node:fs";

for (const name of ["LICENSE", "CHANGELOG.md"]) {
	if (process.argv.includes("--remove")) rmSync(name, { force: true });
	else copyFileSync(`.github/${name}`, name);
}
