import {
	chmodSync,
	chownSync,
	lchownSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { scratch } from "./cli.ts";
import { actions, endpointScript, releases, write } from "./endpoint.ts";
import { program } from "./parts.ts";
import { runScript, type ScriptOptions, type ScriptRun } from "./shells.ts";

/** An account of a made-up machine. */
export interface Account {
	readonly name: string;
	readonly uid: number;
	readonly shell?: string;
	/** Where its home is said to be; /home/NAME if not given. */
	readonly home?: string;
}

/** A machine with several accounts, in a mount namespace of its own: /home, the list of accounts and /run are its own, and the host sees none of it. */
export interface Homes {
	/** A path on the host for one that the machine sees below /home. */
	path(place: string): string;
	/** Writes a file as an account's, with the folders above it. */
	write(account: Account, place: string, content: string, mode?: number): string;
	/** Gives what is at a path, and all below it, to an account. */
	give(account: Account, path: string): void;
	/** Runs the script as root, or with `as` as one of the accounts; `meanwhile` is a command that runs beside it as another. */
	run(args: string, options?: HomesRun): Promise<ScriptRun>;
	/** What in the homes does not belong to the account whose home it is in. */
	strangers(): string[];
}

export interface HomesRun extends Partial<ScriptOptions> {
	readonly token?: string;
	readonly as?: Account;
	readonly meanwhile?: { readonly account: Account; readonly command: string };
	/** Commands that root runs before, in the namespace, where /etc is a copy. */
	readonly before?: string;
	/** In a terminal, as somebody at the machine would. */
	readonly inTerminal?: boolean;
}

/** Programs of util-linux that not every Linux has. */
export const scriptProgram = program("script");

export function homes(
	accounts: readonly Account[],
	content = endpointScript("generic", { hooks: false, actions }),
): Homes {
	const root = scratch();
	const path = (place: string) => join(root, "home", place);
	const script = write(root, "script.sh", content, 0o755);
	mkdirSync(join(root, "home"));
	const passwd = accounts.map(
		({ name, uid, home = `/home/${name}`, shell = "/bin/sh" }) => `${name}:x:${uid}:${uid}::${home}:${shell}`,
	);
	write(root, "passwd", ["root:x:0:0:root:/root:/bin/sh", ...passwd, ""].join("\n"));
	write(root, "group", ["root:x:0:", ...accounts.map(({ name, uid }) => `${name}:x:${uid}:`), ""].join("\n"));
	const give = ({ uid }: Account, place: string) => {
		for (const each of below(place)) lchownSync(each, uid, uid);
	};
	for (const account of accounts) {
		if (account.home) continue;
		furnish(path(account.name));
		give(account, path(account.name));
	}
	const own = [
		'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group',
		'mount --bind "$0/home" /home && mount -t tmpfs tmpfs /run && cp "$0/script.sh" /run/script.sh',
		"mkdir /run/etc && cp -a /etc/. /run/etc && mount --bind /run/etc /etc",
	].join(" && ");
	return {
		path,
		give,
		write(account, place, text, mode = 0o644) {
			const full = path(`${account.name}/${place}`);
			const made = !lstatSync(dirname(full), { throwIfNoEntry: false });
			mkdirSync(dirname(full), { recursive: true });
			if (made) chownSync(dirname(full), account.uid, account.uid);
			writeFileSync(full, text);
			chmodSync(full, mode);
			chownSync(full, account.uid, account.uid);
			return full;
		},
		run(args, { token, as, meanwhile, before = ":", inTerminal = false, ...rest } = {}) {
			const beside = meanwhile
				? `runuser -u ${meanwhile.account.name} -- sh -c ${JSON.stringify(meanwhile.command)} </dev/null >/dev/null 2>&1 & other=$!;`
				: "other=;";
			const inside = inTerminal ? `script -qec 'sh /run/script.sh ${args}' /dev/null` : 'sh /run/script.sh "$@"';
			const start = as ? `HOME=/home/${as.name} runuser -u ${as.name} -- ${inside}` : inside;
			const end = 'code=$?; [ -z "$other" ] || kill "$other"; wait; exit "$code"';
			const shell = {
				name: "a mount namespace",
				part: program("unshare"),
				args: [
					"--mount",
					"sh",
					"-c",
					`${own} || exit 99; ${before} || exit 98; ${beside} shift; ${start}; ${end}`,
					root,
				],
			};
			return runScript(shell, script, args.split(" "), {
				canaries: [],
				stdin: token === undefined ? "" : `${token}\n`,
				env: { LANG: "C" },
				...rest,
			});
		},
		strangers() {
			return accounts.flatMap(({ name, uid, home }) => {
				if (home) return [];
				return below(path(name)).flatMap((place) => {
					const { uid: owner, gid } = lstatSync(place);
					return owner === uid && gid === uid ? [] : [`${relative(path(""), place)} belongs to ${owner}:${gid}`];
				});
			});
		},
	};
}

/** A path and all below it; links are not followed. */
function below(path: string): string[] {
	if (!lstatSync(path).isDirectory()) return [path];
	return [path, ...readdirSync(path).flatMap((name) => below(join(path, name)))];
}

/** Three CLIs, each where an installer of it leaves its release. */
function furnish(home: string): void {
	mkdirSync(join(home, ".local/bin"), { recursive: true });
	symlinkSync(join(home, ".local/share/claude/versions", releases["claude-code"]), join(home, ".local/bin/claude"));
	for (const [name, version] of [
		["@openai/codex", releases.codex],
		["@google/gemini-cli", releases.gemini],
	]) {
		write(home, `.npm-global/lib/node_modules/${name}/package.json`, `${JSON.stringify({ name, version }, null, 2)}\n`);
	}
}
