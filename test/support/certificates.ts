import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes an authority in `folder` (ca.pem, ca-key.pem). */
export function makeAuthority(folder: string): void {
  openssl(
    folder,
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca -keyout ca-key.pem -out ca.pem',
  )
}

/** A key and a certificate of the authority: `<name>-key.pem`, `<name>.pem`. */
export function makeCertificate(folder: string, name: string, alternativeNames: string): void {
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alternativeNames}\n`)
  openssl(
    folder,
    `req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -keyout ${name}-key.pem -out ${name}.csr`,
  )
  openssl(
    folder,
    `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile ${name}.ext -out ${name}.pem`,
  )
}

function openssl(folder: string, command: string): void {
  execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'pipe' })
}
