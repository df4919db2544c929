import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { convertDockerRun } from '../../../../cli/convert/docker-run.ts'
import { runCommandLine } from '../../../support/command-line.ts'

const convert = (line: string) => convertDockerRun(line.split(' '))

test('an everyday line', () => {
  const { stack, notes } = convert(
    'docker run -d --name my-web -p 8080:80 -p127.0.0.1:9:9/udp -e A=b -e TOKEN -v data:/data -v ./site:/srv:ro --restart=unless-stopped -m 512m nginx:1.27 nginx -g daemon',
  )
  assert.deepEqual(stack, {
    services: {
      'my-web': {
        image: 'nginx:1.27',
        command: ['nginx', '-g', 'daemon'],
        container_name: 'my-web',
        ports: ['8080:80', '127.0.0.1:9:9/udp'],
        environment: ['A=b', 'TOKEN'],
        volumes: ['data:/data', './site:/srv:ro'],
        restart: 'unless-stopped',
        mem_limit: '512m',
      },
    },
    volumes: { data: { external: true, name: 'data' } },
  })
  assert.match(notes.join(), /volumes are external/)
})

test('clustered short flags, modes, networks, mounts and health checks', () => {
  const { stack, notes } = convert(
    'sudo podman container run -it --rm --network app --network-alias db --ip 10.1.2.3 --ulimit nofile=1:2 --mount type=bind,src=/a,dst=/b,readonly --health-cmd true --health-interval 5s --gpus all --stop-timeout 3 ghcr.io/me/My_App@sha256:00 sh',
  )
  assert.deepEqual(stack, {
    services: {
      My_App: {
        image: 'ghcr.io/me/My_App@sha256:00',
        command: ['sh'],
        stdin_open: true,
        tty: true,
        ulimits: { nofile: { soft: 1, hard: 2 } },
        volumes: [{ type: 'bind', source: '/a', target: '/b', read_only: true }],
        healthcheck: { test: ['CMD-SHELL', 'true'], interval: '5s' },
        gpus: 'all',
        stop_grace_period: '3s',
        networks: { app: { aliases: ['db'], ipv4_address: '10.1.2.3' } },
      },
    },
    networks: { app: { external: true, name: 'app' } },
  })
  assert.match(notes.join(), /--rm/)
  const host = convert('docker run --net host --privileged=false -- busybox').stack
  assert.deepEqual(host, { services: { busybox: { image: 'busybox', network_mode: 'host' } } })
})

test('mistakes say what was expected', () => {
  assert.throws(() => convert('docker run --nmae x y'), { message: 'docker run has no flag --nmae' })
  assert.throws(() => convert('docker run -d'), { message: 'the line names no image' })
  assert.throws(() => convert('docker run -e'), { message: 'the flag -e needs a value' })
  assert.throws(() => convert('docker build .'), { message: /expected "docker run \.\.\."/ })
})

test('what convert prints is a stack file with the same meaning; without a line it is config', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'convert-'))
  try {
    const line = `docker run -e 'PRICE=5$' --sysctl net.core.somaxconn=9 \\\n --tmpfs /run:size=1m busybox echo 'a b'`
    const made = await runCommandLine(['convert', line], { cwd })
    assert.equal(made.code, 0, made.stderr)
    writeFileSync(join(cwd, 'stack.yaml'), made.stdout)
    const config = await runCommandLine(['config', '--format', 'json'], { cwd })
    const { services } = JSON.parse(config.stdout.replaceAll('$$', '$'))
    assert.deepEqual(services.busybox.command, ['echo', 'a b'])
    assert.deepEqual(services.busybox.environment, { PRICE: '5$' })
    assert.deepEqual(services.busybox.sysctls, { 'net.core.somaxconn': '9' })
    const same = await runCommandLine(['convert', '--format', 'json'], { cwd })
    assert.equal(same.stdout, config.stdout)
  } finally {
    rmSync(cwd, { recursive: true })
  }
})
