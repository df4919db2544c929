import { attributes, number, text } from './attributes.ts'
import type { RestartPolicy } from './project.ts'

/** `deploy.restart_policy` beats `restart`, as in Compose; a word that nobody knows means no restart. */
export function restartPolicy(restart: unknown, deploy: unknown): RestartPolicy {
  const declared = attributes(deploy)['restart_policy']
  if (declared !== undefined) {
    const { condition, max_attempts: maxAttempts } = attributes(declared)
    const name = nameOf(text(condition) ?? 'any')
    return { name, maxRetries: name === 'on-failure' ? (number(maxAttempts) ?? 0) : 0 }
  }
  const [word = 'no', retries] = (text(restart) ?? 'no').split(':')
  const name = nameOf(word)
  return { name, maxRetries: name === 'on-failure' ? (number(retries) ?? 0) : 0 }
}

function nameOf(word: string): RestartPolicy['name'] {
  switch (word) {
    case 'always':
    case 'any':
      return 'always'
    case 'on-failure':
    case 'unless-stopped':
      return word
    default:
      return 'no'
  }
}
