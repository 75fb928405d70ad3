// What the page knows from its first moment: who looks at it, what the firm has decided, the record types and the data it came with.

const element = document.getElementById('state');
export const state = element ? JSON.parse(element.textContent) : {};

export const types = new Map();
readTypes(state.types ?? []);

function readTypes(list) {
  types.clear();
  for (const type of list) {
    type.byPath = new Map(type.fields.map((field) => [field.path, field]));
    types.set(type.name, type);
  }
}

/** Asks for the record types anew, after fields or objects were added. */
export async function refreshTypes(api) {
  const { data } = await api.get('/v1/types');
  readTypes(data);
}

/** The types that have pages of their own: what the business is about and the work on it. */
export const recordTypes = () => [...types.values()].filter((type) => type.standing !== 'furniture' && type.operations.includes('list'));

/** The data that this page came with, once: a later visit to the same address asks anew. */
export function takePage(kind, type) {
  const page = state.page;
  if (!page || page.kind !== kind || page.type !== type) return null;
  state.page = null;
  return page;
}

/** What a person calls a record. */
export function titleOf(type, record, nameless = '—') {
  if (!record) return nameless;
  const known = typeof type === 'string' ? types.get(type) : type;
  if (!known) return record.title ?? record.name ?? nameless;
  const value = (name) => (known.byPath.get(name) ? valueAt(record, name) : undefined);
  const parts = known.name_parts.map(value).filter(Boolean);
  if (parts.length) return parts.join(' ');
  for (const name of known.title) if (!known.name_parts.includes(name) && value(name)) return String(value(name));
  return nameless;
}

/** The value of a field by its path: `amount`, `custom.size`. */
export function valueAt(record, path) {
  return path.startsWith('custom.') ? record.custom?.[path.slice(7)] : record[path];
}

/** The same path in a body: `{custom: {size: 1}}`. */
export function bodyOf(path, value) {
  return path.startsWith('custom.') ? { custom: { [path.slice(7)]: value } } : { [path]: value };
}

export const mayCreate = (name) => types.get(name)?.rights.create === true;
export const mayUpdate = (name) => (types.get(name)?.rights.update ?? 'none') !== 'none';
export const mayDelete = (name) => (types.get(name)?.rights.delete ?? 'none') !== 'none';
