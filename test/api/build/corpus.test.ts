import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { onEngines } from '../../support/api-engine.ts'
import { build, type TarItems, treeOf } from '../../support/build.ts'
import { tar } from '../../support/tar-writer.ts'

/** A folder with a bit of everything. */
const files: TarItems = [
  { name: 'a.txt', content: 'a', mode: 0o640, uid: 5, gid: 6 },
  { name: 'b.txt', content: 'b' },
  { name: 'd', flag: '5', mode: 0o750 },
  { name: 'd/in.txt', content: 'in' },
  { name: 'd/sub', flag: '5' },
  { name: 'd/sub/deep', content: 'deep', mode: 0o755 },
  { name: 'd/link', flag: '2', link: 'in.txt' },
  {
    name: 'arc.tar.gz',
    content: gzipSync(tar({ name: 'x', flag: '5' }, { name: 'x/y', content: 'y', uid: 7, gid: 8, mode: 0o600 })),
  },
  { name: '.dockerignore', content: 'ignored\n' },
]

/** Each gives the same file tree on dockerd 28.5 as here; where no dockerd is at hand, the lines that tell most are checked. */
const cases: Readonly<Record<string, readonly [dockerfile: string, ...expected: string[]]>> = {
  'a file to a name': ['COPY a.txt /x', '0 640 0:0 x ca978112ca1b'],
  'a file into a folder that is not there': [
    'COPY a.txt /new/deep/',
    '0 640 0:0 new/deep/a.txt ca978112ca1b',
    '5 755 0:0 new/deep',
  ],
  'a folder’s content': ['COPY d /copied', '0 755 0:0 copied/sub/deep', '2 777 0:0 copied/link -> in.txt'],
  'a folder’s content into one that is there': [
    'RUN busybox mkdir -m 700 /there\nCOPY d /there/',
    '5 700 0:0 there',
    '0 644 0:0 there/in.txt',
  ],
  wildcards: ['COPY *.txt /w/', '0 640 0:0 w/a.txt', '0 644 0:0 w/b.txt'],
  'owners by number': ['COPY --chown=10:20 d /o', '0 644 10:20 o/in.txt', '0 755 10:20 o/sub/deep'],
  'owners by name': [
    'RUN busybox mkdir -p /etc && echo web:x:33:44::/:/bin/sh >/etc/passwd && echo grp:x:55: >/etc/group\nCOPY --chown=web:grp a.txt /o',
    '0 640 33:55 o ca978112ca1b',
  ],
  'relative to WORKDIR': [
    'WORKDIR /srv/app\nCOPY a.txt sub/\nWORKDIR more',
    '0 640 0:0 srv/app/sub/a.txt',
    '5 755 0:0 srv/app/more',
  ],
  'through a link in the image': [
    'RUN busybox mkdir /real && busybox ln -s real /alias\nCOPY a.txt /alias/',
    '0 640 0:0 real/a.txt',
    '2 777 0:0 alias -> real',
  ],
  'ADD unpacks': ['ADD arc.tar.gz /u/', '0 600 7:8 u/x/y'],
  'COPY does not': ['COPY arc.tar.gz /u/', '0 644 0:0 u/arc.tar.gz'],
  'from another stage': [
    'RUN echo made >/made && busybox chown 3:4 /made && busybox chmod 4711 /made\nFROM $BASE\nCOPY --from=0 /made /taken',
    '0 4711 3:4 taken',
  ],
  'files that go away': [
    'RUN busybox mkdir /g && echo 1 >/g/one && echo 2 >/g/two\nRUN busybox rm /g/one',
    '0 644 0:0 g/two',
  ],
  'a folder made anew': [
    'RUN busybox mkdir /g && echo 1 >/g/one\nRUN busybox rm -r /g && busybox mkdir /g && echo 2 >/g/two',
    '0 644 0:0 g/two',
  ],
  'hard links in one step': ['RUN echo 1 >/h1 && busybox ln /h1 /h2', '0 644 0:0 h1'],
  'arguments and variables': ['ARG N=one\nENV P=/p/$N\nCOPY a.txt $P/${N:-x}', '0 640 0:0 p/one/one'],
  'USER and permissions of RUN': [
    'RUN busybox mkdir -m 777 /pub\nUSER 12:34\nRUN echo x >/pub/mine',
    '0 644 12:34 pub/mine',
  ],
  SHELL: ['SHELL ["/bin/busybox", "sh", "-ec"]\nRUN echo s >/shell', '0 644 0:0 shell'],
  'several sources': ['COPY a.txt d/in.txt d/sub /many/', '0 755 0:0 many/deep', '0 644 0:0 many/in.txt'],
  everything: ['COPY . /all/', '0 755 0:0 all/d/sub/deep', '0 640 0:0 all/a.txt'],
  'a file over a file': ['COPY a.txt /f\nCOPY b.txt /f', '0 644 0:0 f 3e23e8160039'],
  'FROM scratch': ['FROM scratch\nCOPY a.txt /only', '0 640 0:0 only ca978112ca1b'],
}

const trees = new Map<string, string[]>()

onEngines('trees of builds', engine => {
  for (const [title, [steps, ...expected]] of Object.entries(cases)) {
    test(title, async () => {
      const api = engine()
      const name = `${api.unique('tree')}:1`
      const answer = await build(api, `ARG BASE\nFROM $BASE\n${steps}`, {
        files,
        query: { t: name, buildargs: JSON.stringify({ BASE: api.image }) },
      })
      assert.equal(answer.error, '', answer.text)
      try {
        const tree = await treeOf(api, name)
        for (const line of expected)
          assert.ok(
            tree.some(found => found.startsWith(line)),
            `${line} is not in\n${tree.join('\n')}`,
          )
        const other = trees.get(title)
        if (other === undefined) trees.set(title, tree)
        else assert.deepEqual(other, tree)
      } finally {
        await api.request('DELETE', `/images/${name}?force=1`)
      }
    })
  }
})
