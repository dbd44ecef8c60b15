/**
 * `node:http` without what importing it costs. A module that is imported by name has all its exports read, and two of this
 * one's are a WebSocket client: that loads a second HTTP implementation, about 12 MB of every process.
 *
 * @module
 */

const http = process.getBuiltinModule("node:http");

export const HttpAgent = http.Agent;
export const createHttpServer: typeof http.createServer = http.createServer;
export const requestHttp: typeof http.request = http.request;
