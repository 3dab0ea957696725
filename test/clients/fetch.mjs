// Reads ten rows, waits for a line of its input, and tells what the next ten meet.
import { once } from 'node:events';
import pg from 'pg';
import Cursor from 'pg-cursor';

const client = new pg.Client();
await client.connect();
await client.query('BEGIN');
const cursor = client.query(new Cursor('SELECT id FROM orders'));
console.log((await cursor.read(10)).length);
await once(process.stdin, 'data');
try {
    console.log((await cursor.read(10)).length);
} catch (error) {
    console.log(error.code, error.message);
}
process.exit();
