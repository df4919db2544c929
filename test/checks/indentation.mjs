// Every C file is indented with tabs (.editorconfig), up to three blanks behind them for what is aligned; no line ends with a blank.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const problems = []

for (const folder of ['native', 'test'])
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('node_modules') || !/\.[ch]$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    readFileSync(path, 'utf8')
      .split('\n')
      .forEach((line, index) => {
        if (/^\t* (\t| {3})/.test(line) || /[ \t]$/.test(line))
          problems.push(`${path}:${index + 1}: ${JSON.stringify(line)}`)
      })
  }

for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)
