import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPorts } from '../../../../cli/ui/ports.ts'

const tcp = (IP: string, PublicPort: number, PrivatePort: number) => ({
  IP,
  PublicPort,
  PrivatePort,
  Type: 'tcp' as const,
})

test('ports are listed as docker lists them, IPv4 before IPv6, exposed ones last', () => {
  const ports = [{ PrivatePort: 443, Type: 'tcp' as const }, tcp('::', 8080, 80), tcp('0.0.0.0', 8080, 80)]
  assert.equal(formatPorts(ports), '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp')
})

test('neighbouring ports of one address are drawn together', () => {
  const ports = [tcp('0.0.0.0', 8002, 82), tcp('0.0.0.0', 8000, 80), tcp('0.0.0.0', 8001, 81), tcp('0.0.0.0', 9000, 83)]
  assert.equal(formatPorts(ports), '0.0.0.0:8000-8002->80-82/tcp, 0.0.0.0:9000->83/tcp')
})

test('the same number over udp stands by itself', () => {
  const ports = [tcp('127.0.0.1', 53, 53), { IP: '127.0.0.1', PublicPort: 53, PrivatePort: 53, Type: 'udp' as const }]
  assert.equal(formatPorts(ports), '127.0.0.1:53->53/tcp, 127.0.0.1:53->53/udp')
})

test('no ports, no text', () => {
  assert.equal(formatPorts([]), '')
})
