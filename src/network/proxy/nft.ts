import { spawn } from 'node:child_process'

/** nft is not installed, or may not be used: there is no service network on this machine. */
export class NftMissing extends Error {
  constructor(cause: unknown) {
    super(
      `the service network needs nftables: install the program nft (Debian: apt-get install nftables) and run as root (${(cause as Error).message})`,
      { cause },
    )
    this.name = 'NftMissing'
  }
}

export class NftError extends Error {
  constructor(stderr: string) {
    super(`nft refused a transaction: ${stderr.trim().slice(0, 1000)}`)
    this.name = 'NftError'
  }
}

/** Applies `commands` as one transaction: all or nothing. */
export function applyNft(commands: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const nft = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] })
    let stderr = ''
    nft.stderr.on('data', (piece: Buffer) => {
      if (stderr.length < 10_000) stderr += piece.toString()
    })
    nft.on('error', (error) => reject(new NftMissing(error)))
    nft.on('close', (code) => {
      if (code === 0) resolve()
      else if (/Operation not permitted/.test(stderr)) reject(new NftMissing(new Error(stderr.trim())))
      else reject(new NftError(stderr))
    })
    nft.stdin.on('error', () => {})
    nft.stdin.end(commands)
  })
}
