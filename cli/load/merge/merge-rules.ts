import { pathRules } from '../yaml/path-rules.ts'

/**
 * How an attribute of a later file meets that of an earlier one. Without a rule: maps merge by key, lists append, scalars are replaced.
 * - replace: the later value as it is, also when it is null
 * - pairs: both become lists of `key=value`, the later after the earlier; uniqueness by key comes later
 * - hosts: the same, but nothing is replaced, only equal lines fall together
 * - names: a list of names is a map of them, then maps merge
 * - dependencies: the same, and a bare name means `service_started`
 * - requests: `all` is a list of one request, then lists append
 */
export type MergeRule =
  | 'replace'
  | 'pairs'
  | 'hosts'
  | 'names'
  | 'dependencies'
  | 'build'
  | 'logging'
  | 'requests'
  | 'ulimit'
  | 'subnets'

export const mergeRules = pathRules<MergeRule>({
  'networks.*.ipam.config': 'subnets',
  'networks.*.labels': 'pairs',
  'volumes.*.labels': 'pairs',
  'services.*.annotations': 'pairs',
  'services.*.build': 'build',
  'services.*.build.args': 'pairs',
  'services.*.build.additional_contexts': 'pairs',
  'services.*.build.extra_hosts': 'hosts',
  'services.*.build.labels': 'pairs',
  'services.*.command': 'replace',
  'services.*.depends_on': 'dependencies',
  'services.*.deploy.labels': 'pairs',
  'services.*.dns': 'pairs',
  'services.*.dns_opt': 'pairs',
  'services.*.dns_search': 'pairs',
  'services.*.entrypoint': 'replace',
  'services.*.env_file': 'pairs',
  'services.*.environment': 'pairs',
  'services.*.extra_hosts': 'hosts',
  'services.*.gpus': 'requests',
  'services.*.healthcheck.test': 'replace',
  'services.*.label_file': 'pairs',
  'services.*.labels': 'pairs',
  'services.*.logging': 'logging',
  'services.*.models': 'names',
  'services.*.networks': 'names',
  'services.*.sysctls': 'pairs',
  'services.*.tmpfs': 'pairs',
  'services.*.ulimits.*': 'ulimit',
  'services.*.volumes.*.volume.labels': 'pairs',
})
