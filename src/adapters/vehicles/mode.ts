/** How the script gets the token: passed when it runs, or written into a copy of it. */
export type Mode = "param" | "embedded";

/** What a rendered file does by default. */
export type Action = "install" | "report" | "uninstall";
