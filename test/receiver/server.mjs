// An approval webhook's other end, as a stranger would write it: HTTPS, and signatures checked with the reference library.
//
//   node server.mjs --certificates DIRECTORY --log FILE --secret whsec_... [--secret whsec_...] [--port PORT]
//
// Prints its ports as one line of JSON and runs until its standard input ends:
//   https, wrong_host, wrong_ca   the same server under three certificates (see certificates)
//   silent                        takes connections and never says a word
// The path says how it behaves (see `behaviours`). A delivery whose signature fits none of the secrets gets a 401. Each one is
// logged as one line of JSON before it is answered: path, id, timestamp, at (ms), verified, http_version, headers, body (raw text).
import { appendFileSync, readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Webhook } from 'standardwebhooks'

const { values: options } = parseArgs({
  options: {
    certificates: { type: 'string' },
    log: { type: 'string' },
    secret: { type: 'string', multiple: true },
    port: { type: 'string', default: '0' }, // of https
  },
})
const webhooks = options.secret.map((secret) => new Webhook(secret))

// --- answers ---

const json = (response, body, headers = {}) => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

const approval = (id, query) => {
  const number = (name) => (query.has(name) ? Number(query.get(name)) : undefined)
  return {
    decision: true,
    context: {
      request_id: id,
      status: 'approved',
      grant: { ttl_s: number('ttl_s') ?? 900, max_uses: number('max_uses'), max_rows: number('max_rows') },
      approver: { id: query.get('approver') ?? 'bob@example.com' },
      reason: query.get('reason') ?? 'as agreed',
    },
  }
}
const denial = (id) => ({ decision: false, context: { request_id: id, status: 'denied', reason: 'not today' } })
const pending = (id) => ({ decision: false, context: { request_id: id, status: 'pending', poll_after_s: 1 } })

const asked = new Map() // webhook-id -> how often

// By the first part of the path; the second, when there is one, is given as `argument`.
const behaviours = {
  approve: ({ id, response, query }) => json(response, approval(id, query)),
  deny: ({ id, response }) => json(response, denial(id)),
  pending: ({ id, response }) => json(response, pending(id)),
  // /pending-then-approve/2: pending twice, then approved.
  'pending-then-approve': ({ id, response, query, argument }) => {
    asked.set(id, (asked.get(id) ?? 0) + 1)
    json(response, asked.get(id) > Number(argument) ? approval(id, query) : pending(id))
  },
  // A decision point that knows AuthZEN and nothing of this product.
  'bare-approve': ({ id, response }) => json(response, { decision: true }, { 'x-request-id': id }),
  'bare-deny': ({ id, response }) => json(response, { decision: false }, { 'x-request-id': id }),
  // /fails/2/503: fails with that status so often, then approves. With ?retry_after=1 it asks not to be called before.
  fails: ({ id, response, query, argument, more }) => {
    asked.set(id, (asked.get(id) ?? 0) + 1)
    if (asked.get(id) > Number(argument)) return json(response, approval(id, query))
    response.writeHead(Number(more), query.has('retry_after') ? { 'retry-after': query.get('retry_after') } : {})
    response.end()
  },
  status: ({ response, argument }) => {
    response.writeHead(Number(argument))
    response.end()
  },

  // What must not approve anything.
  'no-id': ({ response }) => json(response, { decision: true }),
  'wrong-id': ({ response, query }) => json(response, approval('req_00000000000000000000000000000000', query)),
  'no-decision': ({ id, response }) => json(response, { context: { request_id: id, status: 'approved' } }),
  'string-decision': ({ id, response }) => json(response, { decision: 'true', context: { request_id: id } }),
  contradiction: ({ id, response }) => json(response, { decision: true, context: { request_id: id, status: 'denied' } }),
  'duplicate-keys': ({ id, response }) => json(response, `{"decision":false,"decision":true,"context":{"request_id":"${id}"}}`),
  trailing: ({ id, response, query }) => json(response, JSON.stringify(approval(id, query)) + '{}'),
  deep: ({ id, response }) =>
    json(response, `{"decision":true,"context":{"request_id":"${id}"},"x":${'['.repeat(16)}${']'.repeat(16)}}`),
  garbage: ({ response }) => json(response, '<html><body>Sign in to continue</body></html>', { 'content-type': 'text/html' }),
  oversized: ({ id, response, query }) => json(response, JSON.stringify(approval(id, query)) + ' '.repeat(64 * 1024)),
  'oversized-headers': ({ id, response, query }) => {
    const headers = Object.fromEntries([...Array(17).keys()].map((n) => [`x-filler-${n}`, 'x'.repeat(1000)]))
    json(response, approval(id, query), headers)
  },
  redirect: ({ response }) => {
    response.writeHead(307, { location: '/approve' })
    response.end()
  },
  hang: () => {},
  // /hang-then-approve/1: hangs once, then approves.
  'hang-then-approve': ({ id, response, query, argument }) => {
    asked.set(id, (asked.get(id) ?? 0) + 1)
    if (asked.get(id) > Number(argument)) json(response, approval(id, query))
  },
  'hang-body': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"decision":tr')
  },
  drip: ({ id, response, query }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const bytes = [...JSON.stringify(approval(id, query))]
    const timer = setInterval(() => (bytes.length ? response.write(bytes.shift()) : response.end()), 100)
    response.on('close', () => clearInterval(timer))
  },
  // Hangs up without a word.
  close: ({ request }) => (request.stream?.session ?? request.socket).destroy(),
}

// --- deliveries ---

const verified = (body, headers) =>
  webhooks.some((webhook) => {
    try {
      webhook.verify(body, headers)
      return true
    } catch {
      return false
    }
  })

async function receive(request, response) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString()
  const { pathname, searchParams } = new URL(request.url, 'https://localhost')
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(':')))
  const id = headers['webhook-id']
  const good = verified(body, headers)
  const delivery = { path: pathname, id, timestamp: headers['webhook-timestamp'], at: Date.now(), verified: good, http_version: request.httpVersion, headers, body }
  appendFileSync(options.log, JSON.stringify(delivery) + '\n')

  const [, name, argument, more] = pathname.split('/')
  const behaviour = request.method === 'POST' && Object.hasOwn(behaviours, name) ? behaviours[name] : undefined
  if (!good || !behaviour) {
    response.writeHead(good ? 404 : 401)
    response.end()
  } else {
    behaviour({ id, request, response, query: searchParams, argument, more })
  }
}

// --- ports ---

const listening = (server, port = 0) =>
  new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server.address().port))
  })

const https = (name, port) => {
  const file = (suffix) => readFileSync(join(options.certificates, name + suffix))
  const server = createSecureServer({ cert: file('.pem'), key: file('.key'), allowHTTP1: true })
  server.on('request', (request, response) => receive(request, response).catch(() => {})) // a client that hung up
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  return listening(server, port)
}

const ports = {
  https: await https('server', Number(options.port)),
  wrong_host: await https('wrong-host'),
  wrong_ca: await https('wrong-ca'),
  silent: await listening(createServer((connection) => connection.on('error', () => {}))),
}
console.log(JSON.stringify(ports))
process.stdin.on('end', () => process.exit()).resume()
