import { text } from './attributes.ts'
import type { ImageSource } from './project.ts'

const transport = /^(rootfs|docker-archive|oci-archive|oci):(.+)$/s

/** `rootfs:/`, `docker-archive:path`, `oci-archive:path`, `oci:path` (paths are absolute by now); everything else is a reference. */
export function imageSource(value: unknown): ImageSource | undefined {
  const image = text(value)
  if (image === undefined) return undefined
  const [, kind, path = ''] = transport.exec(image) ?? []
  switch (kind) {
    case 'rootfs':
      return { kind, text: image, path }
    case 'docker-archive':
    case 'oci-archive':
    case 'oci':
      return { kind: 'archive', text: image, transport: kind, path }
    default:
      return { kind: 'reference', text: image }
  }
}
