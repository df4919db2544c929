import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { demultiplex } from '../../support/daemon.ts'
import { dockerArchive } from '../../support/image-archive.ts'
import { assertNothingLeft, type KernelState, kernelState } from '../../support/leaks.ts'
import { LoopDevice } from '../../support/loop-device.ts'
import { type Attack, attacks, containers, notInThisKernel } from './attacks.ts'
import { attackLayer, buildAttack, readOutcomes } from './program.ts'

type Kind = keyof typeof containers

onEngines('no way out of a container', engine => {
  let disk: LoopDevice | undefined
  const outcomes = new Map<Kind, ReadonlyMap<string, string>>()
  let image = ''
  let state: KernelState | undefined

  before(async () => {
    disk = new LoopDevice(1 << 20)
    const real = { '@pid': `${process.pid}`, '@disk': disk.number.replace(':', ',') }
    image = `${engine().unique('attack')}:1`
    await engine().call('POST', '/images/load', dockerArchive([attackLayer(buildAttack())], [image]))
    // A first container brings up what stays for the next ones, such as the default network's bridge.
    await runAll(engine(), 'first', {}, image, [], real)
    if (engine().instance !== undefined) state = kernelState(engine().instance ?? '')
    for (const kind of Object.keys(containers) as Kind[])
      outcomes.set(kind, await runAll(engine(), kind, containers[kind], image, attacks, real))
  })
  after(async () => {
    disk?.[Symbol.dispose]()
    await engine().request('DELETE', `/images/${image}?force=1`)
  })

  for (const attack of attacks)
    test(`${attack.try}: ${attack.guard}`, t => {
      const guarded = outcomes.get(attack.in ?? 'default')?.get(attack.try)
      assert.ok(guarded !== undefined && guarded !== 'not run', 'the attack was not run')
      assert.notEqual(guarded, 'open')
      const control = outcomes.get(attack.control)?.get(attack.try) ?? ''
      if (notInThisKernel.has(control)) t.skip(`not in this kernel: ${control} with the guard off`)
      else
        assert.equal(control, 'open', `with the guard off (${attack.control}) it must succeed, or this proves nothing`)
    })

  test('nothing is left of them', async () => {
    for (const kind of Object.keys(containers))
      await engine().call('DELETE', `/containers/${engine().unique(`escape-${kind}`)}?force=1&v=1`)
    if (state !== undefined) await assertNothingLeft(engine().instance ?? '', state)
  })
})

/** All of them in one container, one after the other; the answer has them by their names in the table. */
async function runAll(
  engine: ApiEngine,
  name: string,
  hostConfig: object,
  image: string,
  tried: readonly Attack[],
  real: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const words = tried.map(it => it.try.replace(/@\w+/, hole => real[hole] ?? hole))
  const id = await engine.create(`escape-${name}`, ['/attack', ...words], { Image: image, HostConfig: hostConfig })
  const code = await engine.finish(id)
  const response = await engine.open('GET', `/containers/${id}/logs?stdout=1&stderr=1`)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const output = demultiplex(Buffer.concat(chunks))
  assert.equal(code, 0, output)
  const outcomes = readOutcomes(output)
  return new Map(tried.map((it, i) => [it.try, outcomes.get(words[i] ?? '') ?? 'not run']))
}
