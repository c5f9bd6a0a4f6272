import { xml } from "../base/quote.ts";
import { version } from "../base/version.ts";

export interface WindowsTask {
	readonly name: string;
	/** The account that runs it, with its domain; undefined if who registers it. */
	readonly user: string | undefined;
	/** The folder it runs in. */
	readonly folder: string;
	/** Minutes between two runs. */
	readonly minutes: number;
	/** Programs with their arguments, run one after the other; no word may have a quote or a percent sign. */
	readonly commands: readonly (readonly string[])[];
}

/**
 * A task of the Task Scheduler, in XML: it runs while nobody is signed in, once at a time. In ASCII without a declaration, which every reader
 * of XML takes. https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
 */
export function windowsTask({ name, user, folder, minutes, commands }: WindowsTask): string {
	const actions = commands.flatMap(([program = "", ...words]) => [
		"    <Exec>",
		`      <Command>${text(program)}</Command>`,
		`      <Arguments>${text([...words, "--quiet"].map(word).join(" "))}</Arguments>`,
		`      <WorkingDirectory>${text(folder)}</WorkingDirectory>`,
		"    </Exec>",
	]);
	const lines = [
		`<!-- Made by crossfade ${version}. As an administrator, in PowerShell, with the path of this file for FILE:`,
		"     $task = Get-Item FILE; Register-ScheduledTask -TaskName $task.BaseName -Xml (Get-Content -Raw $task)",
		"     Last results that are no failure: 0; 15, it waits; 16, a person is needed. -->",
		'<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
		"  <RegistrationInfo>",
		`    <Description>${name}: goes on with a rotation of crossfade</Description>`,
		"  </RegistrationInfo>",
		"  <Triggers>",
		"    <TimeTrigger>",
		`      <Repetition><Interval>PT${minutes}M</Interval><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>`,
		"      <StartBoundary>2026-01-01T00:00:00Z</StartBoundary>",
		"      <Enabled>true</Enabled>",
		"    </TimeTrigger>",
		"  </Triggers>",
		"  <Principals>",
		'    <Principal id="Author">',
		...(user === undefined ? [] : [`      <UserId>${text(user)}</UserId>`]),
		"      <LogonType>S4U</LogonType>",
		"      <RunLevel>LeastPrivilege</RunLevel>",
		"    </Principal>",
		"  </Principals>",
		"  <Settings>",
		"    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
		"    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
		"    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
		"    <StartWhenAvailable>true</StartWhenAvailable>",
		"    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>",
		"  </Settings>",
		'  <Actions Context="Author">',
		...actions,
		"  </Actions>",
		"</Task>",
		"",
	];
	return lines.join("\n");
}

function word(argument: string): string {
	return /^[\w.:\\/-]+$/.test(argument) ? argument : `"${argument}"`;
}

function text(content: string): string {
	return xml(content).replace(/[^\0-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`);
}
