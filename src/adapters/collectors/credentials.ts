/**
 * Settings of components that hold a credential although their names do not say so, by component type. A URL here has the credential in it.
 * Whatever is called token, key, secret, password, credentials or key_pem is known by its name. Each row is from the file at its URL;
 * none was tried with the service itself. The list is not complete: of the receivers only those that share a row with an exporter were
 * looked at, and of vendors' own builds none. Base: https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main
 */
export const credentialSettings: Readonly<Record<string, readonly string[]>> = {
	// exporter/azureblobexporter/config.go
	azureblob: ["connection_string"],
	azure_blob: ["connection_string"],
	// exporter/azuredataexplorerexporter/config.go
	azuredataexplorer: ["application_key"],
	// exporter/azureeventhubexporter/config.go: a connection string with its key
	azureeventhub: ["connection"],
	azure_event_hub: ["connection"],
	// exporter/azuremonitorexporter/README.md
	azuremonitor: ["connection_string", "instrumentation_key"],
	azure_monitor: ["connection_string", "instrumentation_key"],
	// extension/basicauthextension/config.go: what an htpasswd file has
	basicauth: ["inline"],
	// extension/storage/dbstorage/config.go: the driver's address of the database, with its password
	db_storage: ["datasource"],
	// exporter/sentryexporter/config.go
	sentry: ["dsn"],
	// extension/solarwindsapmsettingsextension/config.go
	solarwindsapmsettings: ["key"],
	// exporter/sumologicexporter/README.md: an HTTP source's address, which is its secret
	sumologic: ["endpoint"],
};
