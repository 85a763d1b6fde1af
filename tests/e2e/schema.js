/* schema.js - as much of JSON Schema as docs/openapi.json uses. */

const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);

const fitsType = (types, value) => [types].flat().some((type) => type === typeOf(value) || (type === 'number' && typeof value === 'number'));

/* What is wrong, as one line; null when the value fits. */
export function misfit(schema, value, document, place = '$') {
    if (schema.$ref) return misfit(schema.$ref.slice(2).split('/').reduce((at, key) => at[key], document), value, document, place);
    if (schema.type && !fitsType(schema.type, value)) return `${place} is ${typeOf(value)} and not ${schema.type}`;
    if (schema.enum && !schema.enum.includes(value)) return `${place} is ${value} and none of ${schema.enum}`;
    if ('const' in schema && schema.const !== value) return `${place} is ${value} and not ${schema.const}`;
    if (schema.pattern && !new RegExp(schema.pattern).test(value)) return `${place} does not match ${schema.pattern}`;
    if (Array.isArray(value))
        return value.map((item, i) => schema.items && misfit(schema.items, item, document, `${place}[${i}]`)).find((wrong) => wrong) ?? null;
    if (typeOf(value) !== 'object') return null;
    for (const key of schema.required ?? []) if (!(key in value)) return `${place}.${key} is missing`;
    for (const [key, inner] of Object.entries(value)) {
        const known = schema.properties?.[key];
        if (!known && schema.additionalProperties === false) return `${place}.${key} is not in the document`;
        const wrong = known && misfit(known, inner, document, `${place}.${key}`);
        if (wrong) return wrong;
    }
    return null;
}
