// A small chat server over Socket.IO: customers wait in one queue, each agent takes so many chats at
// a time, and who is least busy gets the next. PORT says where it listens, on loopback only.
//
//   in   hello{role,max} -> {ok,id}   open{} -> {pos}   say{chat,text} -> {id,ts}
//        typing{chat}   close{chat}
//   out  queued{pos}   assigned{chat,agent|customer,ts}   message{chat,text,id,from,ts}
//        typing{chat}   closed{chat,by}
//
// Who asks for what cannot be is acknowledged {error}.
'use strict';

const http = require('http');
const { Server } = require('socket.io');

const agents = new Set();
const waiting = [];
const chats = new Map();
let assigned = 0;
let said = 0;

/** Of those with a slot free who is least busy; of equals, who has gone longest without a chat. */
function nextAgent() {
  let best = null;
  for (const agent of agents) {
    const busy = agent.chats.size;
    if (busy >= agent.max) continue;
    const bestBusy = best ? best.chats.size : Infinity;
    if (busy < bestBusy || (busy === bestBusy && agent.last < best.last)) best = agent;
  }
  return best;
}

/** Gives those who wait to agents, and tells who is left where they stand if that has changed. */
function route() {
  for (let agent; waiting.length > 0 && (agent = nextAgent());) assign(waiting.shift(), agent);
  waiting.forEach((customer, index) => {
    if (customer.pos === index + 1) return;
    customer.pos = index + 1;
    customer.socket.emit('queued', { pos: customer.pos });
  });
}

function assign(customer, agent) {
  // One who was never given a chat has `last` 0 and so comes before all who were.
  agent.last = ++assigned;
  const chat = `c${assigned}`;
  const ts = Date.now();
  chats.set(chat, { customer, agent });
  customer.chats.add(chat);
  agent.chats.add(chat);
  customer.socket.emit('assigned', { chat, agent: agent.socket.id, ts });
  agent.socket.emit('assigned', { chat, customer: customer.socket.id, ts });
}

/** Ends a chat and frees its slot. A side that has gone hears nothing of it. */
function end(chat, by) {
  const { customer, agent } = chats.get(chat);
  chats.delete(chat);
  for (const side of [customer, agent]) {
    side.chats.delete(chat);
    side.socket.emit('closed', { chat, by: by.role });
  }
}

function leaveQueue(customer) {
  const place = waiting.indexOf(customer);
  if (place >= 0) waiting.splice(place, 1);
}

/** The other side of somebody's chat; none if it is not theirs. */
function other(person, chat) {
  if (!person.chats.has(chat)) return null;
  const { customer, agent } = chats.get(chat);
  return person === customer ? agent : customer;
}

function attend(socket) {
  const person = { socket, role: null, max: 0, chats: new Set(), last: 0, pos: 0 };
  // A client may leave out what an event carries, and need not ask for an acknowledgement.
  const on = (event, act) => socket.on(event, (...args) => {
    const ack = typeof args.at(-1) === 'function' ? args.pop() : () => {};
    act(args[0] ?? {}, ack);
    route();
  });

  // Said again it changes an agent's limit; with 0 the agent takes no more.
  on('hello', ({ role, max }, ack) => {
    const known = role === 'customer' || (role === 'agent' && Number.isInteger(max) && max >= 0);
    if (!known || (person.role && person.role !== role)) return ack({ ok: false, error: 'no role' });
    person.role = role;
    if (role === 'agent') agents.add(Object.assign(person, { max }));
    ack({ ok: true, id: socket.id });
  });
  on('open', (_, ack) => {
    const free = person.role === 'customer' && person.chats.size === 0;
    if (!free || waiting.includes(person)) return ack({ error: 'not now' });
    // Whoever still waits when chats are given out hears so.
    person.pos = 0;
    ack({ pos: waiting.push(person) });
  });
  on('say', ({ chat, text }, ack) => {
    const hearer = other(person, chat);
    if (!hearer) return ack({ error: 'no such chat' });
    const [id, ts] = [++said, Date.now()];
    hearer.socket.emit('message', { chat, text, id, from: person.role, ts });
    ack({ id, ts });
  });
  on('typing', ({ chat }) => other(person, chat)?.socket.emit('typing', { chat }));
  // Whoever still waits has no chat to name, and leaves the queue.
  on('close', ({ chat }) => (person.chats.has(chat) ? end(chat, person) : leaveQueue(person)));
  on('disconnect', () => {
    agents.delete(person);
    leaveQueue(person);
    for (const chat of person.chats) end(chat, person);
  });
}

const web = http.createServer();
const io = new Server(web, {
  // Compressing what is as short as this takes longer than sending it.
  perMessageDeflate: false,
  maxHttpBufferSize: 100_000,
  serveClient: false,
});
io.on('connection', attend);
// A load comes in at once: the usual backlog of 511 would turn part of it away.
web.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => console.log('listening'));
