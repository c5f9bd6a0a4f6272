module otel-crossfade.test/corpus

go 1.25.0
