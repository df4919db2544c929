/** `host:5000/shop/web:2` -> the name and what stands behind its last colon; a digest stays with `tag` as the API wants it. */
export function splitImageName(reference: string): { readonly name: string; readonly tag: string | undefined } {
  const at = reference.indexOf('@')
  if (at !== -1) return { name: reference.slice(0, at), tag: reference.slice(at + 1) }
  const colon = reference.lastIndexOf(':')
  return colon > reference.lastIndexOf('/')
    ? { name: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { name: reference, tag: undefined }
}
