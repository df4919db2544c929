/** Paths below a service whose keys are the user's own, `x-` ones too: data, not attributes of Compose. */
export const userKeys: readonly string[] = [
  'annotations',
  'build.additional_contexts',
  'build.args',
  'build.labels',
  'deploy.labels',
  'environment',
  'labels',
  'logging.options',
  'networks.*.driver_opts',
  'post_start.*.environment',
  'pre_start.*.environment',
  'pre_stop.*.environment',
  'provider.options',
  'storage_opt',
  'sysctls',
]
