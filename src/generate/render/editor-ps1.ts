import head from "../../../templates/ps1/editor/00-head.ps1";
import entry from "../../../templates/ps1/editor/90-entry.ps1";

/** The editor of JSON and TOML files in PowerShell: functions alone, in the order of their files' names. */
export const powerShellEditor = [head, entry].join("\n");
