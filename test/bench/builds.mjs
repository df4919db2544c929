// What a build costs: ten steps of the kind that most Dockerfiles have, made anew, and once more when nothing has changed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { image } from './stacks.mjs'

const tag = 'bench-build:1'
const dockerfile = `FROM ${image}
WORKDIR /srv/app
COPY stamp .
RUN mkdir bin data && date > data/begun
COPY src src
RUN find src -type f | sort | xargs cat > data/all
ENV MODE=production
RUN sed s/line/word/ data/all > data/words && md5sum data/* > data/sums
RUN for name in a b c d; do echo "echo $name" > bin/$name; done && chmod +x bin/*
RUN rm -r src && sh bin/a
CMD ["sh", "bin/a"]
`

/** A context of 400 files, 2 MB together; answers its folder. */
export function buildContext(folder) {
  const context = join(folder, 'build-context')
  for (let i = 0; i < 400; i++) {
    const place = join(context, 'src', `part${i % 20}`)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, `file${i}.txt`), `line ${i}\n`.repeat(500))
  }
  writeFileSync(join(context, 'Dockerfile'), dockerfile)
  return context
}

/** Measures a side once: `stamp` is a text that no build has seen, so that no step below it is in a cache. */
export function buildFigures(side, context, stamp, note) {
  writeFileSync(join(context, 'stamp'), stamp)
  note('build of ten steps, cold', 's', side.build(context, '-t', tag))
  note('build of ten steps, cached', 's', side.build(context, '-t', tag))
}
