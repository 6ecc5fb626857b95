// The program of every sandbox: waits for SIGTERM or SIGINT and reaps orphaned processes; 224 bytes for x86-64.
// Made from: block {INT, TERM, CHLD}; loop: sigtimedwait; CHLD → wait4(WNOHANG) until none; else exit_group(0).
const code =
  'b80e00000031ff488d355200000031d241ba080000000f05b880000000488d3d3c00000031f631d241ba080000000f0583f811740d85c078df' +
  'b8e700000031ff0f05b83d0000004883cfff31f6ba010000004531d20f0585c07fe7ebbb0f1f000240010000000000'

const loadAddress = 0x400000n
const headerSize = 64
const programHeaderSize = 56

/** A static ELF executable for x86-64 Linux. */
export function pauseElf(): Buffer {
  const text = Buffer.from(code, 'hex')
  const start = headerSize + programHeaderSize
  const elf = Buffer.alloc(start + text.length)
  elf.write('7f454c46020101', 0, 'hex')
  elf.writeUInt16LE(2, 16) // executable
  elf.writeUInt16LE(62, 18) // x86-64
  elf.writeUInt32LE(1, 20)
  elf.writeBigUInt64LE(loadAddress + BigInt(start), 24)
  elf.writeBigUInt64LE(BigInt(headerSize), 32)
  elf.writeUInt16LE(headerSize, 52)
  elf.writeUInt16LE(programHeaderSize, 54)
  elf.writeUInt16LE(1, 56)
  elf.writeUInt16LE(64, 58)
  const program = elf.subarray(headerSize)
  program.writeUInt32LE(1, 0) // load
  program.writeUInt32LE(5, 4) // read, execute
  program.writeBigUInt64LE(loadAddress, 16)
  program.writeBigUInt64LE(loadAddress, 24)
  program.writeBigUInt64LE(BigInt(elf.length), 32)
  program.writeBigUInt64LE(BigInt(elf.length), 40)
  program.writeBigUInt64LE(0x1000n, 48)
  text.copy(elf, start)
  return elf
}
