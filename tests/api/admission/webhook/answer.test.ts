import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { objectIn } from '../../../../src/api/admission/webhook/answer.ts'

const typeMeta = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
const unread = "couldn't get version/kind; json parse error: "
const json = 'application/json'

for (const [status, type, text, expected] of [
  [500, json, '{}', 'an error on the server ("unknown") has prevented the request from succeeding'],
  [500, 'text/plain; charset=utf-8', ' oops\n', 'an error on the server ("oops") has prevented the request from succeeding'],
  [401, json, '', 'the server has asked for the client to provide credentials'],
  [403, json, 'no', 'unknown'],
  [404, 'text/html', '<html>', 'the server could not find the requested resource'],
  [409, json, '', 'the server reported a conflict'],
  [418, json, '', 'the server responded with the status code 418 but did not return more information'],
  [503, json, '', 'the server is currently unable to handle the request'],
  [400, json, '{"kind":"Status","status":"Failure","message":"bad thing"}', 'bad thing'],
  [200, '', '', '0-length response with status code: 200 and content type: application/json'],
  [200, json, '{"a":', `${unread}unexpected end of JSON input`],
  [200, json, '{"a" 1}', `${unread}invalid character '1' after object key`],
  [200, 'text/html', '<html></html>', `${unread}json: cannot unmarshal string into Go value of type ${typeMeta}`],
  [200, json, '[]', `${unread}json: cannot unmarshal array into Go value of type ${typeMeta}`],
] as const) {
  test(`an answer of ${status} ${type} ${JSON.stringify(text)} is told of in client-go's words`, () => {
    assert.throws(
      () => objectIn({ status, type, text }),
      (error: unknown) => (error as Error).message === expected,
    )
  })
}

test('an object is taken whatever its content type is', () => {
  assert.equal(objectIn({ status: 201, type: 'text/html', text: '{"a":1}' }), { a: 1 })
})

test.run()
