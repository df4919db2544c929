import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { sha256 } from './image-archive.ts'
import { type LoopbackServer, startLoopback } from './loopback-server.ts'
import { tar } from './tar-writer.ts'

export const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const

export interface Described {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly [more: string]: unknown
}

export interface ScriptedLayer {
  readonly content: Buffer
  readonly diffId: string
  /** Members of its descriptor. */
  readonly more?: object
}

export interface ScriptedImage {
  /** `linux/arm/v7`; this is what the configuration says. Default: linux/amd64. */
  readonly platform?: string
  readonly layers?: readonly ScriptedLayer[]
  readonly config?: object
  readonly configType?: string
  /** Members of the manifest. */
  readonly more?: object
}

/** A registry whose contents and answers a test makes itself, wrong ones too: what a real one would not take or not do. */
export class ScriptedRegistry implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>()
  readonly tags = new Map<string, { readonly type: string; readonly content: Buffer }>()
  /** Every request, as `GET /v2/…`. */
  readonly asked: string[] = []
  /** Answers a request in the registry's place when it answers true. */
  intercept: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean | Promise<boolean> = () => false
  #server: LoopbackServer | undefined

  static async start(): Promise<ScriptedRegistry> {
    const registry = new ScriptedRegistry()
    registry.#server = await startLoopback((request, response) => registry.#answer(request, response))
    return registry
  }

  get host(): string {
    return this.#server?.host ?? ''
  }

  get port(): number {
    return this.#server?.port ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
  }

  blob(content: Buffer, mediaType: string, more: object = {}): Described {
    const digest = `sha256:${sha256(content)}`
    this.blobs.set(digest, content)
    return { mediaType, digest, size: content.length, ...more }
  }

  document(value: object, mediaType: string, tag?: string): Described {
    const content = Buffer.from(JSON.stringify(value))
    if (tag !== undefined) this.tags.set(tag, { type: mediaType, content })
    return this.blob(content, mediaType)
  }

  /** An image whose command is its tag, so that it can be told from others. */
  image(tag: string, options: ScriptedImage = {}): Described {
    const [os = '', architecture = '', variant] = (options.platform ?? 'linux/amd64').split('/')
    const layers = options.layers ?? [gzipped(tar({ name: 'file', content: tag }))]
    const config = options.config ?? {
      ...{ os, architecture, ...(variant === undefined ? {} : { variant }) },
      config: { Cmd: [tag] },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: this.document(config, options.configType ?? types.config),
      layers: layers.map(({ content, more }) => this.blob(content, `${types.layer}+gzip`, more)),
      ...options.more,
    }
    return this.document(manifest, types.manifest, tag)
  }

  index(tag: string, ...manifests: readonly object[]): Described {
    return this.document({ schemaVersion: 2, mediaType: types.index, manifests }, types.index, tag)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    this.asked.push(`${request.method} ${url.pathname}`)
    if (await this.intercept(request, response, url)) return
    const [, kind, name = ''] = /\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? []
    const tagged = kind === 'manifests' ? this.tags.get(name) : undefined
    const content = tagged?.content ?? this.blobs.get(name)
    if (url.pathname === '/v2/') {
      response.end('{}')
    } else if (content === undefined) {
      const code = kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN'
      response.writeHead(404).end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] }))
    } else {
      const own = kind === 'manifests' ? String(JSON.parse(content.toString('utf8')).mediaType) : undefined
      response.writeHead(200, {
        'content-type': tagged?.type ?? own ?? 'application/octet-stream',
        'content-length': content.length,
        ...(kind === 'manifests' ? { 'docker-content-digest': `sha256:${sha256(content)}` } : {}),
      })
      response.end(request.method === 'HEAD' ? undefined : content)
    }
  }
}

/** A layer as most registries have it. */
export function gzipped(content: Buffer): ScriptedLayer {
  return { content: gzipSync(content), diffId: `sha256:${sha256(content)}` }
}
