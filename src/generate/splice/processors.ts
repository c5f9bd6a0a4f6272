/** Types that let only some records pass, under all their names: of two pipelines they are in the poorer one. */
const THINNING: readonly string[] = [
	"filter",
	"probabilistic_sampler",
	"tail_sampling",
	"cardinality_guardian",
	"routing",
];

/** Whether a processor, by its id (`filter/only-errors`) or type, drops records. */
export function thins(id: string): boolean {
	return THINNING.includes(typeOf(id));
}

/** The type in an id: `filter` of `filter/only-errors`. */
export function typeOf(id: string): string {
	return id.split("/", 1)[0] ?? id;
}
