import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { BerthError } from '../../../schemas/errors.ts'
import { importImage } from '../../client/images.ts'
import { type BaseKind, makeBaseRootfs } from '../../session/base-rootfs.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { choice } from '../../session/globals.ts'
import { splitImageName } from '../../session/image-name.ts'
import { defineCommand } from '../definition.ts'

interface CreateBaseFlags {
  readonly suite: string
  readonly mirror?: string
  readonly include?: string
  readonly kind: BaseKind
}

/** What the images start with when nothing else is said. */
const changes: Readonly<Record<BaseKind, string>> = {
  busybox: 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCMD ["sh"]',
  debian: 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCMD ["bash"]',
}

export const createBase = defineCommand<CreateBaseFlags>({
  configure: command =>
    command
      .argument('[NAME[:TAG]]', 'name of the image (default: busybox:latest, debian:SUITE)')
      .addOption(choice('--kind <what>', 'what to make', ['busybox', 'debian'], 'busybox'))
      .option('--suite <name>', 'release of Debian', 'stable')
      .option('--mirror <url>', 'where debootstrap takes packages from (default: the host’s apt’s, or its own)')
      .option('--include <packages>', 'further packages, separated by commas'),
  details:
    'Needs no registry: busybox comes from this host’s busybox-static package, Debian from its package mirror by debootstrap (as root).',
  examples: [
    { line: 'berth image create-base', means: 'busybox:latest with a shell and its tools, 2 MB' },
    { line: 'berth image create-base --kind debian --suite bookworm', means: 'a minimal Debian as debian:bookworm' },
  ],
  handlesInterrupt: true,
  async run(context, [reference], { kind, suite, mirror, include }) {
    const { signal, stderr, env } = context
    const { name, tag = 'latest' } = splitImageName(reference ?? (kind === 'busybox' ? 'busybox' : `debian:${suite}`))
    const client = await connect(context)
    await using rootfs = await makeBaseRootfs({
      kind,
      suite,
      mirror,
      include,
      env,
      log: text => stderr.write(text),
      signal,
    })
    const tar = spawn('tar', ['-C', rootfs.path, '--numeric-owner', '--sort=name', '--xattrs', '-cf', '-', '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
    })
    const ended = once(tar, 'exit') as Promise<[number | null]>
    const query = { repo: name, tag, message: `berth image create-base --kind ${kind}`, changes: changes[kind] }
    for await (const { status } of importImage(client, tar.stdout, query, { signal })) print(context, `${status}\n`)
    const [code] = await ended
    if (code !== 0)
      throw new BerthError('INTERNAL', `tar ended with ${code}: the image ${name}:${tag} may be incomplete`)
    return 0
  },
})
