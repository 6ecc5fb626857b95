/** Resolves as soon as `holds` does, looking again after every turn of the event loop; throws after `ms`. */
export async function eventually(holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`did not hold within ${ms} ms: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
