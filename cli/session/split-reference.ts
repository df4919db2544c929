/** `host:5000/app:1.2` -> repository and tag, as the Engine API takes them; undefined gives neither. */
export function splitReference(reference: string | undefined): { readonly repo?: string; readonly tag?: string } {
  if (reference === undefined) return {}
  const colon = reference.lastIndexOf(':')
  const hasTag = colon > reference.lastIndexOf('/')
  return hasTag ? { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) } : { repo: reference }
}
