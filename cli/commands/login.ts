import { BerthError } from '../../schemas/errors.ts'
import { checkLogin } from '../client/images.ts'
import { type AuthConfig, DockerConfig } from '../registry/docker-config.ts'
import { hubServer, serverOf } from '../registry/registry-name.ts'
import { ask } from '../session/ask.ts'
import { connect } from '../session/connect.ts'
import { type Context, print } from '../session/context.ts'
import { defineCommand } from './definition.ts'

interface LoginFlags {
  readonly username?: string
  readonly password?: string
  readonly passwordStdin?: true
}

export const login = defineCommand<LoginFlags>({
  configure: command =>
    command
      .argument('[SERVER]', 'registry, e.g. registry.example:5000 (default: Docker Hub)')
      .option('-u, --username <name>', 'who you are there')
      .option('-p, --password <password>', 'others can see it in the list of processes: better --password-stdin')
      .option('--password-stdin', 'read the password, or an access token, from standard input'),
  details:
    'The engine proves the login at the registry; it is kept where the docker command keeps it: ~/.docker/config.json, or the credential helper that it names.',
  examples: [{ line: 'berth login -u me --password-stdin registry.example < token', means: 'without a terminal' }],
  async run(context, [address = ''], flags) {
    const server = serverOf(address)
    const config = await DockerConfig.read(context.env)
    const known = isAnythingGiven(flags) ? undefined : await config.find(server)
    if (known !== undefined) print(context, 'Authenticating with existing credentials...\n')
    const credentials = known ?? (await askFor(context, server, flags))
    const client = await connect(context)
    const { Status, IdentityToken } = await checkLogin(client, { ...credentials })
    const { username = '' } = credentials
    const proven = IdentityToken ? { username, identitytoken: IdentityToken, serveraddress: server } : credentials
    if (await config.store(server, proven))
      context.stderr.write(
        `WARNING: the password is kept in plain text in ${config.path}; a credential helper (credsStore) would protect it\n`,
      )
    print(context, `${Status}\n`)
    return 0
  },
})

function isAnythingGiven({ username, password, passwordStdin }: LoginFlags): boolean {
  return username !== undefined || password !== undefined || passwordStdin === true
}

async function askFor(context: Context, server: string, flags: LoginFlags): Promise<AuthConfig> {
  if (flags.passwordStdin && flags.password !== undefined)
    throw new BerthError('USAGE', '--password and --password-stdin exclude each other')
  if (flags.passwordStdin && flags.username === undefined)
    throw new BerthError('USAGE', '--password-stdin needs --username')
  const where = server === hubServer ? 'Docker Hub' : server
  const username = flags.username ?? (await ask(context, `Username for ${where}: `)).trim()
  const password =
    flags.password ??
    (flags.passwordStdin ? await readSecret(context) : await ask(context, 'Password: ', { isSecret: true }))
  if (username === '' || password === '') throw new BerthError('USAGE', 'expected a user name and a password')
  return { username, password, serveraddress: server }
}

/** One line; the end of line is not part of it. */
async function readSecret({ stdin }: Context): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
