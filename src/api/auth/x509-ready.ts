// What @peculiar/x509's injector needs loaded before it: import this file first.
import 'reflect-metadata'
