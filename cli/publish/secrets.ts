export interface FoundSecret {
  readonly kind: string
  /** From 1. */
  readonly line: number
}

/** Forms that hardly anything but a secret has. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a token of GitHub', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})\b/],
  ['a token of GitLab', /\bglpat-[\w-]{20,}/],
  ['a token of Slack', /\bxox[abprs]-[\w-]{10,}/],
  ['a key of Stripe', /\b[rs]k_live_[A-Za-z0-9]{16,}\b/],
  ['a JSON web token', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/],
  ['an address with a password', /[a-z][\w+.-]*:\/\/[^\s:/@$]+:[^\s@$/]+@/],
  ['a password', /(?:passw(?:or)?d|secret|token|api_?key|access_?key)["']?\s*[:=]\s*["']?[^\s"'${}[\]:]{6,}/i],
]

/** Lines that look as if they gave a secret away; a variable in the place of a value does not. */
export function findSecrets(text: string): readonly FoundSecret[] {
  return text.split('\n').flatMap((line, index) => {
    const found = kinds.find(([, pattern]) => pattern.test(line))
    return found === undefined ? [] : [{ kind: found[0], line: index + 1 }]
  })
}
