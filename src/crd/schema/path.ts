/** Paths as Kubernetes writes them: `spec.list[0].map[key].field`; '' is the object itself. */
export const child = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
export const atIndex = (path: string, index: number): string => `${path}[${index}]`
export const atKey = (path: string, key: string): string => `${path}[${key}]`

/** How Go prints the path of the object itself. */
export const orNil = (path: string): string => (path === '' ? '<nil>' : path)
