import type { Folder } from "../../effects/files/folder.ts";

const ID_FILE = "folder.id";

/** The id stored in a folder, which stays the same wherever it is moved or mounted. */
export async function idOf(folder: Folder): Promise<string | undefined> {
	const bytes = await folder.read(ID_FILE);
	return bytes && new TextDecoder().decode(bytes).trim();
}

/** The id, created if missing; undefined while another program creates it. */
export async function givenId(folder: Folder): Promise<string | undefined> {
	const known = await idOf(folder);
	if (known !== undefined) return known;
	const claim = await folder.claim(ID_FILE);
	if (!claim) return undefined;
	try {
		const id = (await idOf(folder)) ?? folder.newId();
		await folder.write(ID_FILE, [`${id}\n`]);
		return id;
	} finally {
		await claim.release();
	}
}
