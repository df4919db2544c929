import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mirrorIn } from '../../../../cli/session/apt-mirror.ts'

test('the mirror of Debian’s packages is found in both formats of apt’s sources', () => {
  const uri = 'https://mirror.example/debian'
  assert.equal(mirrorIn(`# deb http://old/debian x main\ndeb ${uri}/ bookworm main\n`), uri)
  assert.equal(mirrorIn(`deb [signed-by=/x.gpg arch=amd64] ${uri} bookworm main\n`), uri)
  assert.equal(mirrorIn(`Types: deb\nURIs: ${uri}/\nSuites: bookworm\n`), uri)
  assert.equal(mirrorIn('deb http://mirror.example/debian-security bookworm-security main\n'), undefined)
  assert.equal(mirrorIn('deb cdrom:[x]/ bookworm main\ndeb file:/srv/debian bookworm main\n'), undefined)
})
