// `slipway chart completion SHELL`: as `slipway completion SHELL`, where Helm's users look for it.
import { printScript } from '../completion/scripts.ts'

export async function run(argv: string[]): Promise<number> {
  return printScript(argv[0])
}
