import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isTimeZone } from '../../../../src/api/kinds/batch/time-zone.ts'

test('a time zone has the exact name that the database has', () => {
  const names = [
    'UTC',
    'Local',
    'Etc/UTC',
    'Etc/GMT+12',
    'Europe/Berlin',
    'Europe/Kyiv',
    'Europe/Kiev',
    'EST',
    'EST5EDT',
    'GMT+0',
    'W-SU',
  ]
  const more = ['America/Argentina/ComodRivadavia', 'Asia/Calcutta', 'Asia/Kolkata', 'US/Pacific']
  for (const name of [...names, ...more, ...Intl.supportedValuesOf('timeZone')]) assert.ok(isTimeZone(name), name)
})

test('other letters, and names that only ICU has, are no time zone', () => {
  const others = [
    'utc',
    'ETC/UTC',
    'Etc/utc',
    'europe/berlin',
    'est',
    'us/pacific',
    'PST',
    'JST',
    'SystemV/EST5',
    'US/Pacific-New',
    '+01:00',
    'Mars/Base',
  ]
  for (const name of others) assert.not(isTimeZone(name), name)
})

test.run()
