/** How the token gets to the script: handed over when it runs, or written into a copy of it. */
export type Mode = "param" | "embedded";

/** What a rendered file does when nothing else is asked for. */
export type Action = "install" | "report" | "uninstall";
