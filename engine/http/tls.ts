import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import { BerthError } from '../../schemas/errors.ts'

/** PEM files: the authority that clients' certificates must come from, and the server's own certificate and key. */
export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface TlsSettings {
  readonly server: ServerOptions
  /** Names of the server's certificate, in lower case. */
  readonly names: ReadonlySet<string>
}

/** Mutual TLS, 1.2 or newer: whoever cannot show a certificate of the authority does not get to send a request. Throws USAGE naming the file. */
export function readTls(files: TlsFiles): TlsSettings {
  const ca = read('--tlscacert', files.ca)
  const cert = read('--tlscert', files.cert)
  const key = read('--tlskey', files.key)
  return {
    server: { ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    names: namesOf(cert, files.cert),
  }
}

function read(flag: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new BerthError('USAGE', `${flag}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function namesOf(cert: Buffer, path: string): ReadonlySet<string> {
  try {
    const { subject, subjectAltName = '' } = new X509Certificate(cert)
    const common = [...subject.matchAll(/^CN=(.+)$/gm)].map(match => match[1] ?? '')
    const alternative = [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(match => match[1] ?? '')
    return new Set(['localhost', ...common, ...alternative].map(name => name.toLowerCase()))
  } catch (cause) {
    throw new BerthError('USAGE', `--tlscert: ${path} is no certificate`, { cause })
  }
}
