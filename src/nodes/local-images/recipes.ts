import { readFile } from 'node:fs/promises'
import { findBusybox } from './busybox.ts'
import { pauseElf } from './pause.ts'
import type { TarEntry } from './tar.ts'

/** The image of every sandbox. */
export const pauseImage = 'slipway/pause:1'

export interface Recipe {
  /** The names the image gets; the first one says whether it is there. */
  readonly tags: readonly string[]
  /** Raised by hand when `entries` change, so that older images are replaced. */
  readonly edition: number
  /** Dockerfile instructions. */
  readonly config: readonly string[]
  readonly entries: () => Promise<readonly TarEntry[]>
}

const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

async function busyboxRoot(): Promise<TarEntry[]> {
  const { program, applets } = await findBusybox()
  return [
    ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr', 'usr/bin', 'var'].map(
      (path) => ({ path, folder: true }) as const,
    ),
    { path: 'tmp', folder: true, mode: 0o1777 },
    { path: 'bin/busybox', content: program, mode: 0o755 },
    ...applets.map((applet) => ({ path: `bin/${applet}`, linkTo: 'busybox' })),
    { path: 'usr/bin/env', linkTo: '/bin/busybox' },
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' },
    { path: 'etc/group', content: 'root:x:0:\nnobody:x:65534:\n' },
  ]
}

async function pauseRoot(): Promise<TarEntry[]> {
  const content = process.arch === 'x64' ? pauseElf() : (await findBusybox()).program
  return [{ path: 'pause', content, mode: 0o755 }]
}

const demoFile = (name: string) => readFile(new URL(`../../../images/demo-web/${name}`, import.meta.url))

const demoWeb = (version: number): Recipe => ({
  tags: [`slipway/demo-web:${version}`],
  edition: 1,
  config: [path, 'ENTRYPOINT ["/serve"]', 'EXPOSE 80'],
  entries: async () => [
    ...(await busyboxRoot()),
    { path: 'serve', content: await demoFile('serve'), mode: 0o755 },
    { path: 'www', folder: true },
    { path: 'www/cgi-bin', folder: true },
    { path: 'www/cgi-bin/index.cgi', content: await demoFile('index.cgi'), mode: 0o755 },
    { path: 'www/version', content: `${version}\n` },
    { path: 'www/healthz', content: 'ok\n' },
  ],
})

export const recipes: readonly Recipe[] = [
  {
    tags: [pauseImage],
    edition: 1,
    // Only for machines other than x86-64, where the program is busybox, does the second word matter.
    config: [process.arch === 'x64' ? 'ENTRYPOINT ["/pause"]' : 'ENTRYPOINT ["/pause", "sleep", "infinity"]'],
    entries: pauseRoot,
  },
  demoWeb(1),
  demoWeb(2),
  {
    tags: ['busybox:1.36', 'busybox:latest', 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1'],
    edition: 1,
    config: [path, 'CMD ["sh"]'],
    entries: busyboxRoot,
  },
]
