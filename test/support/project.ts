import { loadStack } from '../../cli/load/load-project.ts'
import type { Project } from '../../cli/model/project.ts'

/** The project of a stack file that exists in memory only, by the real loader: with real defaults and real positions. */
export function projectOf(
  text: string,
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Project {
  const all: Readonly<Record<string, string>> = { '/stack/stack.yaml': text, ...files }
  const { project, diagnostics } = loadStack({
    cwd: '/stack',
    env,
    files: ['/stack/stack.yaml'],
    fs: {
      readFile: path => {
        const content = all[path]
        if (content === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
        return Buffer.from(content)
      },
      stat: path =>
        all[path] === undefined ? undefined : { isFile: true, isDirectory: false, sizeBytes: all[path].length },
    },
  })
  if (project === undefined) throw new Error(diagnostics.map(({ message, path }) => `${path}: ${message}`).join('\n'))
  return project
}
