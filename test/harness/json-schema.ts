interface Schema {
	readonly $ref?: string;
	readonly type?: string;
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: boolean | Schema;
	readonly items?: Schema;
	readonly $defs?: Readonly<Record<string, Schema>>;
}

const KNOWN = new Set(
	"$schema $defs $ref title description type const enum minimum maximum properties required additionalProperties items".split(
		" ",
	),
);

/** Where data breaks a JSON Schema: an empty list is valid. Throws on a keyword that it does not know, so that no rule is passed over. */
export function schemaErrors(schema: Schema, data: unknown, root = schema, path = "$"): string[] {
	for (const keyword of Object.keys(schema)) if (!KNOWN.has(keyword)) throw new Error(`unknown keyword ${keyword}`);
	if (schema.$ref !== undefined) {
		const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
		if (!target) throw new Error(`${schema.$ref} leads nowhere`);
		return schemaErrors(target, data, root, path);
	}
	const errors: string[] = [];
	const wrong = (is: boolean | undefined, what: string) => {
		if (is) errors.push(`${path}: ${what}`);
	};
	wrong(schema.const !== undefined && schema.const !== data, `is not ${JSON.stringify(schema.const)}`);
	wrong(schema.enum && !schema.enum.includes(data), "is none of the values");
	wrong(schema.type !== undefined && !hasType(schema.type, data), `is no ${schema.type}`);
	wrong(schema.minimum !== undefined && Number(data) < schema.minimum, `is below ${schema.minimum}`);
	wrong(schema.maximum !== undefined && Number(data) > schema.maximum, `is above ${schema.maximum}`);
	const { items } = schema;
	if (items && Array.isArray(data))
		errors.push(...data.flatMap((each, index) => schemaErrors(items, each, root, `${path}[${index}]`)));
	if (typeof data !== "object" || data === null || Array.isArray(data)) return errors;
	for (const key of schema.required ?? []) wrong(!Object.hasOwn(data, key), `lacks ${key}`);
	for (const [key, value] of Object.entries(data)) {
		const inner = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
		const other = schema.additionalProperties;
		if (inner) errors.push(...schemaErrors(inner, value, root, `${path}.${key}`));
		else if (typeof other === "object") errors.push(...schemaErrors(other, value, root, `${path}.${key}`));
		else wrong(other === false, `has the unknown property ${key}`);
	}
	return errors;
}

function hasType(type: string, data: unknown): boolean {
	if (type === "array") return Array.isArray(data);
	if (type === "integer") return Number.isInteger(data);
	if (type === "object") return typeof data === "object" && data !== null && !Array.isArray(data);
	return typeof data === type;
}
