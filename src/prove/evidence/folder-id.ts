import type { Folder } from "../../effects/files/folder.ts";

const ID_FILE = "folder.id";

/** The id that a folder keeps for itself, wherever it is moved or mounted. */
export async function idOf(folder: Folder): Promise<string | undefined> {
	const bytes = await folder.read(ID_FILE);
	return bytes && new TextDecoder().decode(bytes).trim();
}

/** The same, given to it if it has none yet; undefined while another program does just that. */
export async function givenId(folder: Folder): Promise<string | undefined> {
	const known = await idOf(folder);
	if (known !== undefined) return known;
	const claim = await folder.claim(ID_FILE);
	if (!claim) return undefined;
	try {
		const id = (await idOf(folder)) ?? (await folder.id());
		await folder.write(ID_FILE, [`${id}\n`]);
		return id;
	} finally {
		await claim.release();
	}
}
