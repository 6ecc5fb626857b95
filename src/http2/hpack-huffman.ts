/** The Huffman code of HPACK (RFC 7541, appendix B). It is canonical, so that the lengths of the codes say all. */

/** Of the symbols 0 to 255 and of the end mark, as digits of base 36. */
const lengths =
  'DNSSSSSSSOUSSUSSSSSSSSUSSSSSSSSS6AACD68BAA8B8666555666666678F6CAD67777777777777777777777878DJDE6F56565666577666567655677777FBEDS' +
  'KMKKMMMNMNNNNNONOOMNONNNNLMNMNNOMLKMMNNLNMMOLMNNLLMLNMNNKMMMNMMNQQKJMNMPQQQRRQOPJLQRRQROLLQQSRRRKOKLMLLNMMPPOOQNQRQQRRRRRSRRRRRQU'
const endMark = 256

interface Node {
  readonly next: (Node | number | undefined)[]
  index: number
}

function tree(): Node[] {
  const root: Node = { next: [], index: 0 }
  const nodes = [root]
  const bits = [...lengths].map((digit) => Number.parseInt(digit, 36))
  const symbols = bits.map((_, symbol) => symbol).sort((a, b) => (bits[a] ?? 0) - (bits[b] ?? 0) || a - b)
  let code = 0
  let length = bits[symbols[0] ?? 0] ?? 0
  for (const symbol of symbols) {
    const own = bits[symbol] ?? 0
    code *= 2 ** (own - length)
    length = own
    insert(root, nodes, code++, own, symbol)
  }
  return nodes
}

function insert(root: Node, nodes: Node[], code: number, length: number, symbol: number): void {
  let node = root
  for (let bit = length - 1; bit > 0; bit--) {
    const side = (code >>> bit) & 1
    let next = node.next[side] as Node | undefined
    if (!next) {
      next = { next: [], index: nodes.length }
      nodes.push(next)
      node.next[side] = next
    }
    node = next
  }
  node.next[code & 1] = symbol
}

const bad = -1

/** For each node and next four bits: the node after them, and in the upper half the symbol that they ended, plus one. */
function steps(nodes: readonly Node[]): Int32Array {
  const table = new Int32Array(nodes.length * 16)
  for (const start of nodes) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = start
      let ended = 0
      let isBad = false
      for (let bit = 3; bit >= 0 && !isBad; bit--) {
        const next = node.next[(nibble >>> bit) & 1]
        if (typeof next === 'object') node = next
        else if (next === undefined || next === endMark) isBad = true
        else {
          ended = next + 1
          node = nodes[0] as Node
        }
      }
      table[start.index * 16 + nibble] = isBad ? bad : (ended << 16) | node.index
    }
  }
  return table
}

/** Where a text may end: between symbols, or inside the end mark's ones, less than a byte of them. */
function ends(nodes: readonly Node[]): Set<number> {
  const found = new Set([0])
  let node = nodes[0] as Node
  for (let ones = 1; ones < 8; ones++) {
    node = node.next[1] as Node
    found.add(node.index)
  }
  return found
}

const nodes = tree()
const table = steps(nodes)
const mayEnd = ends(nodes)
/** No code is shorter than five bits. */
const growth = 8 / 5

/** The text of `bytes[from, to)`; undefined when it is not in the code. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  const out = Buffer.allocUnsafe(Math.ceil((to - from) * growth))
  let size = 0
  let state = 0
  for (let i = from * 2; i < to * 2; i++) {
    const byte = bytes[i >> 1] as number
    const step = table[state * 16 + ((i & 1) === 0 ? byte >>> 4 : byte & 15)] as number
    if (step === bad) return undefined
    if (step >>> 16 !== 0) out[size++] = (step >>> 16) - 1
    state = step & 0xffff
  }
  return mayEnd.has(state) ? out.toString('latin1', 0, size) : undefined
}
