/**
 * JSON with whole numbers beyond 2^53 as decimal strings. Replaces bigints before JSON sees them, because programs
 * that teach bigint a `toJSON` of their own would be asked first.
 *
 * @param indent Spaces a level; one line if left out.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(withoutBigints(value), null, indent);
}

function withoutBigints(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBigints(item)]));
}
