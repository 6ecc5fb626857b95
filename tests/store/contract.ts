import type { uvu } from 'uvu'
import * as assert from 'uvu/assert'
import { Compacted, Conflict, FutureRevision, type Store, type StoreEvent } from '../../src/store/store.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString()

/** Reads `count` events of a watch. */
export async function take(watcher: AsyncIterable<readonly StoreEvent[]>, count: number): Promise<StoreEvent[]> {
  const events: StoreEvent[] = []
  if (count === 0) return events
  for await (const batch of watcher) {
    events.push(...batch)
    if (events.length >= count) break
  }
  return events
}

/** The rules that every engine keeps. */
export function contract<T>(test: uvu.Test<T>, open: () => Promise<Store>): void {
  const withStore = (name: string, body: (store: Store) => Promise<void>) =>
    test(name, async () => {
      const store = await open()
      try {
        await body(store)
      } finally {
        await store.close()
      }
    })
  commits(withStore)
  reads(withStore)
  watches(withStore)
  window(withStore)
  model(withStore)
}

type WithStore = (name: string, body: (store: Store) => Promise<void>) => void

/** What is written, and when it is not. */
function commits(withStore: WithStore): void {
  withStore('a committed value is read back with the revision that wrote it', async (store) => {
    const revision = await store.commit([{ key: '/a', value: bytes('1') }])
    const found = await store.get('/a')
    assert.is(text(found?.value), '1')
    assert.is(found?.revision, revision)
    assert.is(found?.created, revision)
  })

  withStore('every commit has a revision of its own, also of concurrent ones', async (store) => {
    const revisions = await Promise.all(
      Array.from({ length: 50 }, (_, i) => store.commit([{ key: `/k${i}`, value: bytes('x') }])),
    )
    assert.is(new Set(revisions).size, 50)
    assert.is(store.revision, Math.max(...revisions))
  })

  withStore('a change with a wrong expected revision is refused and nothing of its commit is written', async (store) => {
    const first = await store.commit([{ key: '/a', value: bytes('1') }])
    try {
      await store.commit([
        { key: '/b', value: bytes('new') },
        { key: '/a', value: bytes('2'), expected: first + 7 },
      ])
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Conflict)
      assert.is((error as Conflict).key, '/a')
      assert.is((error as Conflict).current, first)
    }
    assert.is(await store.get('/b'), undefined)
    assert.is(store.revision, first)
  })

  withStore('of two concurrent creations of one key, one wins', async (store) => {
    const results = await Promise.allSettled([1, 2].map((n) => store.commit([{ key: '/a', value: bytes(`${n}`), expected: 0 }])))
    assert.equal(results.map((r) => r.status).sort(), ['fulfilled', 'rejected'])
  })

  withStore('stamp makes the value from the revision of its commit', async (store) => {
    const revision = await store.commit([{ key: '/a', value: undefined, stamp: { at: (r) => bytes(`at ${r}.`), offset: 3 } }])
    assert.is(text((await store.get('/a'))?.value), `at ${revision}.`)
  })

  withStore('deleting a key that is not there changes nothing', async (store) => {
    await store.commit([{ key: '/a', value: bytes('1') }])
    const watcher = await store.watch('/', store.revision)
    await store.commit([{ key: '/none', value: undefined }])
    await store.commit([{ key: '/b', value: bytes('1') }])
    assert.equal(
      (await take(watcher, 1)).map((e) => e.key),
      ['/b'],
    )
  })
}

/** What is read, now and as of then. */
function reads(withStore: WithStore): void {
  withStore('a range lists a prefix in key order, with limit, continuation and what remains', async (store) => {
    await store.commit(['/p/b', '/p/a', '/p/c', '/q/a', '/p'].map((key) => ({ key, value: bytes(key) })))
    const page = await store.range('/p/', { limit: 2 })
    assert.equal(
      page.items.map((i) => i.key),
      ['/p/a', '/p/b'],
    )
    assert.is(page.remaining, 1)
    assert.ok((await store.range('/p/', { limit: 1, counts: false })).remaining > 0)
    assert.is((await store.range('/p/', { limit: 3, counts: false })).remaining, 0)
    const rest = await store.range('/p/', { after: '/p/b', limit: 2 })
    assert.equal(
      rest.items.map((i) => i.key),
      ['/p/c'],
    )
    assert.is(rest.remaining, 0)
    assert.is(await store.count('/p/'), 3)
  })

  withStore('a read at an earlier revision sees what was then, deleted and recreated keys included', async (store) => {
    const r1 = await store.commit([{ key: '/a', value: bytes('1') }])
    const r2 = await store.commit([{ key: '/b', value: bytes('1') }])
    const r3 = await store.commit([{ key: '/a', value: undefined }])
    const r4 = await store.commit([{ key: '/a', value: bytes('again') }])
    const at = async (r: number) => (await store.range('/', { revision: r })).items.map((i) => `${i.key}=${text(i.value)}`)
    assert.equal(await at(r1), ['/a=1'])
    assert.equal(await at(r2), ['/a=1', '/b=1'])
    assert.equal(await at(r3), ['/b=1'])
    assert.equal(await at(r4), ['/a=again', '/b=1'])
    assert.is((await store.get('/a'))?.created, r4)
    assert.is(text((await store.get('/a', r2))?.value), '1')
    assert.is(await store.get('/a', r3), undefined)
    try {
      await store.get('/a', r4 + 1)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, FutureRevision)
    }
  })
}

/** Who follows what is written. */
function watches(withStore: WithStore): void {
  withStore('a watch delivers every change of its prefix after its revision, in order, with the value before', async (store) => {
    const r1 = await store.commit([{ key: '/p/a', value: bytes('1') }])
    await store.commit([{ key: '/p/a', value: bytes('2') }])
    const watcher = await store.watch('/p/', r1)
    const reading = take(watcher, 4)
    await store.commit([{ key: '/q/x', value: bytes('other') }])
    await store.commit([
      { key: '/p/b', value: bytes('new') },
      { key: '/p/a', value: undefined },
    ])
    await store.commit([{ key: '/p/a', value: bytes('3') }])
    const events = (await reading).map((e) => `${e.type} ${e.key} ${text(e.previous) ?? '-'}→${text(e.value) ?? '-'}`)
    assert.equal(events, ['put /p/a 1→2', 'put /p/b -→new', 'delete /p/a 2→-', 'put /p/a -→3'])
  })

  withStore('subscribers see each commit before it resolves', async (store) => {
    const seen: string[] = []
    const stop = store.subscribe((events) => seen.push(...events.map((e) => e.key)))
    await store.commit([{ key: '/a', value: bytes('1') }])
    assert.equal(seen, ['/a'])
    stop()
    await store.commit([{ key: '/b', value: bytes('1') }])
    assert.equal(seen, ['/a'])
  })
}

/** What is forgotten, and what is kept. */
function window(withStore: WithStore): void {
  withStore('compaction forgets old revisions, keeps the newest values, and refuses older watches and reads', async (store) => {
    const r1 = await store.commit([{ key: '/a', value: bytes('1') }])
    for (let i = 2; i <= 5; i++) await store.commit([{ key: '/a', value: bytes(`${i}`) }])
    await store.commit([{ key: '/gone', value: bytes('x') }])
    await store.commit([{ key: '/gone', value: undefined }])
    const late = await store.watch('/', r1)
    await store.compact(store.revision)
    assert.is(text((await store.get('/a'))?.value), '5')
    assert.is(text((await store.get('/a', store.revision))?.value), '5')
    for (const attempt of [() => store.watch('/', r1), () => store.get('/a', r1), () => take(late, 1)]) {
      try {
        await attempt()
        assert.unreachable()
      } catch (error) {
        assert.instance(error, Compacted)
      }
    }
    const watcher = await store.watch('/', store.revision)
    await store.commit([{ key: '/a', value: bytes('6') }])
    assert.is(text((await take(watcher, 1))[0]?.previous), '5')
  })

  withStore('history tells the changes of one key inside the kept window', async (store) => {
    await store.commit([{ key: '/a', value: bytes('1') }])
    await store.commit([{ key: '/b', value: bytes('1') }])
    await store.commit([{ key: '/a', value: undefined }])
    assert.equal(
      (await store.history('/a')).map((e) => e.type),
      ['put', 'delete'],
    )
  })

  withStore(
    'versions tells the changes of one key through its deletion, each with what its commit said of itself',
    async (store) => {
      await store.commit([{ key: '/a', value: bytes('1') }], 'first')
      const second = await store.commit(
        [
          { key: '/ab', value: bytes('x') },
          { key: '/a', value: bytes('2') },
        ],
        'second',
      )
      await store.commit([{ key: '/ab', value: bytes('y') }], 'not this')
      await store.commit([{ key: '/a', value: undefined }], 'gone')
      const last = await store.commit([{ key: '/a', value: bytes('3') }])
      assert.equal(
        (await store.versions('/a')).map((e) => `${e.type} ${text(e.previous) ?? '-'}→${text(e.value) ?? '-'} ${e.note}`),
        ['put -→1 first', 'put 1→2 second', 'delete 2→- gone', 'put -→3 undefined'],
      )
      assert.equal(await store.versions('/none'), [])
      assert.is(await store.noteAt(second), 'second')
      assert.is(await store.noteAt(last), undefined)
    },
  )
}

/** All of it, at random. */
function model(withStore: WithStore): void {
  withStore('random commits: every read of the past and every watch agrees with a model', async (store) => {
    let seed = 42
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return (seed >>> 16) % n
    }
    const model = new Map<string, string>()
    const states: [number, string][] = []
    const print = () => [...model].sort(([a], [b]) => (a < b ? -1 : 1)).join(' ')
    let changes = 0
    for (let i = 0; i < 200; i++) {
      const batch = new Map<string, string | undefined>()
      for (let n = random(3) + 1; n > 0; n--) batch.set(`/k/${random(12)}`, random(4) === 0 ? undefined : `v${i}`)
      const effective = [...batch].filter(([key, value]) => value !== undefined || model.has(key))
      if (i > 80) changes += effective.length
      const revision = await store.commit(
        [...batch].map(([key, value]) => ({ key, value: value === undefined ? undefined : bytes(value) })),
      )
      for (const [key, value] of effective) value === undefined ? model.delete(key) : model.set(key, value)
      states.push([revision, print()])
      if (i === 80) await store.compact(revision)
    }
    for (const [revision, expected] of states.slice(81)) {
      const { items } = await store.range('/k/', { revision })
      assert.is(items.map((v) => `${v.key},${text(v.value)}`).join(' '), expected)
    }
    const replay = new Map(states[80]?.[1] ? states[80][1].split(' ').map((kv) => kv.split(',') as [string, string]) : [])
    const since = states[80]?.[0] ?? 0
    const events = await store.history('/k/', { since })
    for (const e of events) e.value ? replay.set(e.key, text(e.value) ?? '') : replay.delete(e.key)
    assert.is([...replay].sort(([a], [b]) => (a < b ? -1 : 1)).join(' '), print())
    assert.is(events.length, changes)
  })
}
