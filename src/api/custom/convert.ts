import type { KubeObject } from '../../apimachinery/object.ts'
import { internalError } from '../../apimachinery/status.ts'
import type { CustomResourceDefinition } from '../../crd/definition/definition.ts'

/** An object of a custom kind in another version. Strategy None: only the version's name changes. */
export function convertCustom(definition: CustomResourceDefinition, object: KubeObject, apiVersion: string): KubeObject {
  if (object.apiVersion === apiVersion) return object
  if (definition.spec.conversion?.strategy !== 'Webhook') return { ...object, apiVersion }
  throw internalError(
    `conversion webhook for ${object.apiVersion}, Kind=${object.kind} failed: conversion webhooks are not called yet`,
  )
}
