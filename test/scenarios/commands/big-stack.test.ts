import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'

const megabyte = 1024

const stackFile = (): string => {
  const services = Array.from({ length: 1000 }, (_, index) =>
    [
      `  s${index}:`,
      '    image: rootfs:/',
      '    command: [sleep, infinity]',
      '    environment:',
      '      ONE: "1"',
      `      TWO: value ${index}`,
      '    labels: {team: shop}',
      `    ports: ["127.0.0.1:${20_000 + index}:80"]`,
      `    depends_on: [${index === 0 ? '' : `s${index - 1}`}]`,
      '    restart: unless-stopped',
    ].join('\n'),
  )
  return `services:\n${services.join('\n')}\n`
}

test('ten thousand lines with a thousand services are planned within 300 MB', async context => {
  await using daemon = await TestDaemon.start()
  await using cli = await BerthCli.open(daemon, {
    'stack.yaml': stackFile(),
    // Told by the process itself when it ends: the peak, whatever the garbage collector did later.
    'peak.cjs': `process.on('exit', () => require('node:fs').writeFileSync('peak', String(process.resourceUsage().maxRSS)))`,
  })
  const env = { NODE_OPTIONS: `--require ${join(cli.folder, 'peak.cjs')}`, BERTH_STANDBY: '0' }
  const started = performance.now()
  const { code, stdout, stderr } = await cli.run(['plan'], { env })
  const took = performance.now() - started
  assert.equal(code, 0, stderr)
  assert.match(stdout, /1001 to create/)
  const peak = Number(await cli.read('peak')) / megabyte
  context.diagnostic(`${Math.round(took)} ms, ${Math.round(peak)} MiB at most`)
  assert.ok(peak < 300, `${peak} MiB`)
})
