import type { RequestContext } from './context.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'

/** What a handler answers; undefined when it has written the response itself (stream, hijack). */
export interface Reply {
  readonly status: number
  /** JSON-encoded when an object, sent as text when a string. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Handler = (context: RequestContext) => Promise<Reply | undefined> | Reply | undefined

export interface Route {
  readonly method: Method
  /** `/networks/{id}/connect`; `{name...}` takes slashes too (`/images/{name...}/json`). Without the version prefix. */
  readonly path: string
  readonly handle: Handler
}

export const get = (path: string, handle: Handler): Route => ({ method: 'GET', path, handle })
export const head = (path: string, handle: Handler): Route => ({ method: 'HEAD', path, handle })
export const post = (path: string, handle: Handler): Route => ({ method: 'POST', path, handle })
export const put = (path: string, handle: Handler): Route => ({ method: 'PUT', path, handle })
export const del = (path: string, handle: Handler): Route => ({ method: 'DELETE', path, handle })

/** 200 with a JSON body. */
export const ok = (body: unknown): Reply => ({ status: 200, body })
/** 201 with a JSON body. */
export const created = (body: unknown): Reply => ({ status: 201, body })
export const noContent: Reply = { status: 204 }
export const notModified: Reply = { status: 304 }
