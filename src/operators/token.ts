import { randomInt } from 'node:crypto'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A secret text of `length` letters and digits: 5.95 bits each. */
export const token = (length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
