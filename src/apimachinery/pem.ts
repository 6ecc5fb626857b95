const block = /-----BEGIN ([^-\n]*)-----\r?\n([\s\S]*?)-----END \1-----/

/** The type of the first PEM block in a text that is itself in base64, e.g. CERTIFICATE REQUEST; undefined when there is none. */
export const pemType = (base64: string | undefined): string | undefined =>
  block.exec(Buffer.from(base64 ?? '', 'base64').toString('latin1'))?.[1]
