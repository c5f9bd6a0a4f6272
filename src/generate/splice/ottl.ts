import { ownEntry } from "../../base/lookup.ts";
import type { Effect } from "./effect.ts";
import { identitiesLike, isIdentity } from "./identity.ts";

/** `name(first argument, rest) where condition`. https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl */
const CALL = /^\s*([a-z_]+)\(\s*([^,()]*?)\s*(?:,\s*([\s\S]*))?$/;
const WHERE = /\)\s+where\s+/;
const KEY = /attributes\["([^"]+)"\]$/;
/** All attributes of a record, of its resource or of its scope. */
const ALL = /(^|\.)attributes$|^(resource|scope|instrumentation_scope)$/;
const WORDS = /"((?:[^"\\]|\\.)*)"/g;

type StatementReader = (target: string, rest: string, where: string) => Effect[];

const of = (how: string, keys: readonly string[]): Effect[] => {
	const lost = keys.filter(isIdentity);
	return lost.length > 0 ? [{ kind: "identity", how, keys: lost }] : [];
};
const keyIn = (target: string) => KEY.exec(target)?.[1];
const wordsIn = (text: string) => [...text.matchAll(WORDS)].map(([, word = ""]) => word);

/** What changes one value: harmless unless that is an attribute that tells the sender. */
const changes =
	(how: string): StatementReader =>
	(target) => {
		const key = keyIn(target);
		if (key !== undefined) return of(how, [key]);
		return ALL.test(target) ? [{ kind: "masks" }] : [];
	};
const masks: StatementReader = (target) => (ALL.test(target) || KEY.test(target) ? [{ kind: "masks" }] : []);
const merges: StatementReader = () => [{ kind: "merges" }];
const nothing: StatementReader = () => [];

/** By function. https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/pkg/ottl/ottlfuncs/README.md, …/processor/transformprocessor/README.md */
const FUNCTIONS: Readonly<Record<string, StatementReader>> = {
	set: (target, rest, where) => {
		const key = keyIn(target);
		// It fills in what the sender has not.
		if (
			key !== undefined &&
			new RegExp(`attributes\\["${key.replace(/[.*+?^$()[\]{}|\\]/g, "\\$&")}"\\]\\s*==\\s*nil`).test(where)
		)
			return [];
		return changes("overwrites")(target, rest, where);
	},
	delete_key: (target, rest) => (ALL.test(target) ? of("deletes", wordsIn(rest)) : []),
	delete_keys: (target, rest) => (ALL.test(target) ? of("deletes", wordsIn(rest)) : []),
	delete_matching_keys: (target, rest) =>
		ALL.test(target) ? of("deletes", wordsIn(rest).flatMap(identitiesLike)) : [],
	keep_keys: (target, rest) => (ALL.test(target) ? [{ kind: "keeps", keys: wordsIn(rest) }] : []),
	keep_matching_keys: masks,
	limit: masks,
	truncate_all: masks,
	replace_all_patterns: masks,
	replace_all_matches: masks,
	flatten: masks,
	merge_maps: masks,
	append: changes("overwrites"),
	replace_pattern: changes("overwrites"),
	replace_match: changes("overwrites"),
	aggregate_on_attributes: merges,
	aggregate_on_attribute_value: merges,
	...Object.fromEntries(
		[
			...["convert_sum_to_gauge", "convert_gauge_to_sum", "convert_summary_sum_val_to_sum", "scale_metric"],
			...["convert_summary_count_val_to_sum", "convert_exponential_histogram_to_histogram"],
			...["convert_summary_quantile_val_to_gauge", "extract_count_metric", "extract_sum_metric", "copy_metric"],
		].map((name) => [name, nothing]),
	),
};

/** What a statement of `transform` does to who sent a record, and to how many there are; one that cannot be read says so. */
export function statementEffects(statement: string): Effect[] {
	const [call = "", where = ""] = statement.replace(WHERE.test(statement) ? "" : /\)\s*$/, "").split(WHERE, 2);
	const [, name = "", target = "", rest = ""] = CALL.exec(call) ?? [];
	const read = ownEntry(FUNCTIONS, name);
	return read ? read(target, rest, where) : [{ kind: "unread" }];
}
