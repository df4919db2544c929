import { TestDaemon } from './daemon.ts'

/** A running engine, and an image on it that has a shell. */
export interface Engine extends AsyncDisposable {
  readonly name: string
  readonly host: string
  readonly image: string
}

/** A berthd of the test's own and, where BERTH_PEER_HOST names a dockerd with busybox, that one too: the same suite keeps both honest. */
export const engines: readonly { readonly name: string; readonly start: () => Promise<Engine> }[] = [
  {
    name: 'berthd',
    start: async () => {
      const daemon = await TestDaemon.start()
      const end = () => daemon[Symbol.asyncDispose]()
      return { name: 'berthd', host: `unix://${daemon.socket}`, image: 'rootfs:/', [Symbol.asyncDispose]: end }
    },
  },
  ...(process.env.BERTH_PEER_HOST === undefined
    ? []
    : [
        {
          name: 'dockerd',
          start: async () => ({
            name: 'dockerd',
            host: process.env.BERTH_PEER_HOST ?? '',
            image: 'busybox',
            [Symbol.asyncDispose]: async () => {},
          }),
        },
      ]),
]
