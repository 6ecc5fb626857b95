// derivePassword: the Master Password algorithm.

const SEED = 'com.lyndir.masterpassword'

const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['maximum', ['anoxxxxxxxxxxxxxxxxx', 'axxxxxxxxxxxxxxxxxno']],
  [
    'long',
    (
      'CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno ' +
      'CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno ' +
      'CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno'
    ).split(' '),
  ],
  ['medium', ['CvcnoCvc', 'CvcCvcno']],
  ['short', ['Cvcn']],
  ['basic', ['aaanaaan', 'aannaaan', 'aaannaaa']],
  ['pin', ['nnnn']],
])

const CHARACTERS: { readonly [kind: string]: string } = {
  V: 'AEIOU',
  C: 'BCDFGHJKLMNPQRSTVWXYZ',
  v: 'aeiou',
  c: 'bcdfghjklmnpqrstvwxyz',
  A: 'AEIOUBCDFGHJKLMNPQRSTVWXYZ',
  a: 'AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz',
  n: '0123456789',
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: 'AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()',
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The password for a site; `stretch` is scrypt, `hmac` HMAC-SHA256. */
export function derivePassword(
  counter: number,
  type: string,
  password: string,
  user: string,
  site: string,
  stretch: (password: Buffer, salt: Buffer) => Buffer,
  hmac: (key: Buffer, data: Buffer) => Buffer,
): string {
  const templates = TEMPLATES.get(type)
  if (!templates) return `cannot find password template ${type}`
  const key = stretch(Buffer.from(password), Buffer.concat([Buffer.from(SEED), counted(user)]))
  const number = Buffer.alloc(4)
  number.writeUInt32BE(counter)
  const seed = hmac(key, Buffer.concat([Buffer.from(SEED), counted(site), number]))
  const template = templates[(seed[0] as number) % templates.length] as string
  return [...template]
    .map((kind, i) => {
      const characters = CHARACTERS[kind] as string
      return characters[(seed[i + 1] as number) % characters.length]
    })
    .join('')
}
