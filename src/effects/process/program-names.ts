/**
 * The names a program can have in a folder. On Windows those that can be started without a shell: a script of cmd.exe needs one, which reads
 * arguments in its own way.
 */
export function programNames(name: string, isWindows: boolean): readonly string[] {
	if (!isWindows || /\.(?:exe|com)$/i.test(name)) return [name];
	return [`${name}.exe`, `${name}.com`];
}
