// Where in the templates a line comes from that is no YAML.
import { ExecError, LimitError } from '../gotemplate/run.ts'
import { type RenderInput, traceTemplate } from './engine.ts'
import type { ManifestYamlError } from './manifests.ts'
import { TemplateFailure } from './render-error.ts'
import { yamlReason } from './yaml-reasons.ts'

/** The line of the template that wrote the line which is no YAML, and what such a line mostly lacks. */
export function origin(e: ManifestYamlError, input: RenderInput): string | undefined {
  try {
    const traced = traceTemplate(input, e.path)
    if (!traced) return undefined
    const lines = traced.out.slice(e.offset).split('\n')
    const before = lines.slice(0, e.line - 1).join('\n').length + (e.line > 1 ? 1 : 0)
    const at = e.offset + before
    const part = traced.trace.findLast((t) => t.offset <= at)
    if (!part) return undefined
    const skipped = traced.out.slice(part.offset, at).split('\n').length - 1
    const isAction = part.text.slice(0, part.pos).lastIndexOf('{{') > part.text.slice(0, part.pos).lastIndexOf('}}')
    // The lines that an action writes are all made by its own.
    const line = part.text.slice(0, part.pos).split('\n').length + (isAction ? 0 : skipped)
    const written = lines[e.line - 1] ?? ''
    const reason = yamlReason(traced.out, traced.trace, at, written)
    const where = `line ${e.line} of the document, ${JSON.stringify(written)}, comes from ${part.file}:${line}`
    return reason === undefined ? where : `${where}; ${reason}`
  } catch (problem) {
    if (problem instanceof LimitError || problem instanceof TemplateFailure || problem instanceof ExecError) return undefined
    throw problem
  }
}
