import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./cli.ts";
import type { Part } from "./parts.ts";

export interface CertificateFiles {
	readonly cert: string;
	readonly key: string;
	readonly certPath: string;
	readonly keyPath: string;
}

interface CertificateRequest {
	/** Subject alternative name, such as `IP:127.0.0.1`. */
	readonly name?: string;
	readonly by?: CertificateFiles;
	/** Days from now to its beginning and to its end; either may be over. */
	readonly days?: readonly [from: number, to: number];
	readonly isAuthority?: boolean;
}

/** Makes certificates with the real openssl in a folder of their own. */
export function certificateMaker(openssl: Part) {
	const folder = scratch();
	let made = 0;
	const run = (...args: string[]) =>
		execFileSync(openssl.path, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
	return ({
		name = "IP:127.0.0.1,DNS:localhost",
		by,
		days = [-1, 30],
		isAuthority = false,
	}: CertificateRequest = {}): CertificateFiles => {
		const id = `c${++made}`;
		const [keyPath, certPath, request] = [".key", ".pem", ".csr"].map((end) => join(folder, id + end)) as [
			string,
			string,
			string,
		];
		run(
			"req",
			"-new",
			"-newkey",
			"ec",
			"-pkeyopt",
			"ec_paramgen_curve:P-256",
			"-nodes",
			"-keyout",
			keyPath,
			"-out",
			request,
			"-subj",
			`/O=Crossfade Test/CN=${id}`,
		);
		const extensions = join(folder, `${id}.ext`);
		writeFileSync(
			extensions,
			isAuthority ? "basicConstraints=critical,CA:TRUE\n" : `subjectAltName=${name}\nbasicConstraints=CA:FALSE\n`,
		);
		// `openssl ca` is the one command of OpenSSL 3.0 that takes a day in the past.
		const day = (offset: number) =>
			new Date(Date.now() + offset * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, "");
		writeFileSync(join(folder, "index.txt"), "");
		writeFileSync(
			join(folder, "ca.cnf"),
			`[ca]\ndefault_ca=x\n[x]\ndatabase=${folder}/index.txt\nnew_certs_dir=${folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\nO=optional\nCN=optional\n`,
		);
		const signer = by ? ["-cert", by.certPath, "-keyfile", by.keyPath] : ["-selfsign", "-keyfile", keyPath];
		run(
			"ca",
			"-batch",
			"-notext",
			"-config",
			"ca.cnf",
			...signer,
			"-in",
			request,
			"-out",
			certPath,
			"-extfile",
			extensions,
			"-startdate",
			day(days[0]),
			"-enddate",
			day(days[1]),
		);
		return { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8"), certPath, keyPath };
	};
}
