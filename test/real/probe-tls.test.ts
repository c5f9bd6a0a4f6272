import { createServer, type Server, type ServerOptions } from "node:https";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { certificateMaker } from "../harness/certificates.ts";
import { crossfadeProcess, scratch, startCrossfade } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { needs, otelcol, program } from "../harness/parts.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";

const openssl = program("openssl");
const mine = canary();

/** An https server that accepts our token, and counts the requests that got through. */
async function httpsServer(options: ServerOptions): Promise<{ url: string; port: number; requests: () => number }> {
	let requests = 0;
	const server: Server = createServer(options, (request, response) => {
		requests++;
		const isMine = request.headers.authorization === `Bearer ${mine.token}`;
		response.writeHead(isMine ? 200 : 401, { "content-type": "application/x-protobuf" });
		request.resume().on("end", () => response.end());
	});
	server.on("tlsClientError", () => undefined);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const { port } = server.address() as { port: number };
	return { url: `https://127.0.0.1:${port}`, port, requests: () => requests };
}

/** The one row of a probe of one log record. */
async function ask(url: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
	const cwd = scratch({ "new.token": mine.token });
	const flags = ["--endpoint", url, "--token", "file:new.token", "--signals", "logs", "--json", ...args];
	const options = { cwd, env, canaries: [mine], holders: ["new.token"] };
	const { code, stdout } = await crossfadeProcess(["probe", ...flags], options);
	const { rows } = JSON.parse(stdout);
	return { code, ...rows[0] } as { code: number; cause: string; detail: string; fix: string };
}

describe("TLS, each trouble by its name", () => {
	const authority = () => {
		const make = certificateMaker(openssl);
		const ca = make({ isAuthority: true });

		return { make, ca };
	};

	test(
		"the tap passes nothing on to a server that nobody vouches for, whatever Node was told",
		needs(openssl),
		async () => {
			const { make, ca } = authority();
			const { url, requests } = await httpsServer(make({ by: ca }));
			const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
			const tap = startCrossfade(["tap", "--to", url, "--listen", "127.0.0.1:0"], { env, canaries: [mine] });
			const listening = await tap.find(/http:\/\/127\.0\.0\.1:\d+/);
			const headers = { authorization: `Bearer ${mine.token}`, "content-type": "application/json" };
			const { status } = await fetch(`${listening}/v1/logs`, { method: "POST", headers, body: "{}" });
			expect(status).toBe(502);
			expect(requests()).toBe(0);
			await tap.stop();
		},
	);

	test("a private authority: unknown, then trusted with --ca", needs(openssl), async () => {
		const { make, ca } = authority();
		const { url, requests } = await httpsServer(make({ by: ca }));
		const unknown = await ask(url);
		expect(unknown).toMatchObject({
			code: 6,
			cause: "tls-untrusted",
			detail: expect.stringContaining("issued by Crossfade Test, c1"),
		});
		// What lets Node trust anybody opens nothing here: no byte of a token goes to a server that nobody vouches for.
		const lax = await ask(url, [], { NODE_TLS_REJECT_UNAUTHORIZED: "0" });
		expect(lax).toMatchObject({ code: 6, cause: "tls-untrusted" });
		expect(requests()).toBe(0);
		expect(await ask(url, ["--ca", ca.certPath])).toMatchObject({ code: 0, cause: "accepted" });
	});

	test("a certificate that signed itself", needs(openssl), async () => {
		const { make } = authority();
		const own = make();
		const { url } = await httpsServer(own);
		expect(await ask(url)).toMatchObject({ code: 6, cause: "tls-self-signed" });
		expect(await ask(url, ["--ca", own.certPath])).toMatchObject({ code: 0 });
	});

	test("expired, not yet valid, and for another name", needs(openssl), async () => {
		const { make, ca } = authority();
		const expired = await httpsServer(make({ by: ca, days: [-9, -2] }));
		const today = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
		expect(await ask(expired.url, ["--ca", ca.certPath])).toMatchObject({
			code: 6,
			cause: "tls-expired",
			detail: expect.stringContaining(today),
		});
		const early = await httpsServer(make({ by: ca, days: [9, 90] }));
		expect(await ask(early.url, ["--ca", ca.certPath])).toMatchObject({ code: 6, cause: "tls-not-yet-valid" });
		const other = await httpsServer(make({ by: ca, name: "DNS:other.example" }));
		expect(await ask(other.url, ["--ca", ca.certPath])).toMatchObject({
			code: 6,
			cause: "tls-wrong-name",
			detail: expect.stringContaining("DNS:other.example"),
		});
	});

	test.for(["TLSv1.2", "TLSv1.3"] as const)(
		"a server that wants a client certificate, with %s",
		needs(openssl),
		async (version) => {
			const { make, ca } = authority();
			const options = {
				requestCert: true,
				rejectUnauthorized: true,
				ca: ca.cert,
				minVersion: version,
				maxVersion: version,
			};
			const { url, requests } = await httpsServer({ ...make({ by: ca }), ...options });
			const trust = ["--ca", ca.certPath];
			expect(await ask(url, trust)).toMatchObject({ code: 6, cause: "tls-client-certificate" });
			const stranger = make({ by: make({ isAuthority: true }) });
			expect(await ask(url, [...trust, "--cert", stranger.certPath, "--key", stranger.keyPath])).toMatchObject({
				code: 6,
				cause: "tls-client-refused",
			});
			expect(requests()).toBe(0);
			const own = make({ by: ca });
			expect(await ask(url, [...trust, "--cert", own.certPath, "--key", own.keyPath])).toMatchObject({ code: 0 });
			expect(await ask(url, [...trust, "--cert", own.certPath, "--key", stranger.keyPath])).toMatchObject({
				code: 6,
				cause: "tls-own-files",
			});
		},
	);

	test.each(["TLSv1", "TLSv1.1"] as const)("%s only", needs(openssl), async (version) => {
		const { make, ca } = authority();
		const old = { minVersion: version, maxVersion: version, ciphers: "ALL@SECLEVEL=0" };
		const { url, requests } = await httpsServer({ ...make({ by: ca }), ...old });
		for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }])
			expect(await ask(url, ["--ca", ca.certPath], env)).toMatchObject({ code: 6, cause: "tls-version" });
		expect(requests()).toBe(0);
	});

	test("expired and for another name, where Node was told to accept anybody", needs(openssl), async () => {
		const { make, ca } = authority();
		const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
		const expired = await httpsServer(make({ by: ca, days: [-9, -2] }));
		expect(await ask(expired.url, ["--ca", ca.certPath], env)).toMatchObject({ code: 6, cause: "tls-expired" });
		const other = await httpsServer(make({ by: ca, name: "DNS:other.example" }));
		expect(await ask(other.url, ["--ca", ca.certPath], env)).toMatchObject({ code: 6, cause: "tls-wrong-name" });
		expect([expired.requests(), other.requests()]).toEqual([0, 0]);
	});

	/** A proxy whose tunnels all end at this port, and what was written to it. */
	async function tunnelTo(port: number) {
		const proxy = await rawServer((socket) => {
			const server = connect(port, "127.0.0.1", () => socket.write("HTTP/1.1 200 Connection Established\r\n\r\n"));
			server.on("error", () => socket.destroy());
			server.on("close", () => socket.destroy());
			socket.on("close", () => server.destroy());
			socket.pipe(server).pipe(socket);
		});
		const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "", no_proxy: "" };
		return { env, seen: () => proxy.received.join("") };
	}

	test(
		"through a proxy: the server's certificate is looked at, and the proxy sees no token",
		needs(openssl),
		async () => {
			const { make, ca } = authority();
			const { port, requests } = await httpsServer(make({ by: ca, name: "DNS:otlp.invalid" }));
			const { env, seen } = await tunnelTo(port);
			// A proxy that ends TLS itself, with a certificate of its own, is the same to a client.
			for (const more of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }])
				expect(await ask("https://otlp.invalid", [], { ...env, ...more })).toMatchObject({
					code: 6,
					cause: "tls-untrusted",
				});
			expect(requests()).toBe(0);
			expect(await ask("https://otlp.invalid", ["--ca", ca.certPath], env)).toMatchObject({
				code: 0,
				cause: "accepted",
			});
			expect(requests()).toBeGreaterThan(0);
			expect(seen()).toContain("CONNECT otlp.invalid:443 ");
			expect(seen()).not.toContain(mine.token);
		},
	);

	test("http on a port that wants TLS, and https on one that does not", needs(openssl), async () => {
		const { make, ca } = authority();
		const { port, requests } = await httpsServer(make({ by: ca }));
		expect(await ask(`http://127.0.0.1:${port}`)).toMatchObject({ code: 6, cause: "plain-to-tls-port" });
		expect(requests()).toBe(0);
		const { port: plain } = await rawServer((socket) => socket.end(httpText("400 Bad Request")));
		expect(await ask(`https://127.0.0.1:${plain}`)).toMatchObject({ code: 6, cause: "tls-to-plain-port" });
	});

	test("a server that drops connections is not mistaken for one that wants a certificate", needs(openssl), async () => {
		const { make, ca } = authority();
		const server = createServer(make({ by: ca }), (request) => request.socket.destroy());
		await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
		onTestFinished(() => void server.close());
		const { port } = server.address() as { port: number };
		expect(await ask(`https://127.0.0.1:${port}`, ["--ca", ca.certPath])).toMatchObject({
			code: 6,
			cause: "connection-closed",
		});
	});

	test("a handshake that never ends", async () => {
		const { port } = await rawServer(() => undefined);
		expect(await ask(`https://127.0.0.1:${port}`, ["--timeout", "1s"])).toMatchObject({
			code: 6,
			cause: "tls-timeout",
		});
	});

	test(
		"the same answers from a server in Go: a real collector that wants client certificates",
		needs(openssl, otelcol),
		async () => {
			const { make, ca } = authority();
			const server = make({ by: ca });
			const config = `receivers:
  otlp:
    protocols:
      http:
        tls: {cert_file: ${server.certPath}, key_file: ${server.keyPath}, client_ca_file: ${ca.certPath}}
exporters:
  debug: {}
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [debug]}
`;
			const { url } = await startCollector(scratch(), config);
			const secure = url.replace("http:", "https:");
			const trust = ["--ca", ca.certPath];
			expect(await ask(secure, trust)).toMatchObject({ code: 6, cause: "tls-client-certificate" });
			expect(await ask(secure)).toMatchObject({ code: 6, cause: "tls-untrusted" });
			const own = make({ by: ca });
			const certified = [...trust, "--cert", own.certPath, "--key", own.keyPath];
			// It looks at the certificate, and at no token.
			expect(await ask(secure, certified)).toMatchObject({ code: 9, cause: "takes-any-token" });
			expect(await ask(secure, [...certified, "--no-control"])).toMatchObject({ code: 0 });
			expect(await ask(url)).toMatchObject({ code: 6, cause: "plain-to-tls-port" });
		},
	);
});
