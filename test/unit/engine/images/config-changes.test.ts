import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyConfigChanges } from '../../../../engine/images/config-changes.ts'

test('each instruction changes its member', () => {
  const changes = ['cmd ["a","b"]', 'ENTRYPOINT sleep 1', 'ENV A=b C="d e"', 'ENV OLD the rest', 'EXPOSE 80 90/udp']
    .concat(['LABEL x=y "quoted key=z"', 'VOLUME /a /b', 'VOLUME ["/c d"]', 'USER me', 'WORKDIR /w', 'WORKDIR x'])
    .concat(['STOPSIGNAL SIGINT', 'ONBUILD RUN x', 'HEALTHCHECK --interval=5s --retries=2 CMD true'])
  assert.deepEqual(applyConfigChanges({ Env: ['A=old', 'KEPT=1'] }, changes), {
    Cmd: ['a', 'b'],
    Entrypoint: ['/bin/sh', '-c', 'sleep 1'],
    Env: ['A=b', 'KEPT=1', 'C=d e', 'OLD=the rest'],
    ExposedPorts: { '80/tcp': {}, '90/udp': {} },
    Labels: { x: 'y', 'quoted key': 'z' },
    Volumes: { '/a': {}, '/b': {}, '/c d': {} },
    User: 'me',
    WorkingDir: '/w/x',
    StopSignal: 'SIGINT',
    OnBuild: ['RUN x'],
    Healthcheck: { Interval: 5e9, Retries: 2, Test: ['CMD-SHELL', 'true'] },
  })
})

test('anything else is refused with dockerd’s words', () => {
  assert.throws(() => applyConfigChanges({}, ['RUN x']), /^BerthError: RUN is not a valid change command$/)
  assert.throws(() => applyConfigChanges({}, ['ENV A=b C']), /can't find = in "C"/)
  assert.throws(() => applyConfigChanges({}, ['HEALTHCHECK FOO']), /Unknown type "FOO" in HEALTHCHECK/)
})
