import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AcceptOptions, isRoutable, negotiate } from '../../../src/api/negotiation/accept.ts'

const form = (accept: string, options: AcceptOptions = {}): string | undefined => {
  const found = negotiate({ accept }, new URLSearchParams(), options)
  return found && [found.format, found.as, found.version, found.pretty ? 'pretty' : ''].filter((s) => s !== '').join(' ')
}

test('the better quality comes first, and no quality refuses', () => {
  assert.is(form('application/json;q=0.5,application/yaml;q=0.9'), 'yaml')
  assert.is(form('application/json;q=0'), 'json')
  assert.is(form('application/yaml;q=x,application/json;q=0.1'), 'json')
})

test('what names a type comes before ranges, whatever was sent first', () => {
  assert.is(form('*/*,application/yaml'), 'yaml')
  assert.is(form('application/*,application/yaml'), 'yaml')
  assert.is(form('*/json'), undefined)
  assert.is(form('*'), 'json')
  assert.is(form('json, application/a/b, text/html'), undefined)
})

test('a view must be wholly asked for', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  assert.is(form(table), 'json Table v1')
  assert.is(form(table, { tables: false }), undefined)
  assert.is(form(table, { views: false }), undefined)
  for (const part of ['as=Table', 'v=v1', 'g=meta.k8s.io', 'as=Table;v=v1', 'as=;v=v1;g=meta.k8s.io'])
    assert.is(form(`application/json;${part}`), undefined, part)
  assert.is(form('application/json;AS=Table'), 'json')
})

test('streams, the version of the server and indentation are parameters too', () => {
  assert.is(form('application/json;stream=watch'), 'json')
  assert.is(form('application/json;stream=other'), undefined)
  assert.is(form('application/yaml;stream=watch'), undefined)
  assert.is(form('application/json;sv=v1'), 'json')
  assert.is(form('application/json;sv=v2'), undefined)
  assert.is(form('application/json;pretty=1'), 'json pretty')
})

test('the aggregated discovery document is of v2 alone', () => {
  const of = (v: string, type = 'json') =>
    form(`application/${type};g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`, { discovery: true })
  assert.is(of('v2'), 'json APIGroupDiscoveryList v2')
  assert.is(of('v2', 'yaml'), 'yaml APIGroupDiscoveryList v2')
  assert.is(of('v2beta1'), undefined)
  assert.is(form('application/json', { discovery: true }), undefined)
})

test('the router knows names, and no ranges but the one of everything', () => {
  for (const accept of [undefined, '', '*/*', 'text/html, */*;q=0.1', 'application/json;charset=utf-8', ' application/yaml '])
    assert.is(isRoutable(accept), true, accept)
  for (const accept of ['application/*', '*', 'text/plain', 'application/JSON', 'nonsense'])
    assert.is(isRoutable(accept), false, accept)
  assert.is(isRoutable('application/yaml', ['application/json']), false)
})

test.run()
