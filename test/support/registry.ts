import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

/** Debian's registry and skopeo are there. */
export const hasRegistry = existsSync('/usr/bin/docker-registry') && existsSync('/usr/bin/skopeo')

/** Of `user` with the password `secret`. */
const htpasswd = 'user:$2y$04$CakxOtuU5yEwP7qjjJ.QX.NpGKsmrlhjQxzmHmLZKyMbzuwWs4GtO'

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string
  readonly port: number
}

export interface TestRegistryOptions {
  readonly isProtected?: boolean
  readonly tls?: Certificate
  /** Who gives tokens out, and the certificate that signs them. */
  readonly token?: Certificate & { readonly realm: string; readonly issuer: string; readonly service: string }
}

/** Debian's registry on loopback, its storage in `folder`. */
export async function startRegistry(
  folder: string,
  { isProtected = false, tls, token }: TestRegistryOptions = {},
): Promise<TestRegistry> {
  const port = await freePort()
  const storage = join(folder, `registry-${port}`)
  const passwords = join(folder, 'htpasswd')
  writeFileSync(passwords, htpasswd)
  const tokens = token && `realm: "${token.realm}", issuer: ${token.issuer}, service: ${token.service}`
  const auth = tokens
    ? `auth: {token: {${tokens}, rootcertbundle: ${token.certificate}}}\n`
    : isProtected
      ? `auth: {htpasswd: {realm: test, path: ${passwords}}}\n`
      : ''
  const secure = tls === undefined ? '' : `, tls: {certificate: ${tls.certificate}, key: ${tls.key}}`
  const config = join(folder, `registry-${port}.yml`)
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${storage}}}\nhttp: {addr: "127.0.0.1:${port}"${secure}}\n${auth}`,
  )
  const child = spawn('/usr/bin/docker-registry', ['serve', config], { stdio: 'ignore' })
  const host = `127.0.0.1:${port}`
  // Over TLS it answers plain requests with 400.
  await eventually('the registry answers', async () => (await fetch(`http://${host}/v2/`)).status > 0)
  return {
    host,
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** A certificate for `name` that is its own authority; paths of two files in `folder`. */
export function makeCertificate(folder: string, name: string): Certificate {
  mkdirSync(folder, { recursive: true })
  const certificate = join(folder, `${name}.crt`)
  const key = join(folder, `${name}.key`)
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:${name} -keyout ${key} -out ${certificate}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  )
  return { certificate, key }
}

export const skopeo = (...args: string[]): string =>
  execFileSync('/usr/bin/skopeo', ['--insecure-policy', ...args], { encoding: 'utf8' })
