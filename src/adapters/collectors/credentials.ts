/**
 * Settings of exporters and extensions that hold a credential although their names do not say so, by component type; read in the READMEs
 * of v0.159.0, not tried. A URL here has the credential in it. Whatever is called token, key, secret or password is known by its name.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/exporter
 */
export const credentialSettings: Readonly<Record<string, readonly string[]>> = {
	azureblob: ["connection_string"],
	azuredataexplorer: ["application_key"],
	azuremonitor: ["connection_string", "instrumentation_key"],
	azure_monitor: ["connection_string", "instrumentation_key"],
	sentry: ["dsn"],
	sumologic: ["endpoint"],
};
