#!/usr/bin/env node
// Makes the images that Slipway, its demo and its tests use, without any registry. Makes only what is missing.
import Docker from 'dockerode'
import { makeImages } from '../src/nodes/local-images/make.ts'

const made = await makeImages(new Docker())
console.log(made.length > 0 ? `made ${made.join(', ')}` : 'the local images are there')
