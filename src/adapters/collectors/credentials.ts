/**
 * Settings of exporters and extensions that hold a credential although their names do not say so, by component type. A URL here has the
 * credential in it. Whatever is called token, key, secret or password is known by its name. The list is not complete, and none was tried:
 * those of Azure Monitor and Azure Data Explorer are in the config.go of the exporters, of the others nobody looked.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter
 */
export const credentialSettings: Readonly<Record<string, readonly string[]>> = {
	azureblob: ["connection_string"],
	azuredataexplorer: ["application_key"],
	azuremonitor: ["connection_string", "instrumentation_key"],
	azure_monitor: ["connection_string", "instrumentation_key"],
	sentry: ["dsn"],
	sumologic: ["endpoint"],
};
