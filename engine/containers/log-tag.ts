import type { ContainerRecord } from './record.ts'

/** What the log's options can name. */
export type LoggedRecord = Pick<ContainerRecord, 'id' | 'name' | 'image' | 'config' | 'hostConfig'>

/** What a tag is made of: the fields of moby's `logger.Info`. */
const tagFields: Readonly<Record<string, (record: LoggedRecord) => string>> = {
  ID: ({ id }) => id.slice(0, 12),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ image }) => image.id.replace(/^sha256:/, '').slice(0, 12),
  ImageFullID: ({ image }) => image.id,
  ImageName: ({ config }) => config.Image ?? '',
  DaemonName: () => 'docker',
}

const tagField = /\{\{\s*\.(\w+)\s*\}\}/g

/** A `tag` of the log's options, filled in. */
export const tagOf = (template: string, record: LoggedRecord): string =>
  template.replace(tagField, (_all, field: string) => tagFields[field]?.(record) ?? '')

/** What is wrong with a template, if anything. Of Go's templates only fields are understood. */
export function checkTag(template: string): string | undefined {
  for (const [, field = ''] of template.matchAll(tagField)) {
    if (tagFields[field] !== undefined) continue
    return `template: log-tag: can't evaluate field ${field} in type *logger.Info`
  }
  return template.replace(tagField, '').includes('{{')
    ? `template: log-tag: expected only fields such as {{.Name}}, found ${JSON.stringify(template)}`
    : undefined
}
