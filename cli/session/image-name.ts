/** `host:5000/shop/web:2` -> the name and what stands behind its last colon; a digest stays with `tag` as the API wants it. */
export function splitImageName(reference: string): { readonly name: string; readonly tag: string | undefined } {
  const at = reference.indexOf('@')
  if (at !== -1) return { name: reference.slice(0, at), tag: reference.slice(at + 1) }
  const colon = reference.lastIndexOf(':')
  return colon > reference.lastIndexOf('/')
    ? { name: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { name: reference, tag: undefined }
}

/** The same as the calls take it that give a name to a new image; nothing without a name. */
export function repositoryOf(reference: string | undefined): { readonly repo?: string; readonly tag?: string } {
  if (reference === undefined) return {}
  const { name, tag } = splitImageName(reference)
  return tag === undefined ? { repo: name } : { repo: name, tag }
}
