import { BerthError } from '../../schemas/errors.ts'

/** A reference to an image in a registry, normalised: every part that the user may leave out is filled in, but tag and digest. */
export interface Reference {
  /** `docker.io`, `registry.example:5000`. */
  readonly domain: string
  /** `library/busybox`. */
  readonly path: string
  readonly tag?: string
  readonly digest?: string
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const hostComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const host = `(?:${hostComponent}(?:\\.${hostComponent})*|\\[[a-fA-F0-9:]+\\])`
const pathPattern = new RegExp(`^${component}(?:/${component})*$`)
const domainPattern = new RegExp(`^${host}(?::[0-9]+)?$`)
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/
const idPattern = /^[0-9a-f]{64}$/

const defaultDomain = 'docker.io'
const officialPrefix = 'library/'
const maxNameLength = 255

/**
 * Parses what a user writes as an image: `busybox`, `redis:7`, `registry.example:5000/team/app@sha256:…`.
 * Grammar and normalisation as github.com/distribution/reference v0.6; throws INVALID_ARGUMENT with dockerd's words.
 */
export function parseReference(text: string): Reference {
  if (idPattern.test(text)) {
    throw invalid(`cannot specify 64-byte hexadecimal strings as a repository name: ${text}`)
  }
  const { name, tag, digest } = splitSuffixes(text)
  const { domain, path } = splitDomain(name)
  if (path !== path.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${path}) must be lowercase`)
  }
  const isValid =
    pathPattern.test(path) &&
    domainPattern.test(domain) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || digestPattern.test(digest))
  if (!isValid) throw invalid('invalid reference format')
  if (domain.length + path.length + 1 > maxNameLength) {
    throw invalid(`repository name must not be more than ${maxNameLength} characters`)
  }
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** The reference with `latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference
}

/** `docker.io/library/busybox:latest`: unambiguous, and the key of the store. */
export function fullName(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffixes(reference)}`
}

/** `busybox:latest`: what dockerd shows. */
export function familiarName(reference: Reference): string {
  return `${familiarRepository(reference)}${suffixes(reference)}`
}

/** `busybox`. */
export function familiarRepository(reference: Reference): string {
  if (reference.domain !== defaultDomain) return `${reference.domain}/${reference.path}`
  return reference.path.startsWith(officialPrefix) && !reference.path.slice(officialPrefix.length).includes('/')
    ? reference.path.slice(officialPrefix.length)
    : reference.path
}

function suffixes({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

function splitSuffixes(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const rest = at < 0 ? text : text.slice(0, at)
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1)
  return colon < 0
    ? { name: rest, tag: undefined, digest }
    : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest }
}

/** The first component is a registry when it looks like a host: a dot, a port, `localhost`, or an upper-case letter. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const domain = !isHost || first === 'index.docker.io' ? defaultDomain : first
  const path = isHost ? name.slice(slash + 1) : name
  return { domain, path: domain === defaultDomain && !path.includes('/') ? officialPrefix + path : path }
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message)
}
