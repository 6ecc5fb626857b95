import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { type Recipe, recipes } from './recipes.ts'
import { tar } from './tar.ts'

const editionLabel = 'io.slipway.edition'

async function editionOf(docker: Docker, tag: string): Promise<string | undefined> {
  try {
    const image = await docker.getImage(tag).inspect()
    return image.Config?.Labels?.[editionLabel] ?? ''
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined
    throw error
  }
}

/** Splits `repository:tag`; a colon before the last slash is a registry's port. */
export function splitTag(name: string): { repo: string; tag: string } {
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/')
    ? { repo: name.slice(0, colon), tag: name.slice(colon + 1) }
    : { repo: name, tag: 'latest' }
}

async function make(docker: Docker, recipe: Recipe): Promise<readonly string[]> {
  const [first = '', ...others] = recipe.tags
  const found = await editionOf(docker, first)
  // An image of somebody else by this name (found, but without our label) is left alone.
  const made = found === undefined || (found !== '' && found !== String(recipe.edition))
  if (made) {
    const changes = [...recipe.config, `LABEL ${editionLabel}=${recipe.edition}`]
    const answer = await docker.importImage(Readable.from([tar(await recipe.entries())]), { ...splitTag(first), changes })
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(answer, (error: Error | null) => (error ? reject(error) : resolve()))
    })
  }
  for (const tag of others)
    if (made || (await editionOf(docker, tag)) === undefined) await docker.getImage(first).tag(splitTag(tag))
  return made ? recipe.tags : []
}

/** Makes the local images that are missing or of an older edition. Answers the tags that were made. */
export async function makeImages(docker: Docker): Promise<string[]> {
  const made: string[] = []
  for (const recipe of recipes) made.push(...(await make(docker, recipe)))
  return made
}
