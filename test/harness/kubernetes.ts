import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { StoreAnswer } from "../../src/adapters/stores/store.ts";
import { canary } from "./canary.ts";
import { freePorts } from "./collector.ts";
import { kubeApiserver, program } from "./parts.ts";
import { send } from "./store.ts";
import { waitFor } from "./wait.ts";

/** Debian's own. */
export const etcd = program("etcd");

export interface Kubernetes {
	readonly url: string;
	/** The certificate that it made for itself, as PEM text. */
	readonly ca: string;
	/** Tokens of the administrator and of an account without rights of its own, named `ci`. */
	readonly tokens: { readonly admin: string; readonly ci: string };
	/** One request by the administrator; throws an error for anything but success, unless it is one of `also`. */
	ask(
		method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
		path: string,
		body?: unknown,
		also?: readonly number[],
	): Promise<Record<string, unknown>>;
}

/** Starts a real etcd and a real kube-apiserver with RBAC on loopback; there is no kubelet. Ended by `end`, after the test if not given. */
export async function startKubernetes(
	end: (done: () => Promise<void>) => unknown = onTestFinished,
): Promise<Kubernetes> {
	const folder = mkdtempSync(join(tmpdir(), "crossfade-kubernetes-"));
	const [client = 0, peer = 0, port = 0] = await freePorts(3);
	const tokens = { admin: canary().token, ci: canary().token };
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const write = (name: string, text: string) => {
		writeFileSync(join(folder, name), text, { mode: 0o600 });
		return join(folder, name);
	};
	const key = write("accounts.key", String(privateKey.export({ type: "pkcs8", format: "pem" })));
	const accounts = write("tokens.csv", `${tokens.admin},admin,1,system:masters\n${tokens.ci},ci,2\n`);
	const children: ChildProcess[] = [];
	const start = (path: string, args: readonly string[]) => {
		const env = { PATH: "/usr/bin:/bin", HOME: folder, ETCD_UNSUPPORTED_ARCH: process.arch };
		const child = spawn(path, args, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
		child.stderr?.on("data", (text) => {
			log = `${log}${text}`.slice(-4000);
		});
		children.push(child);
	};
	let log = "";
	end(async () => {
		const ended = children.map(
			(child) => new Promise((done) => (child.exitCode === null ? child.on("close", done) : done(0))),
		);
		for (const child of children) child.kill("SIGKILL");
		await Promise.all(ended);
		rmSync(folder, { recursive: true, force: true });
	});
	start(etcd.path, [
		`--data-dir=${join(folder, "etcd")}`,
		`--listen-client-urls=http://127.0.0.1:${client}`,
		`--advertise-client-urls=http://127.0.0.1:${client}`,
		`--listen-peer-urls=http://127.0.0.1:${peer}`,
		`--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
		`--initial-cluster=default=http://127.0.0.1:${peer}`,
	]);
	const url = `https://127.0.0.1:${port}`;
	start(kubeApiserver.path, [
		`--etcd-servers=http://127.0.0.1:${client}`,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		`--secure-port=${port}`,
		`--cert-dir=${join(folder, "certificates")}`,
		`--token-auth-file=${accounts}`,
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24",
		`--service-account-issuer=${url}`,
		`--service-account-key-file=${key}`,
		`--service-account-signing-key-file=${key}`,
		"--endpoint-reconciler-type=none",
	]);
	const certificate = () => readFileSync(join(folder, "certificates/apiserver.crt"), "utf8");
	const request = (method: Parameters<Kubernetes["ask"]>[0], path: string, body?: unknown): Promise<StoreAnswer> =>
		send({
			method,
			url: `${url}/${path}`,
			headers: {
				authorization: `Bearer ${tokens.admin}`,
				"content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
			tls: { ca: certificate() },
			timeoutMs: 30_000,
		});
	await waitFor(`the API server to be ready: ${log}`, async () => {
		if (children.some(({ exitCode }) => exitCode !== null)) throw new Error(`it ended: ${log}`);
		try {
			const ready = await request("GET", "readyz");
			return ready.kind === "answer" && ready.status === 200;
		} catch {
			return false;
		}
	});
	return {
		url,
		ca: certificate(),
		tokens,
		async ask(method, path, body, also = []) {
			const answer = await request(method, path, body);
			if (answer.kind === "failure") throw new Error(`${method} ${path}: ${answer.code}`);
			const text = Buffer.from(answer.body).toString();
			if (answer.status >= 300 && !also.includes(answer.status))
				throw new Error(`${method} ${path}: ${answer.status} ${text}`);
			return JSON.parse(text);
		},
	};
}
