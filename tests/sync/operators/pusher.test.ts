import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Application, type ApplicationStatus, applicationFor } from '../../../src/sync/application/application.ts'
import { syncedCommit } from '../../../src/sync/operators/code.ts'
import { pusherAnnotation, pusherOf, pusherText } from '../../../src/sync/operators/pusher.ts'

type Phase = NonNullable<ApplicationStatus['operationState']>['phase']
const app = (phase: Phase | undefined, commit: string, history: readonly string[], pushers = '[]'): Application => {
  const operationState = phase && {
    phase,
    startedAt: '',
    operation: {},
    ...(phase === 'Running' ? {} : { syncResult: { revision: commit } }),
  }
  const made = applicationFor('ops')
  return {
    ...made,
    metadata: { ...made.metadata, annotations: { [pusherAnnotation]: pushers } },
    status: {
      ...(operationState ? { operationState } : {}),
      history: history.map((revision, id) => ({ id, revision, deployedAt: '' })),
    },
  }
}

test('while a sync runs, and after it failed, the commit of the last one that succeeded is the one that is synced', () => {
  assert.is(syncedCommit(app(undefined, '', [])), undefined)
  assert.is(syncedCommit(app('Running', 'b', [])), undefined)
  assert.is(syncedCommit(app('Running', 'b', ['a'])), 'a')
  assert.is(syncedCommit(app('Failed', 'b', ['a'])), 'a')
  assert.is(syncedCommit(app('Succeeded', 'b', ['a', 'b'])), 'b')
})

test('who pushed what is synced stays known while others push; who pushed what came between is forgotten', () => {
  const first = pusherText({ name: 'jane', groups: ['dev'] }, 'a')
  const second = pusherText({ name: 'joe', groups: [] }, 'b', app('Succeeded', 'a', ['a'], first))
  const third = pusherText({ name: 'ann', groups: [] }, 'c', app('Failed', 'b', ['a'], second))
  const now = app('Running', 'c', ['a'], third)
  assert.equal(pusherOf(now, 'a'), { name: 'jane', groups: ['dev'] })
  assert.is(pusherOf(now, 'b'), undefined)
  assert.equal(pusherOf(now, 'c'), { name: 'ann', groups: [] })
})

test('an annotation of an earlier Slipway is read, one that says nothing is none', () => {
  const earlier = JSON.stringify({ name: 'jane', groups: ['dev'], commit: 'a' })
  assert.equal(pusherOf(app('Succeeded', 'a', ['a'], earlier), 'a'), { name: 'jane', groups: ['dev'] })
  for (const odd of ['', 'x', 'null', '[null]', '3', '[{"name":3,"commit":"a"}]'])
    assert.is(pusherOf(app('Succeeded', 'a', ['a'], odd), 'a'), undefined, odd)
})

test.run()
